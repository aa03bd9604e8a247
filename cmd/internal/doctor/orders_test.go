package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/preview"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

type newest []preview.Preview

func (n newest) Newest(context.Context, int) ([]preview.Preview, bool, error) {
	if n == nil {
		return nil, false, errors.New("down")
	}
	return n, true, nil
}

func TestOrdersThatCouldNotBeSentAreNamed(t *testing.T) {
	t.Parallel()
	good := preview.Preview{ID: "1", Status: "1"}
	bad := preview.Preview{ID: "2", Status: "2", Refused: cell.EmptyPicture.At("product", "cover_img", "8", "")}
	aside := preview.Preview{ID: "3", Status: "9", Ignored: "its status has no word"}
	odd := preview.Preview{ID: "4", Status: "4", Warnings: []string{"price is that of one piece"}}
	got := Previews(t.Context(), newest{good, bad, aside, odd})
	for i, want := range []string{
		"ok    orders: the newest of each status (4): 2 would be sent, 1 could not, 1 are not Douyin's business",
		`warn  orders: order 2 could not be sent: product.cover_img of row "8": is empty, and Douyin needs an image: write a picture's address`,
		"warn  orders: order 4: price is that of one piece",
	} {
		if i >= len(got) || !strings.HasPrefix(got[i].String(), want) {
			t.Errorf("%v, want %q", got, want)
		}
	}
	if got := Previews(t.Context(), newest{bad, aside}); len(got) != 2 || got[0].Level != Failure {
		t.Errorf("none could be sent: %v", got)
	}
	if got := Previews(t.Context(), newest{}); len(got) != 1 || got[0].Level != OK {
		t.Errorf("an empty shop: %v", got)
	}
	if got := Previews(t.Context(), newest(nil)); len(got) != 1 || got[0].Level != Warning {
		t.Errorf("a database that is down: %v", got)
	}
}

type counts store.StatusCounts

func (c counts) UnwordedStatuses(context.Context, []string, time.Time, int) (store.StatusCounts, error) {
	return store.StatusCounts(c), nil
}

// The bug: 13,760 orders would never be pushed, and doctor found nothing.
func TestAMapWithoutThePaidValueIsAFailure(t *testing.T) {
	t.Parallel()
	type m = map[string]int64
	for name, tt := range map[string]struct {
		words map[string]string
		c     counts
		want  []string
	}{
		"all have words":     {map[string]string{"1": "paid"}, counts{Worded: m{"1": 5}, Read: 5, Whole: true}, []string{"ok    status: every value of the orders has a word"}},
		"no status":          {nil, counts{}, []string{"ok    status: the shop has none"}},
		"no paid":            {map[string]string{"0": "unpaid"}, counts{Unworded: m{"1": 13760}, Worded: m{"0": 50}, Read: 13810, Whole: true}, []string{"FAIL  status: no value of shop.status that the shop uses means paid: 13760 orders would never be pushed", `warn  status: "1" has no word in shop.status: 13760 orders`}},
		"another is paid":    {map[string]string{"1": "paid"}, counts{Unworded: m{"2": 19000, "0": 1000}, Read: 20000}, []string{"FAIL  status: no value", `warn  status: "2" has no word in shop.status: 19000 orders among the newest 20000 are never pushed`, `warn  status: "0" has no word in shop.status: 1000 orders`}},
		"some have none":     {map[string]string{"1": "paid"}, counts{Worded: m{"1": 5}, Unworded: m{"7": 50, "": 2}, Read: 57, Whole: true}, []string{`warn  status: "7" has no word in shop.status: 50 orders`, "warn  status: NULL or an empty text has no word"}},
		"a shop that is new": {map[string]string{"1": "paid"}, counts{Unworded: m{"0": 3}, Read: 3, Whole: true}, []string{`warn  status: "0" has no word`}},
	} {
		got := Statuses(t.Context(), tt.c, tt.words)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %d lines", name, got, len(tt.want))
			continue
		}
		for i, want := range tt.want {
			if !strings.HasPrefix(got[i].String(), want) {
				t.Errorf("%s: %q, want %q", name, got[i], want)
			}
		}
	}
}
