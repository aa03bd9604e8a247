package metrics

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The dashboard cannot be opened where this runs, so it is held to what Grafana would show wrongly, or not at all, without a word.
// That its expressions parse is .ci/run's to see (promtool).

type dashboard struct {
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               datasource
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []target
	FieldConfig              struct {
		Defaults  struct{ Unit string }
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
}

type target struct {
	Datasource                datasource
	RefID, Expr, LegendFormat string
}

type datasource struct{ Type, UID string }

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "ordersync.dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDashboardAsksTheSourceThatItsReaderChose(t *testing.T) {
	d := readDashboard(t)
	if v := d.Templating.List; len(v) != 1 || v[0].Name != "datasource" || v[0].Type != "datasource" || v[0].Query != "prometheus" {
		t.Fatalf("variables %+v, want one that offers the Prometheus servers", v)
	}
	want := datasource{"prometheus", "${datasource}"}
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		if p.Datasource != want || p.Description == "" && p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q: source %+v, %d targets", p.ID, p.Title, p.Datasource, len(p.Targets))
		}
		for _, q := range p.Targets {
			if q.Datasource != want {
				t.Errorf("panel %q, query %s: source %+v", p.Title, q.RefID, q.Datasource)
			}
		}
	}
}

func TestNoPanelHidesAnother(t *testing.T) {
	ids, taken := map[int]string{}, map[[2]int]string{}
	for _, p := range readDashboard(t).Panels {
		if other, twice := ids[p.ID]; twice || p.ID <= 0 {
			t.Errorf("%q and %q have the id %d", p.Title, other, p.ID)
		}
		ids[p.ID] = p.Title
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W <= 0 || g.H <= 0 || g.X+g.W > 24 {
			t.Errorf("%q does not fit: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					t.Fatalf("%q lies upon %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if refs[q.RefID] || q.RefID == "" {
				t.Errorf("%q: two queries are called %q, and only one is asked", p.Title, q.RefID)
			}
			refs[q.RefID] = true
		}
	}
}

var (
	legendLabel = regexp.MustCompile(`\{\{ *([a-z_]+) *\}\}`)
	aggregated  = regexp.MustCompile(`\bby \(([^)]*)\)`)
	ofTime      = regexp.MustCompile(`_seconds(_bucket)?\b`)
	ofBytes     = regexp.MustCompile(`_bytes\b`)
	aggregates  = regexp.MustCompile(`\b(sum|max|min|avg|count|histogram_quantile)\b`)
	perSecond   = regexp.MustCompile(`\brate\(`)
)

// unit is what an expression counts in.
func unit(expr string) string {
	switch {
	case ofBytes.MatchString(expr) && strings.Contains(expr, "/"):
		return "percentunit"
	case ofBytes.MatchString(expr):
		return "bytes"
	case ofTime.MatchString(expr):
		return "s"
	case perSecond.MatchString(expr):
		return "ops"
	}
	return "short"
}

// A count on an axis of seconds reads as "3 s".
func TestEveryCurveHasItsOwnUnit(t *testing.T) {
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			shown := p.FieldConfig.Defaults.Unit
			for _, o := range p.FieldConfig.Overrides {
				if o.Matcher.ID != "byFrameRefID" || !slices.ContainsFunc(p.Targets, func(q target) bool { return q.RefID == o.Matcher.Options }) {
					t.Errorf("%q overrides %q, which no query is called", p.Title, o.Matcher.Options)
				}
				for _, property := range o.Properties {
					if text, ok := property.Value.(string); ok && property.ID == "unit" && o.Matcher.Options == q.RefID {
						shown = text
					}
				}
			}
			if want := unit(q.Expr); shown != want {
				t.Errorf("%q, curve %q: shown in %q, counted in %q: %s", p.Title, q.LegendFormat, shown, want, q.Expr)
			}
		}
	}
}

// A legend names a label that the aggregation has kept, else it is empty for every curve.
func TestLegendsNameLabelsThatAreThere(t *testing.T) {
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			var kept []string
			for _, by := range aggregated.FindAllStringSubmatch(q.Expr, -1) {
				kept = append(kept, regexp.MustCompile(` *, *`).Split(by[1], -1)...)
			}
			for _, l := range legendLabel.FindAllStringSubmatch(q.LegendFormat, -1) {
				if aggregates.MatchString(q.Expr) && !slices.Contains(kept, l[1]) {
					t.Errorf("%q: the legend names %s, which %s does not keep", p.Title, l[1], q.Expr)
				}
			}
			if q.LegendFormat == "" && p.Type != "stat" {
				t.Errorf("%q: a curve without a name: %s", p.Title, q.Expr)
			}
		}
	}
}
