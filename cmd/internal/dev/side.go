package dev

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/pages"
	"github.com/ordersync/ordersync/douyin/simulator"
)

//go:embed side.html
var sideHTML string

var sidePage = template.Must(template.New("side").Parse(sideHTML))

// shownOrders is how many orders and refunds the page has, the newest first; a search finds the others.
const shownOrders = 50

// sideOrder is an order as Douyin has it.
type sideOrder struct {
	Number   string // the shop's
	System   string // ecpay or trade; empty: no payment of it is known
	Pay      simulator.Status
	Held     string // what the order centre was told; empty: nothing
	Amount   int64  // fen
	Refunded int64
	Settled  int64
	Refusals int // pushes of it that the order centre refused
	at       time.Time
}

// Payable, Trade and Paid say which buttons an order has.
func (o sideOrder) Payable() bool {
	return o.Pay == simulator.Processing || o.Pay == simulator.Pending
}
func (o sideOrder) Trade() bool { return o.System == "trade" }
func (o sideOrder) Paid() bool {
	return o.Trade() && o.Pay == simulator.Succeeded && o.Refunded < o.Amount
}

// side is what the page shows.
type side struct {
	words
	Said, Failed string // what the last button did
	Query        string
	Orders       []sideOrder
	More         int // orders that are not shown
	Refunds      []simulator.TradeRefund
	Sky          string // what is broken: one of weathers
	Held         bool
	Moved        []simulator.Movement
	Wrong        []simulator.Anomaly
	Other        string // address of this page in the other language
	Pages        string // address of the operators' pages
}

// Yuan is an amount as a person reads it.
func (side) Yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// Stamp is a time in this machine's zone, as the operators' pages have it.
func (side) Stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -07:00") }

// Waits tells whether the shop's word on a refund is awaited.
func (side) Waits(r simulator.TradeRefund) bool {
	return r.NeedsAudit && r.Status == simulator.Processing && (r.Audit == simulator.AuditInit || r.Audit == simulator.AuditAwaited)
}

// douyinSide is the simulator with the page before it. What a page of another site sends is refused.
func (d *deployment) douyinSide() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.showSide)
	mux.HandleFunc("POST /do", d.pressButton)
	mux.Handle("/", d.douyin)
	return d.underOwnName(http.NewCrossOriginProtection().Handler(mux))
}

func (d *deployment) showSide(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s := side{
		words: words{pages.WantsChinese(w, r)}, Query: strings.TrimSpace(q.Get("q")), Sky: d.weather(), Held: d.held.Load(), Pages: d.pagesFor(r),
	}
	s.Said, s.Failed = s.did(q.Get("said")), s.did(q.Get("failed"))
	if why := q.Get("why"); why != "" {
		s.Failed += ": " + s.why(why)
	}
	s.Other = "/?" + url.Values{"lang": {map[bool]string{true: "en", false: "zh"}[s.chinese]}, "q": {s.Query}}.Encode()
	d.fill(&s)
	var page bytes.Buffer
	if err := sidePage.Execute(&page, &s); err != nil {
		d.Log.Error().Err(err).Msg("dev: the page of Douyin's side")
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = page.WriteTo(w) // an error here: the browser is gone
}

// pagesFor is the address of the operators' pages for whoever reads this page under his own name of
// this machine.
func (d *deployment) pagesFor(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	_, port, errPort := net.SplitHostPort(d.at.pages)
	if err != nil || errPort != nil {
		return "http://" + d.at.pages
	}
	return "http://" + net.JoinHostPort(host, port)
}

// fill reads Douyin's ledgers.
func (d *deployment) fill(s *side) {
	money, book := d.douyin.Money(), d.douyin.Trade()
	all := map[string]*sideOrder{}
	of := func(number string) *sideOrder {
		if all[number] == nil {
			all[number] = &sideOrder{Number: number}
		}
		return all[number]
	}
	for _, p := range money.Payments {
		*of(p.OutOrderNo) = sideOrder{
			Number: p.OutOrderNo, System: "ecpay", Pay: p.Status, Amount: p.Amount, Refunded: p.Refunded, Settled: p.Settled, at: p.CreatedAt,
		}
	}
	for _, o := range book.Orders {
		at := sideOrder{Number: o.OutOrderNo, System: "trade", Pay: o.PayStatus, Amount: o.Amount, at: o.CreatedAt}
		for _, i := range o.Items {
			at.Refunded, at.Settled = at.Refunded+i.Refunded, at.Settled+i.Settled
		}
		*of(o.OutOrderNo) = at
	}
	for _, o := range d.douyin.Ledger().Orders {
		at := of(o.OrderID)
		at.Held, at.Refusals = o.StatusText, o.Refused
		if o.Detail != nil && at.at.IsZero() {
			at.at, at.Amount = time.UnixMilli(o.Detail.CreateTime), o.Detail.TotalPrice
		}
	}
	for _, o := range all {
		if strings.Contains(o.Number, s.Query) {
			s.Orders = append(s.Orders, *o)
		}
	}
	slices.SortFunc(s.Orders, func(a, b sideOrder) int {
		if c := b.at.Compare(a.at); c != 0 {
			return c
		}
		return strings.Compare(b.Number, a.Number)
	})
	if more := len(s.Orders) - shownOrders; more > 0 {
		s.Orders, s.More = s.Orders[:shownOrders], more
	}
	s.Refunds = newest(book.Refunds, func(r simulator.TradeRefund) bool { return strings.Contains(r.OutOrderNo, s.Query) })
	s.Moved = slices.Concat(money.Movements, book.Movements)
	slices.SortStableFunc(s.Moved, func(a, b simulator.Movement) int { return a.At.Compare(b.At) })
	s.Moved = newest(s.Moved, func(m simulator.Movement) bool { return strings.Contains(m.OutOrderNo, s.Query) })
	s.Wrong = slices.Concat(money.Anomalies, book.Violations)
}

// newest are the last ones that match, newest first.
func newest[T any](all []T, match func(T) bool) []T {
	var out []T
	for _, one := range slices.Backward(all) {
		if len(out) < shownOrders && match(one) {
			out = append(out, one)
		}
	}
	return out
}
