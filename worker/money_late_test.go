package worker

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

// The bug: an instruction has two tasks, the one of its creation and the one that found it due, and
// both are in their check. The first one announces, and its request is on its way; the second one's
// check fails, and its postponement wiped away that a request was in flight. Its retry asked, was
// told "not found", sent, and was accepted. Then the first one was told "being processed, do not
// repeat" under a code that nobody knows, wrote "failed" over "submitted", and a second number
// could move the same money. Here the retries' clock is 50 s ahead, and the first one's process is
// stopped for two minutes before its answer comes.
func TestALateNoDoesNotEndWhatDouyinAccepted(t *testing.T) {
	for _, m := range []store.Money{store.Settlement, store.Refund} {
		t.Run(string(m), func(t *testing.T) {
			s, now := realStore(t, m), noon
			s.setClock(func() time.Time { return now })
			task := refundTask(t, "N1")
			if m == store.Settlement {
				task = settleTask(t, "N1")
			}
			handle := func(bank Bank, skew time.Duration) string {
				h := &MoneyHandler{Money: m, Rows: s, Answers: s, Banks: ecpay(bank), Now: func() time.Time { return now.Add(skew) }, Log: zerolog.Nop()}
				return told(h.ProcessTask(context.Background(), task))
			}
			want := func(state store.MoneyState, attempts int) {
				t.Helper()
				if i, _, err := s.Instruction(t.Context(), m, "N1"); err != nil || i.State != state || i.Attempts != attempts || !i.Turn || i.Alarm != "" {
					t.Fatalf("%v, %s, attempt %d, its turn %v; want %s, attempt %d", err, line(i), i.Attempts, i.Turn, state, attempts)
				}
			}

			sent, goOn, first := make(chan struct{}), make(chan struct{}), make(chan string)
			stopped := &teller{t: t, sends: []said{{err: unknown77}}}
			stopped.during = func(call string) {
				if call == "send" {
					close(sent)
					<-goOn
				}
			}
			second := &teller{t: t, check: cutOff}
			second.during = func(string) { // the first one announces while the second one is in its check
				go func() { first <- handle(stopped, 0) }()
				<-sent
			}
			if told := handle(second, 0); told != "again in 2s" {
				t.Errorf("the second one, whose check failed: %s", told)
			}
			want(store.MoneySending, 1)

			now = now.Add(2 * time.Second)
			second = &teller{t: t}
			if told := handle(second, 50*time.Second); told != "again in 58s" || len(second.calls) > 0 {
				t.Errorf("its retry: %s, calls %v", told, second.calls)
			}
			want(store.MoneySending, 1)

			now = now.Add(2 * time.Minute)
			second = &teller{t: t, queries: []said{{err: unknown3101}}, sends: []said{{no: "D1"}}}
			if told := handle(second, 50*time.Second); told != "done" {
				t.Errorf("its next retry: %s", told)
			}
			want(store.MoneySubmitted, 2)

			close(goOn)
			if told := <-first; told != "again in 2s" {
				t.Errorf("the first one, refused late: %s", told)
			}
			want(store.MoneySubmitted, 2)
			if log, err := s.Log(t.Context(), "1", 10); err != nil || len(log) != 4 {
				t.Errorf("the log has %d calls, want the failed check, the question and both requests; %v", len(log), err)
			}
		})
	}
}
