package pages

import (
	"slices"
	"strconv"
)

// plotHeight is the height of a plot in its own units; the width is one unit for each step. The browser stretches both, so all
// text stands beside the drawing and not in it.
const plotHeight = 100

// plot is a drawing of stacked bars.
type plot struct {
	Title         string
	Series        []series
	Bars          []bar
	Ticks         []string // texts under the drawing, evenly apart
	Top           string   // what its upper edge means
	Width, Height int
}

// series is one colour of a plot.
type series struct {
	Class, Name string
	Total       int
	Unit        string // of Total, where it is no number of calls
}

// bar is one rectangle, as attributes of SVG.
type bar struct{ Class, X, Y, W, H, Title string }

// ticks is how many texts stand under a plot.
const ticks = 4

// draw stacks values[series][step], the first series at the bottom. label names a step.
func draw(title string, all []series, values [][]int, label func(step int) string) plot {
	return drawTo(title, all, values, label, 0)
}

// drawTo is draw with an upper edge of its own; 0: the next round number above the highest bar.
func drawTo(title string, all []series, values [][]int, label func(step int) string, top int) plot {
	steps := len(values[0])
	sums := make([]int, steps)
	for i, v := range values {
		for step, n := range v {
			sums[step] += n
			all[i].Total += n //nolint:gosec // values has as many series as all
		}
	}
	if top == 0 {
		top = roundUp(max(1, slices.Max(sums)))
	}
	p := plot{Title: title, Top: strconv.Itoa(top), Width: steps, Height: plotHeight}
	for step := range steps {
		below := 0
		for i := range all {
			n := values[i][step]
			if n == 0 {
				continue
			}
			below += n
			p.Bars = append(p.Bars, bar{
				Class: all[i].Class, X: decimal(float64(step) + 0.1), Y: decimal(plotHeight - float64(below)*plotHeight/float64(top)), W: "0.8",
				H: decimal(float64(n) * plotHeight / float64(top)), Title: label(step) + " " + all[i].Name + ": " + strconv.Itoa(n),
			})
		}
	}
	for i := range all {
		if i == 0 || all[i].Total > 0 { // the legend names what is drawn
			p.Series = append(p.Series, all[i])
		}
	}
	for i := range ticks {
		p.Ticks = append(p.Ticks, label(i*(steps-1)/(ticks-1)))
	}
	return p
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// roundUp is the next of 1, 2, 5, 10, 20, 50, ...
func roundUp(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, step := range []int{1, 2, 5} {
			if n <= step*unit {
				return step * unit
			}
		}
	}
}
