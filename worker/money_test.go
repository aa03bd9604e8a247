package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// Every path that one step of a refund may take.
func TestAStepOfARefund(t *testing.T) {
	for _, c := range []struct {
		name    string
		row     store.Instruction
		sends   []said
		queries []said
		calls   string // of Douyin
		line    string // the row afterwards
		message string // a part of it
		told    string
	}{
		{"first: accepted", newRefund(), []said{{no: "D1"}}, nil, "check send", "submitted, due in 1m0s", "", "done"},
		{"first: refused", newRefund(), []said{{err: refused2010}}, []said{{err: unknown3101}}, "check send query", "failed, rejected", "退款金额超过可退金额", "done"},
		{"first: refused, and it succeeded long ago", newRefund(), []said{{err: refused2010}}, []said{success}, "check send query", "succeeded", "", "done"},
		{"first: refused, and nobody knows", newRefund(), []said{{err: refused2010}}, []said{{err: cutOff}}, "check send query", "sending, rejected, due in 30s", "退款金额超过可退金额", "failed"},
		{"first: the number is dead", newRefund(), []said{{err: dead}}, []said{{err: unknown3101}}, "check send query", "sending, doubtful, due in 2m0s", "请更换新的单号", "done"},
		{"first: a code that nobody knows", newRefund(), []said{{err: unknown77}}, []said{{err: unknown3101}}, "check send query", "sending, doubtful, due in 2m0s", "处理中", "done"},
		{"first: a code that nobody knows, and it runs", newRefund(), []said{{err: unknown77}}, []said{processing}, "check send query", "submitted, due in 1m0s", "", "done"},
		{"first: a code that nobody knows, and no answer", newRefund(), []said{{err: unknown77}}, []said{{err: cutOff}}, "check send query", "sending, doubtful, due in 30s", "处理中", "failed"},
		{"first: too early", newRefund(), []said{{err: tooSoon}}, []said{{err: unknown3101}}, "check send query", "sending, too_early, due in 2m0s", "未到可结算时间", "done"},
		{"first: the configuration is wrong", newRefund(), []said{{err: badSign2008}}, nil, "check send", "new, unauthorized, due in 30s", "签名校验异常", "again in 8s"},
		{"first: no answer", newRefund(), []said{{err: cutOff}}, nil, "check send", "sending, unavailable, due in 30s", "deadline", "failed"},
		{"first: nothing was sent", newRefund(), []said{{err: notSent}}, nil, "check send", "new, unavailable, due in 30s", "refused", "failed"},
		{"first: 1000, may have succeeded", newRefund(), []said{{err: internal1000}}, nil, "check send", "sending, unavailable, due in 30s", "系统内部错误", "failed"},
		{"first: throttled", newRefund(), []said{{err: busy1001}}, nil, "check send", "sending, throttled, due in 30s", "", "again in 20s"},
		{"first: the breaker is open", newRefund(), []said{{err: paused}}, nil, "check send", "new, paused, due in 30s", "", "again in 30s"},
		{"first: an error of nobody's", newRefund(), []said{{err: errors.New("?")}}, nil, "check send", "sending, database, due in 2m5s", "?", "failed"},

		{"unknown, asked: succeeded", sentBefore(), nil, []said{success}, "query", "succeeded", "", "done"},
		{"unknown, asked: failed", sentBefore(), nil, []said{failed}, "query", "failed, rejected", "可提现余额不足", "done"},
		{"unknown, asked: it runs", sentBefore(), nil, []said{processing}, "query", "submitted, due in 1m0s", "", "done"},
		{"unknown, asked: no answer", sentBefore(), nil, []said{{err: cutOff}}, "query", "sending, unavailable, due in 30s", "", "failed"},
		{"unknown, asked: signature refused", sentBefore(), nil, []said{{err: badSign2008}}, "query", "sending, unauthorized, due in 30s", "签名校验异常", "again in 8s"},
		{"unknown, asked: the breaker is open", sentBefore(), nil, []said{{err: paused}}, "query", "sending, paused, due in 30s", "", "again in 30s"},
		{"not found: sent again, accepted", sentBefore(), []said{{no: "D1"}}, []said{{err: unknown3101}}, "query send", "submitted, due in 1m0s", "", "done"},
		{"not found: sent again, no answer", sentBefore(), []said{{err: cutOff}}, []said{{err: unknown3101}}, "query send", "sending, unavailable, due in 30s", "", "failed"},
		{"not found: sent again, refused", sentBefore(), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: unknown3101}}, "query send query", "sending, rejected, due in 2m0s", "退款金额超过可退金额", "done"},
		{"not found: sent again, the breaker is open", sentBefore(), []said{{err: paused}}, []said{{err: unknown3101}}, "query send", "new, paused, due in 30s", "", "again in 30s"},
		{"not found: sent again, the configuration is wrong", sentBefore(), []said{{err: badSign2008}}, []said{{err: unknown3101}}, "query send", "new, unauthorized, due in 30s", "", "again in 8s"},
		{"not found a moment later: sent again, the configuration is wrong", sentAgo(time.Second), []said{{err: badSign2008}}, []said{{err: unknown3101}}, "query send", "sending, unauthorized, due in 30s", "", "again in 8s"},

		{"not found a moment later: sent again, accepted", sentAgo(time.Second), []said{{no: "D1"}}, []said{{err: unknown3101}}, "query send", "submitted, due in 1m0s", "", "done"},
		{"not found a moment later: sent again, nothing left", sentAgo(time.Second), []said{{err: notSent}}, []said{{err: unknown3101}}, "query send", "sending, unavailable, due in 30s", "", "failed"},
		{"not found a moment later: sent again, refused; the first one succeeded", sentAgo(time.Second), []said{{err: refused2010}}, []said{{err: unknown3101}, success}, "query send query", "succeeded", "", "done"},
		{"not found a moment later: sent again, refused; the first one runs", sentAgo(time.Second), []said{{err: dead}}, []said{{err: unknown3101}, processing}, "query send query", "submitted, due in 1m0s", "", "done"},
		{"not found a moment later: sent again, refused; the first one failed", sentAgo(time.Second), []said{{err: dead}}, []said{{err: unknown3101}, failed}, "query send query", "failed, rejected", "可提现余额不足", "done"},
		{"not found a moment later: sent again, refused; nobody knows", sentAgo(time.Second), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: cutOff}}, "query send query", "sending, rejected, due in 30s", "退款金额超过可退金额", "failed"},
		{"not found a moment later: sent again, refused; not found", sentAgo(time.Second), []said{{err: refused2010}}, []said{{err: unknown3101}, {err: unknown3101}}, "query send query", "sending, rejected, due in 2m0s", "退款金额超过可退金额", "done"},

		{"unknown, asked: the question is refused", sentAgo(answerGrace), nil, []said{{err: odd2010}}, "query", "sending, rejected, due in 2m5s", "业务参数错误", "failed"},
		{"refused, and not found a minute later", refusedAgo(time.Minute, refused2010), nil, []said{{err: unknown3101}}, "query", "sending, rejected, due in 1m0s", "退款金额超过可退金额", "done"},
		{"refused, and not found in the end", refusedAgo(answerGrace, refused2010), nil, []said{{err: unknown3101}}, "query", "failed, rejected", "退款金额超过可退金额", "done"},
		{"refused, and found in the end", refusedAgo(answerGrace, refused2010), nil, []said{success}, "query", "succeeded", "", "done"},
		{"refused with a code that nobody knows, and not found in the end", refusedAgo(answerGrace, unknown77), nil, []said{{err: unknown3101}}, "query", "failed, doubtful, alarm unknown_code", "处理中", "done"},
		{"dead, and not found in the end", refusedAgo(answerGrace, dead), nil, []said{{err: unknown3101}}, "query", "failed, doubtful, alarm unknown_code", "更换", "done"},
		{"too early, and not found in the end", tooEarlyAgo(answerGrace), nil, []said{{err: unknown3101}}, "query", "new, waiting, due in 1h0m0s", "未到可结算时间", "done"},
		{"too early, and it runs", tooEarlyAgo(answerGrace), nil, []said{processing}, "query", "submitted, due in 1m0s", "", "done"},

		{"a result of what never left: it succeeded", contradicted(), nil, []said{success}, "query", "succeeded, alarm contradiction", "", "done"},
		{"a result of what never left: it runs", contradicted(), nil, []said{processing}, "query", "new, due in 1m0s, alarm contradiction", "", "done"},
		{"a result of what never left: Douyin does not know it", contradicted(), []said{{no: "D1"}}, []said{{err: unknown3101}}, "query check send", "submitted, due in 1m0s, alarm contradiction", "", "done"},

		{"accepted: it runs", accepted(), nil, []said{processing}, "query", "submitted, due in 5m0s", "", "done"},
		{"accepted: succeeded", accepted(), nil, []said{success}, "query", "succeeded", "", "done"},
		{"accepted: failed", accepted(), nil, []said{failed}, "query", "failed, rejected", "可提现余额不足", "done"},
		{"accepted: not found is never sent again", accepted(), nil, []said{{err: unknown3101}}, "query", "submitted, rejected, due in 5m0s", "退款记录不存在", "done"},
		{"accepted: no answer", accepted(), nil, []said{{err: cutOff}}, "query", "submitted, unavailable, due in 30s", "", "failed"},
		{"accepted: signature refused", accepted(), nil, []said{{err: badSign2008}}, "query", "submitted, unauthorized, due in 30s", "", "again in 8s"},
		{"accepted: Douyin says a word that nobody knows", accepted(), nil, []said{{standing: Standing{Result: "WAITING"}}}, "query", "submitted, due in 5m0s", "", "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, bank := newBooks(c.row), &teller{t: t, sends: c.sends, queries: c.queries}
			err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
			got := *b.rows["R1"]
			if calls := strings.Join(bank.calls, " "); calls != c.calls {
				t.Errorf("Douyin was asked %q, want %q", calls, c.calls)
			}
			if line(got) != c.line || !strings.Contains(got.Message, c.message) {
				t.Errorf("the row is %q (%q), want %q (%q)", line(got), got.Message, c.line, c.message)
			}
			if told(err) != c.told {
				t.Errorf("asynq was told %q (%v), want %q", told(err), err, c.told)
			}
			if len(bank.sends)+len(bank.queries) > 0 {
				t.Errorf("%d answers were not asked for", len(bank.sends)+len(bank.queries))
			}
			for _, i := range bank.sent { // the same number, with the same content
				if i.Number != "R1" || i.OutOrderNo != "out-1" || i.Amount != 700 || i.Text != c.row.Text || i.Options != c.row.Options {
					t.Errorf("sent %+v", i)
				}
			}
			if got.Attempts != c.row.Attempts+len(bank.sent) {
				t.Errorf("%d attempts are written down, %d were made", got.Attempts-c.row.Attempts, len(bank.sent))
			}
		})
	}
}

