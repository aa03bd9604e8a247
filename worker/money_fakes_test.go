package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// noon is when the tests of money begin.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// books are the store's tables of refunds and settlements in a box. Their steps are the store's
// own.
type books struct {
	mu     sync.Mutex
	rows   map[string]*store.Instruction
	clock  func() time.Time                // the database's
	busy   *store.BusyError                // a refund in flight, for settlements
	fail   func(call, number string) error // before a call does anything
	calls  []string                        // that changed a row
	logged []store.LogRow
}

func newBooks(rows ...store.Instruction) *books {
	b := &books{rows: map[string]*store.Instruction{}, clock: func() time.Time { return noon }}
	for _, i := range rows {
		b.rows[i.Number] = &i
	}
	return b
}

// change is a transaction on one row.
func (b *books) change(ctx context.Context, call, number string, log []store.LogRow, do func(i *store.Instruction) error) (store.Instruction, error) {
	if err := ctx.Err(); err != nil {
		return store.Instruction{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail(call, number); err != nil {
			return store.Instruction{}, err
		}
	}
	row := b.rows[number]
	if row == nil {
		return store.Instruction{}, store.ErrNoInstruction
	}
	i := *row
	err := do(&i)
	if err == nil || errors.Is(err, store.ErrSuperseded) {
		b.logged = append(b.logged, log...)
	}
	if err != nil {
		return store.Instruction{}, err
	}
	*row = i
	b.calls = append(b.calls, call)
	return i, nil
}

func (b *books) Instruction(ctx context.Context, _ store.Money, number string) (store.Instruction, bool, error) {
	if err := ctx.Err(); err != nil {
		return store.Instruction{}, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail("read", number); err != nil {
			return store.Instruction{}, false, err
		}
	}
	i, found := b.rows[number]
	if !found {
		return store.Instruction{}, false, nil
	}
	read := *i
	read.ReadAt = b.clock()
	return read, true, nil
}

func (b *books) MarkSending(ctx context.Context, seen store.Instruction, at, due time.Time) (store.Instruction, error) {
	return b.change(ctx, "announce", seen.Number, nil, func(i *store.Instruction) error {
		hadTurn := i.Turn
		if err := i.Announce(seen, b.clock(), at, due); err != nil {
			return err
		}
		if !hadTurn && b.busy != nil {
			return b.busy
		}
		return nil
	})
}

func (b *books) Alarm(ctx context.Context, seen store.Instruction, alarm string, at time.Time) (store.Instruction, error) {
	return b.change(ctx, "alarm "+alarm, seen.Number, nil, func(i *store.Instruction) error {
		_, err := i.Raise(seen, alarm, at)
		return err
	})
}

func (b *books) Submitted(ctx context.Context, seen store.Instruction, a store.Answer) (store.Instruction, error) {
	return b.change(ctx, "submitted", seen.Number, a.Log, func(i *store.Instruction) error { return i.Accept(seen, a) })
}

func (b *books) Postpone(ctx context.Context, seen store.Instruction, a store.Answer) (store.Instruction, error) {
	return b.change(ctx, "postpone", seen.Number, a.Log, func(i *store.Instruction) error { return i.Postpone(seen, a) })
}

func (b *books) Finished(ctx context.Context, seen store.Instruction, r store.Result) (changed bool, err error) {
	_, err = b.change(ctx, "finished", seen.Number, r.Log, func(i *store.Instruction) (err error) {
		changed, _, err = i.End(seen, r)
		return err
	})
	return changed, err
}

// callback is what Douyin says without having been asked.
func (b *books) callback(ctx context.Context, _ store.Money, number string, r store.Result) error {
	_, err := b.change(ctx, "callback", number, nil, func(i *store.Instruction) error {
		i.Hear(r)
		return nil
	})
	return err
}

// said is one answer of the teller's.
type said struct {
	no       string   // of Send
	standing Standing // of Query
	err      error
}

// teller is a Bank that says what it was told to say, in turn. A question that nobody foresaw fails
// the test.
type teller struct {
	t       *testing.T
	check   error
	sends   []said
	queries []said
	calls   []string
	sent    []store.Instruction
	during  func(call string) // while a call is on its way
}

func (b *teller) called(call string) {
	b.calls = append(b.calls, call)
	if b.during != nil {
		b.during(call)
	}
}

func (b *teller) Prepare(_ context.Context, i store.Instruction) (store.Instruction, error) {
	b.called("check")
	return i, b.check
}

func (b *teller) next(from *[]said, call string) said {
	b.called(call)
	if len(*from) == 0 {
		b.t.Errorf("%s: nobody foresaw this call", call)
		return said{err: errors.New("nobody foresaw this call")}
	}
	s := (*from)[0]
	*from = (*from)[1:]
	return s
}

func (b *teller) Send(_ context.Context, i store.Instruction) (string, douyin.Receipt, error) {
	b.sent = append(b.sent, i)
	s := b.next(&b.sends, "send")
	return s.no, douyin.Receipt{LogID: "L-send", HTTPStatus: 200, Request: []byte(`{"ask":1}`)}, s.err
}

func (b *teller) Query(context.Context, store.Instruction) (Standing, douyin.Receipt, error) {
	s := b.next(&b.queries, "query")
	return s.standing, douyin.Receipt{LogID: "L-query", HTTPStatus: 200}, s.err
}

// Douyin's answers.
var (
	cutOff       = &douyin.Error{Op: "refund.create", Kind: douyin.Unavailable, MayHave: true, Err: context.DeadlineExceeded}
	notSent      = &douyin.Error{Op: "refund.create", Kind: douyin.Unavailable, Err: errors.New("connection refused")}
	internal1000 = &douyin.Error{Op: "refund.create", Kind: douyin.Unavailable, Code: 1000, Message: "系统内部错误", MayHave: true}
	busy1001     = &douyin.Error{Op: "refund.create", Kind: douyin.Throttled, HTTPStatus: 200, Code: 1001, RetryAfter: 20 * time.Second}
	paused       = &douyin.Error{Op: "refund.create", Kind: douyin.Paused, RetryAfter: 30 * time.Second}
	refused2010  = &douyin.Error{Op: "refund.create", Kind: douyin.Rejected, Code: 2010, Message: "退款金额超过可退金额", LogID: "L-refused"}
	dead         = &douyin.Error{Op: "refund.create", Kind: douyin.Doubtful, Code: 9, Message: "该单号首次请求已失败，请更换新的单号重新发起", Err: douyin.ErrNumberDead}
	tooSoon      = &douyin.Error{Op: "settle.create", Kind: douyin.Doubtful, Code: 9, Message: "订单未到可结算时间", Err: douyin.ErrNotYet}
	odd2010      = &douyin.Error{Op: "refund.query", Kind: douyin.Rejected, HTTPStatus: 200, Code: 2010, Message: "业务参数错误"}
	odd4712      = &douyin.Error{Op: "refund.query", Kind: douyin.Doubtful, HTTPStatus: 200, Code: 4712, Message: "商户信息不存在，请稍后"}
	proxy400     = &douyin.Error{Op: "refund.query", Kind: douyin.Doubtful, HTTPStatus: 400}
	unknown3101  = &douyin.Error{Op: "refund.query", Kind: douyin.Rejected, Code: 3101, Message: "退款记录不存在", Err: douyin.ErrNotFound}
	unknown77    = &douyin.Error{Op: "refund.create", Kind: douyin.Doubtful, Code: 77, Message: "处理中，请勿重复提交", LogID: "L-77"}
	badSign2008  = &douyin.Error{Op: "refund.query", Kind: douyin.Unauthorized, Code: 2008, Message: "签名校验异常", HTTPStatus: 200, Err: douyin.ErrConfiguration}
	processing   = said{standing: Standing{Result: douyin.ResultProcessing, PlatformNo: "D1"}}
	success      = said{standing: Standing{Result: douyin.ResultSuccess, PlatformNo: "D1", Amount: 700}}
	failed       = said{standing: Standing{Result: douyin.ResultFail, PlatformNo: "D1", Message: "可提现余额不足"}}
)

// newRefund is R1 as it was written down at noon: 7.00 yuan of order 1.
func newRefund() store.Instruction {
	due := noon
	return store.Instruction{
		Money: store.Refund, Number: "R1", OrderID: "1", OutOrderNo: "out-1", Amount: 700, Text: "用户取消订单", Options: `{"cp_extra":"x"}`,
		State: store.MoneyNew, DueAt: &due, CreatedAt: noon, UpdatedAt: noon,
	}
}

// sentBefore is a refund with a request whose fate is not known, written down so an hour ago.
func sentBefore() store.Instruction { return sentAgo(time.Hour) }

// sentAgo is a refund whose request was made so long ago, without an answer.
func sentAgo(ago time.Duration) store.Instruction {
	i := newRefund()
	at, due := noon.Add(-ago), noon
	i.State, i.Turn, i.Attempts, i.Kind = store.MoneySending, true, 1, "unavailable"
	i.SentAt, i.SendingAt, i.AnsweredAt, i.UpdatedAt, i.DueAt = &at, &at, &at, at, &due
	return i
}

// accepted is a refund that Douyin accepted five minutes ago.
func accepted() store.Instruction {
	i := sentBefore()
	at := noon.Add(-5 * time.Minute)
	i.State, i.Kind, i.PlatformNo = store.MoneySubmitted, "", "D1"
	i.SentAt, i.SendingAt, i.AnsweredAt, i.UpdatedAt = &at, &at, &at, at
	return i
}

// ecpay is a bank of guaranteed payment for refunds.
func ecpay(bank Bank) map[store.System]Branch {
	return map[store.System]Branch{store.Ecpay: {Bank: bank, Ops: RefundOps()}}
}

// handler carries out the refunds of b; its clock is the database's.
func handler(b *books, bank Bank) *MoneyHandler {
	return &MoneyHandler{Money: store.Refund, Rows: b, Answers: b, Banks: ecpay(bank), Now: func() time.Time { return b.clock() }, Log: zerolog.Nop()}
}

func refundTask(t testing.TB, number string) *asynq.Task {
	t.Helper()
	task, err := tasks.Refund{OutRefundNo: number, Revision: "1"}.Task()
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func settleTask(t testing.TB, number string) *asynq.Task {
	t.Helper()
	task, err := tasks.Settle{OutSettleNo: number, Revision: "1"}.Task()
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// told says in a word what a handler told asynq.
func told(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, asynq.SkipRetry):
		return "archive"
	case errors.Is(err, asynq.RevokeTask):
		return "refused"
	case !isFailure(err):
		return fmt.Sprintf("again in %v", waitOf(err))
	}
	return "failed"
}

// line is the state of an instruction in a line.
func line(i store.Instruction) string {
	parts := []string{string(i.State)}
	if i.Kind != "" {
		parts = append(parts, i.Kind)
	}
	if i.DueAt != nil {
		parts = append(parts, "due in "+i.DueAt.Sub(noon).String())
	}
	if i.Alarm != "" {
		parts = append(parts, "alarm "+i.Alarm)
	}
	return strings.Join(parts, ", ")
}
