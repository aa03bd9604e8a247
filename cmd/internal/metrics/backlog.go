package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ordersync/ordersync/store"
)

var (
	unsynced       = describe("orders_unsynced", "Orders whose time to be asked for again is over, counted up to 100000.")
	unsyncedOldest = describe("orders_unsynced_oldest_seconds", "For how long the oldest of them has been due; 0: none is.")
	failed         = describe("orders_failed", "Orders that stand refused or given up, of the 10000 that failed last.", "outcome")
	moneyOpen      = describe("money_open", "Refunds and settlements that have not ended, by state, counted up to 10000.", "money", "state")
	moneyOldest    = describe("money_open_oldest_seconds", "How long ago the oldest of them was made, a settlement: its time had come; 0: there is none.", "money", "state")
	moneyHeld      = describe("money_held", "Refunds and settlements that wait because Douyin refuses the app's configuration (salt, app id, provider, merchant).", "money")
	alarms         = describe("alarms", "Refunds, settlements, payments, callbacks and rows put aside from the outbox that a person has to look at: alarms that nobody has acknowledged.", "table", "alarm")
	outboxRows     = describe("outbox_rows", "Rows of ordersync_outbox that were not handed over yet, counted up to 10000.")
	outboxOldest   = describe("outbox_oldest_seconds", "How long the oldest of them has been waiting; 0: none waits.")
	outboxBad      = describe("outbox_bad_rows", "Rows that can never be handed over, kept for a person.")
	forwards       = describe("forwards_waiting", "Callbacks that the shop's own handler has not taken yet.")
	forwardsOldest = describe("forwards_oldest_seconds", "How long the oldest of them has been waiting; 0: none waits.")
	logRows        = describe("log_rows", "Rows of ordersync_log, by its first and last number.")
	logOldest      = describe("log_oldest_seconds", "Age of its oldest row.")
)

func backlogDescs() []*prometheus.Desc {
	return []*prometheus.Desc{
		unsynced, unsyncedOldest, failed, moneyOpen, moneyOldest, moneyHeld, auditsWaiting, auditsDeadline, alarms, outboxRows, outboxOldest, outboxBad, forwards, forwardsOldest, logRows, logOldest,
	}
}

// alarmTables are the tables with the alarms that each can raise.
var alarmTables = map[string][]string{
	"refund":      append(moneyAlarms(), store.AlarmUnknownOrder, store.AlarmAuditDue),
	"settlement":  append(moneyAlarms(), store.AlarmAutoSettle),
	"payment":     {store.AlarmAmount, store.AlarmContradiction, store.AlarmUnknownOrder, store.AlarmUnsettled},
	"outbox_bad":  {store.AlarmPutAside},
	"payment_ask": {store.AlarmUnanswered},
	"callback":    {store.AlarmForeignApp, store.AlarmUnknownType, store.AlarmNotUnderstood, store.AlarmUndelivered},
}

// moneyAlarms are those of every instruction.
func moneyAlarms() []string {
	return []string{
		store.AlarmOverdue, store.AlarmAmount, store.AlarmContradiction, store.AlarmUnreadable, store.AlarmUnknownCode, store.AlarmUnknownState, store.AlarmUnsendable,
	}
}

// readBacklog reads the database, or sends what it read a few seconds ago.
func (s *shared) readBacklog(ctx context.Context, out chan<- prometheus.Metric) error {
	now := s.Now()
	if s.at.IsZero() || now.Sub(s.at) >= countsFor {
		counts, err := s.Store.Counts(ctx, now)
		if err != nil {
			return err
		}
		s.counts, s.at = counts, now
	}
	c := s.counts
	out <- gauge(unsynced, float64(c.Unsynced.Due))
	out <- gauge(unsyncedOldest, age(now, c.Unsynced.Oldest))
	for _, outcome := range []store.Outcome{store.Refused, store.GaveUp} {
		out <- gauge(failed, float64(c.Failed[outcome]), string(outcome))
	}
	sendMoney(out, now, c)
	sendAudits(out, now, c)
	backlog(out, now, c.Outbox, outboxRows, outboxOldest)
	out <- gauge(outboxBad, float64(c.OutboxBad))
	backlog(out, now, c.Forwards, forwards, forwardsOldest)
	out <- gauge(logRows, float64(c.LogRows))
	out <- gauge(logOldest, age(now, c.LogOldest))
	return nil
}

func backlog(out chan<- prometheus.Metric, now time.Time, b store.Backlog, count, oldest *prometheus.Desc) {
	out <- gauge(count, float64(b.Count))
	out <- gauge(oldest, age(now, b.Oldest))
}

func sendMoney(out chan<- prometheus.Metric, now time.Time, c store.Counts) {
	open := map[store.OpenMoney]store.Backlog{}
	for _, o := range c.Open {
		open[store.OpenMoney{Money: o.Money, State: o.State}] = o.Backlog
	}
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		for _, state := range store.OpenMoneyStates() {
			b := open[store.OpenMoney{Money: m, State: state}]
			out <- gauge(moneyOpen, float64(b.Count), string(m), string(state))
			out <- gauge(moneyOldest, age(now, b.Oldest), string(m), string(state))
		}
	}
	held := map[store.Money]int64{}
	for _, h := range c.Held {
		held[h.Money] += h.Count
	}
	for _, m := range []store.Money{store.Refund, store.Settlement} {
		out <- gauge(moneyHeld, float64(held[m]), string(m))
	}
	raised := map[store.AlarmCount]int64{}
	for _, a := range c.Alarms {
		raised[store.AlarmCount{Table: a.Table, Alarm: a.Alarm}] = a.Count
	}
	for table, names := range alarmTables {
		for _, name := range names {
			out <- gauge(alarms, float64(raised[store.AlarmCount{Table: table, Alarm: name}]), table, name)
		}
	}
}