// refusedAgo is a refund whose only request was refused so long ago.
func refusedAgo(ago time.Duration, err *douyin.Error) store.Instruction {
	i := sentAgo(ago)
	i.Refused, i.Kind, i.Code, i.Message = err.Kind.String(), err.Kind.String(), err.Code, err.Message
	return i
}

func tooEarlyAgo(ago time.Duration) store.Instruction {
	i := refusedAgo(ago, tooSoon)
	i.Refused, i.Kind = kindTooEarly, kindTooEarly
	return i
}

// contradicted is a refund of which Douyin has told a result before anything was sent.
func contradicted() store.Instruction {
	i := newRefund()
	at := noon
	i.Alarm, i.AlarmAt = store.AlarmContradiction, &at
	return i
}

// What is not to be carried on is left alone.
func TestAStepWithoutACall(t *testing.T) {
	ended, notYet := accepted(), newRefund()
	ended.State = store.MoneySucceeded
	later := noon.Add(time.Second)
	notYet.NotBefore = &later
	announced := sentAgo(20 * time.Second) // by another task, which has not written an answer down
	announced.AnsweredAt = nil
	for _, c := range []struct {
		name string
		row  store.Instruction
		told string
	}{
		{"ended", ended, "done"},
		{"not before a time to come", notYet, "done"},
		{"a request of another task is in flight", announced, "again in 40s"},
	} {
		b, bank := newBooks(c.row), &teller{t: t}
		err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1"))
		if told(err) != c.told || len(bank.calls)+len(b.calls) > 0 {
			t.Errorf("%s: asynq was told %q, Douyin was asked %v, written was %v; want %q and nothing", c.name, told(err), bank.calls, b.calls, c.told)
		}
	}
}

