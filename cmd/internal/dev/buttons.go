package dev

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ordersync/ordersync/douyin/simulator"
)

// calmly are the few faults of every day: ordersync meets them, and nobody has to do anything.
var calmly = simulator.Plan{Faults: []simulator.Fault{
	{Kind: simulator.Latency, Probability: 0.1, DelayMS: 30},
	{Kind: simulator.ServerError, Probability: 0.02},
	{Kind: simulator.CutAfter, Probability: 0.01},
	{Kind: simulator.Duplicate, Probability: 0.05},
}}

// weathers are what can be broken at Douyin, by the button's name.
var weathers = map[string]simulator.Plan{
	"calm":  calmly,
	"off":   {Profile: "off"},
	"5xx":   {Faults: []simulator.Fault{{Kind: simulator.ServerError}}},
	"cut":   {Faults: []simulator.Fault{{Kind: simulator.CutAfter, Probability: 0.5}, {Kind: simulator.CutBefore, Probability: 0.5}}},
	"slow":  {Faults: []simulator.Fault{{Kind: simulator.Latency, DelayMS: 1500}}},
	"storm": {Profile: "storm"},
	// The next refund is accepted, and fails in the end.
	"deny_next": {Faults: append([]simulator.Fault{
		{Op: "refund.result", Kind: simulator.Fail, Count: 1}, {Op: "trade.refund_result", Kind: simulator.Fail, Count: 1},
	}, calmly.Faults...)},
}

func (d *deployment) calm() { d.setWeather("calm") }

func (d *deployment) setWeather(name string) {
	if err := d.douyin.SetFaults(weathers[name]); err != nil {
		panic(err) // the plans are constants
	}
	d.sky.Store(name)
}

// weather is the name of what is broken.
func (d *deployment) weather() string {
	name, _ := d.sky.Load().(string)
	return name
}

// action is what a button does to the order or refund that its form names.
type action func(ctx context.Context, d *deployment, number string) error

// actions are the buttons of orders and refunds.
var actions = map[string]action{
	"pay": func(_ context.Context, d *deployment, number string) error {
		if d.inTrade(number) {
			return d.douyin.PayTrade(number, 0, 0)
		}
		return d.douyin.Pay(number)
	},
	"cancel": func(_ context.Context, d *deployment, number string) error { return d.douyin.CancelTrade(number) },
	"ask":    func(_ context.Context, d *deployment, number string) error { return d.askRefund(number, false) },
	"ask_audit": func(_ context.Context, d *deployment, number string) error {
		return d.askRefund(number, true)
	},
	"settle": func(_ context.Context, d *deployment, number string) error { return d.douyin.SettleTrade(number) },
	"agree":  func(ctx context.Context, d *deployment, number string) error { return d.audit(ctx, number, true) },
	"deny":   func(ctx context.Context, d *deployment, number string) error { return d.audit(ctx, number, false) },
	"ask_again": func(_ context.Context, d *deployment, number string) error {
		return d.douyin.AskAgain(number)
	},
	"revoke": func(_ context.Context, d *deployment, _ string) error {
		d.douyin.Revoke()
		return nil
	},
	"hold": func(_ context.Context, d *deployment, _ string) error {
		d.held.Store(true)
		return nil
	},
	"release": func(_ context.Context, d *deployment, _ string) error {
		d.held.Store(false)
		return nil
	},
}

func (d *deployment) askRefund(number string, audit bool) error {
	_, err := d.douyin.AskRefund(simulator.AskedRefund{Order: number, Audit: audit, Reasons: []string{"不想要了"}})
	return err
}

func (d *deployment) inTrade(number string) bool {
	for _, o := range d.douyin.Trade().Orders {
		if o.OutOrderNo == number {
			return true
		}
	}
	return false
}

// pressButton does what a button says and leads back to the page, which tells what came of it.
func (d *deployment) pressButton(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	name, number := r.PostFormValue("act"), r.PostFormValue("number")
	do, known := actions[name]
	if _, isWeather := weathers[name]; isWeather {
		known, do = true, func(context.Context, *deployment, string) error {
			d.setWeather(name)
			if name == "calm" || name == "off" {
				d.held.Store(false)
			}
			return nil
		}
	}
	if !known {
		http.Error(w, fmt.Sprintf("act: %q is no button", name), http.StatusBadRequest)
		return
	}
	back := url.Values{}
	if err := do(r.Context(), d, number); err != nil {
		back.Set("failed", name+" "+number)
		back.Set("why", err.Error())
	} else {
		back.Set("said", name+" "+number)
	}
	http.Redirect(w, r, "/?"+back.Encode(), http.StatusSeeOther)
}
