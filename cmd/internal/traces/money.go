package traces

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

func money(m store.Money, number string) []attribute.KeyValue {
	return []attribute.KeyValue{moneyKey.String(string(m)), tasks.NumberKey.String(number)}
}

// Instructions makes spans of what a run of a refund or settlement reads and announces.
func (t *Traces) Instructions(next worker.Instructions) worker.Instructions {
	if t == nil {
		return next
	}
	return instructions{t, next}
}

type instructions struct {
	*Traces
	next worker.Instructions
}

func (n instructions) Instruction(ctx context.Context, m store.Money, number string) (i store.Instruction, found bool, err error) {
	n.step(ctx, "load instruction", func(ctx context.Context, _ trace.Span) error {
		i, found, err = n.next.Instruction(ctx, m, number)
		ended(ctx, moneyKey.String(string(m)), tasks.OrderIDKey.String(i.OrderID))
		return err
	}, money(m, number)...)
	return i, found, err
}

func (n instructions) MarkSending(ctx context.Context, seen store.Instruction, at, due time.Time) (store.Instruction, error) {
	return stepped(ctx, n.Traces, "announce request", func(ctx context.Context, _ trace.Span) (store.Instruction, error) {
		return n.next.MarkSending(ctx, seen, at, due)
	})
}

func (n instructions) Alarm(ctx context.Context, seen store.Instruction, alarm string, at time.Time) (store.Instruction, error) {
	return stepped(ctx, n.Traces, "alarm", func(ctx context.Context, _ trace.Span) (store.Instruction, error) {
		return n.next.Alarm(ctx, seen, alarm, at)
	}, money(seen.Money, seen.Number)...)
}

// Answers makes spans of what is written down of Douyin's answers.
func (t *Traces) Answers(next worker.Answers) worker.Answers {
	if t == nil {
		return next
	}
	return answers{t, next}
}

type answers struct {
	*Traces
	next worker.Answers
}

func (a answers) Submitted(ctx context.Context, seen store.Instruction, answer store.Answer) (store.Instruction, error) {
	return written(ctx, a.Traces, seen, string(store.MoneySubmitted), answer, func(ctx context.Context) (store.Instruction, error) {
		return a.next.Submitted(ctx, seen, answer)
	})
}

func (a answers) Postpone(ctx context.Context, seen store.Instruction, answer store.Answer) (store.Instruction, error) {
	return written(ctx, a.Traces, seen, "postponed", answer, func(ctx context.Context) (store.Instruction, error) {
		return a.next.Postpone(ctx, seen, answer)
	})
}

func (a answers) Finished(ctx context.Context, seen store.Instruction, r store.Result) (changed bool, err error) {
	return written(ctx, a.Traces, seen, string(r.State), r.Answer, func(ctx context.Context) (bool, error) {
		return a.next.Finished(ctx, seen, r)
	})
}

// written writes an answer under a span that says what became of the instruction.
func written[T any](
	ctx context.Context, t *Traces, seen store.Instruction, became string, answer store.Answer, write func(context.Context) (T, error),
) (T, error) {
	return stepped(ctx, t, "record answer", func(ctx context.Context, span trace.Span) (T, error) {
		what := outcome(became, answer.Kind)
		span.SetAttributes(what...)
		ended(ctx, what...)
		return write(ctx)
	}, money(seen.Money, seen.Number)...)
}

// Bank makes spans of the calls that a branch makes about one kind of instruction.
func (t *Traces) Bank(m store.Money, b worker.Branch) worker.Branch {
	if t != nil {
		b.Bank = bank{Traces: t, next: b.Bank, money: m, Ops: b.Ops}
	}
	return b
}

type bank struct {
	*Traces
	worker.Ops
	next  worker.Bank
	money store.Money
}

func (b bank) Prepare(ctx context.Context, i store.Instruction) (ready store.Instruction, err error) {
	if b.Ops.Prepare == "" {
		return b.next.Prepare(ctx, i)
	}
	b.step(ctx, b.Ops.Prepare, func(ctx context.Context, _ trace.Span) error {
		ready, err = b.next.Prepare(ctx, i)
		return err
	}, money(b.money, i.Number)...)
	return ready, err
}

func (b bank) Send(ctx context.Context, i store.Instruction) (platformNo string, r douyin.Receipt, err error) {
	b.step(ctx, b.Ops.Send, func(ctx context.Context, span trace.Span) error {
		platformNo, r, err = b.next.Send(ctx, i)
		called(span, r)
		return err
	}, money(b.money, i.Number)...)
	return platformNo, r, err
}

func (b bank) Query(ctx context.Context, i store.Instruction) (s worker.Standing, r douyin.Receipt, err error) {
	b.step(ctx, b.Ops.Query, func(ctx context.Context, span trace.Span) error {
		s, r, err = b.next.Query(ctx, i)
		called(span, r)
		return err
	}, money(b.money, i.Number)...)
	return s, r, err
}