// A worker that was killed while its request was on its way: the next one asks.
func TestARequestWhoseTaskMustBeOverIsAskedAbout(t *testing.T) {
	row := sentAgo(inFlight)
	row.AnsweredAt = nil
	b, bank := newBooks(row), &teller{t: t, queries: []said{success}}
	if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || b.rows["R1"].State != store.MoneySucceeded {
		t.Errorf("%v, %s", err, line(*b.rows["R1"]))
	}
}

// The bug: a request got no answer, then a question about it was refused, and the refusal of the
// question counted as one of the request: the refund ended as failed, without an alarm, its money
// moved, and a second number could move it again.
func TestARefusedQuestionIsNoRefusalOfTheRequest(t *testing.T) {
	for name, odd := range map[string]error{"a parameter": odd2010, "a code that nobody knows": odd4712, "a proxy's page": proxy400} {
		now := noon
		b := newBooks(newRefund())
		b.clock = func() time.Time { return now }
		bank := &teller{t: t, sends: []said{{err: cutOff}, {no: "D1"}}, queries: []said{{err: odd}, {err: unknown3101}}}
		h := handler(b, bank)
		for range 3 {
			_ = h.ProcessTask(t.Context(), refundTask(t, "R1"))
			now = now.Add(answerGrace + time.Minute)
		}
		if i := b.rows["R1"]; i.State != store.MoneySubmitted || i.Attempts != 2 || i.Refused != "" {
			t.Errorf("%s: %s, %d requests, refused %q", name, line(*i), i.Attempts, i.Refused)
		}
	}
}

// The bug: Douyin told a result of a settlement whose time had not come, and nobody asked before it
// had.
func TestAContradictionIsAskedAboutBeforeItsTime(t *testing.T) {
	row := contradicted()
	later := noon.Add(7 * 24 * time.Hour)
	row.NotBefore = &later
	b, bank := newBooks(row), &teller{t: t, queries: []said{success}}
	if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || b.rows["R1"].State != store.MoneySucceeded {
		t.Errorf("Douyin has it: %v, %s", err, line(*b.rows["R1"]))
	}
	b, bank = newBooks(row), &teller{t: t, queries: []said{{err: unknown3101}}}
	if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || !b.rows["R1"].DueAt.Equal(later) || len(bank.sent) > 0 {
		t.Errorf("Douyin has it not: %v, %s, %d sent", err, line(*b.rows["R1"]), len(bank.sent))
	}
}

func TestATimeThatHasComeIsNoHindrance(t *testing.T) {
	row := newRefund()
	now := noon
	row.NotBefore = &now
	b, bank := newBooks(row), &teller{t: t, sends: []said{{no: "D1"}}}
	if err := handler(b, bank).ProcessTask(t.Context(), refundTask(t, "R1")); err != nil || b.rows["R1"].State != store.MoneySubmitted {
		t.Errorf("%v, %s", err, line(*b.rows["R1"]))
	}
}

func TestAStepOfASettlement(t *testing.T) {
	for _, c := range []struct {
		name  string
		check error
		busy  *store.BusyError
		sends []said
		asked said
		calls string
		line  string
		told  string
	}{
		{"accepted", nil, nil, []said{{no: "D1"}}, said{}, "check send", "submitted, due in 1m0s", "done"},
		{"nothing to settle", &NothingToMoveError{}, nil, nil, said{err: unknown3101}, "check query", "failed, incomplete", "done"},
		{"nothing to settle, for it is settled", &NothingToMoveError{}, nil, nil, success, "check query", "succeeded", "done"},
		{"nothing to settle, for it runs", &NothingToMoveError{}, nil, nil, processing, "check query", "new, due in 1m0s", "done"},
		{"nothing to settle, and nobody knows", &NothingToMoveError{}, nil, nil, said{err: cutOff}, "check query", "new, unavailable, due in 30s", "failed"},
		{"the pre-check has no answer", cutOff, nil, nil, said{}, "check", "new, unavailable, due in 30s", "failed"},
		{"the breaker is open", paused, nil, nil, said{}, "check", "new, paused, due in 30s", "again in 30s"},
		{"a refund is in flight", nil, &store.BusyError{Money: store.Refund, Number: "R1"}, nil, said{}, "check", "new, waiting, due in 1m0s", "done"},
		{"too early", nil, nil, []said{{err: tooSoon}}, said{err: unknown3101}, "check send query", "sending, too_early, due in 2m0s", "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := newRefund()
			row.Money, row.Number, row.Params, row.Finish = store.Settlement, "S1", `[{"merchant_uid":"7","amount":10}]`, true
			b, bank := newBooks(row), &teller{t: t, check: c.check, sends: c.sends, queries: []said{c.asked}}
			b.busy = c.busy
			h := handler(b, bank)
			h.Money = store.Settlement
			h.Changed = func(_ context.Context, orderID string) error {
				t.Errorf("order %s pushed for a settlement", orderID)
				return nil
			}
			err := h.ProcessTask(t.Context(), settleTask(t, "S1"))
			got := *b.rows["S1"]
			if calls := strings.Join(bank.calls, " "); calls != c.calls || line(got) != c.line || told(err) != c.told {
				t.Errorf("calls %q, row %q (%s), asynq was told %q; want %q, %q, %q", calls, line(got), got.Message, told(err), c.calls, c.line, c.told)
			}
			if sent := slices.Contains(bank.calls, "send"); (got.SentAt != nil) != sent || (got.Turn && !got.State.Final()) != sent {
				t.Errorf("sent at %v, its turn %v; calls %v", got.SentAt, got.Turn, bank.calls)
			}
		})
	}
}

// The bug: a row in the state of a newer version was tried again like a fault of the database, for
// ever, and nobody was told.
func TestAStateOfANewerVersionIsLeftAloneAndTold(t *testing.T) {
	for _, c := range []struct {
		since time.Duration
		line  string
		told  string
	}{
		{strangeFor - time.Second, "reversed, due in 0s", "again in 1m0s"}, // another version carries it on
		{strangeFor, "reversed, due in 0s, alarm unknown_state", "done"},
	} {
		row := newRefund()
		row.State, row.UpdatedAt = "reversed", noon.Add(-c.since)
		b := newBooks(row)
		err := handler(b, &teller{t: t}).ProcessTask(t.Context(), refundTask(t, "R1"))
		if got := line(*b.rows["R1"]); got != c.line || told(err) != c.told {
			t.Errorf("after %v: %s, asynq was told %q; want %s, %q", c.since, got, told(err), c.line, c.told)
		}
	}
}

func TestATaskThatNamesNoInstructionIsArchived(t *testing.T) {
	for name, task := range map[string]*asynq.Task{
		"no such number": refundTask(t, "R9"),
		"empty":          asynq.NewTask(tasks.TypeRefund, nil),
		"a settlement's": settleTask(t, "R1"),
	} {
		b, bank := newBooks(newRefund()), &teller{t: t}
		if err := handler(b, bank).ProcessTask(t.Context(), task); told(err) != "archive" || len(bank.calls)+len(b.calls) > 0 {
			t.Errorf("%s: %v, calls %v %v; want it archived and nothing else", name, err, bank.calls, b.calls)
		}
	}
}
