package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// openAudit opens a refund of order 1 that a buyer asked for; change may be nil.
func openAudit(t testing.TB, s *store.Store, id string, deadline time.Time, change func(*store.TradeRefund)) store.Instruction {
	t.Helper()
	r := store.TradeRefund{
		Number: "DY" + id, RefundID: id, OutOrderNo: "1", Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 5,
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: t0, DueAt: t0,
	}
	if change != nil {
		change(&r)
	}
	if _, err := s.HearTradeRefund(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return instruction(t, s, store.Refund, r.Number)
}

// The first word counts: the same again is it, and any other one a conflict.
func TestAWordOnARefundIsSaidOnce(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ctx := t.Context()
		addOrder(t, db, 1, t0)
		openAudit(t, s, "1", t0.Add(72*time.Hour), nil)
		openAudit(t, s, "2", t0.Add(72*time.Hour), nil)
		i, fresh, err := s.SayAudit(ctx, "DY1", store.Agree, "omar", "")
		if a := i.Audit; err != nil || !fresh || a.Word != store.Agree || a.By != "omar" || a.State != store.AuditNeeded || a.DueAt == nil || !a.DueAt.Equal(t0) {
			t.Fatalf("said: %+v, %v, %v", i.Audit, fresh, err)
		}
		i, fresh, err = s.SayAudit(ctx, "DY1", store.Agree, "zoe", "")
		if err != nil || fresh || i.Audit.By != "omar" {
			t.Errorf("again: %+v, %v, %v", i.Audit, fresh, err)
		}
		if got := instruction(t, s, store.Refund, "DY1").Audit; got.Word != store.Agree || got.At == nil || !got.At.Equal(t0) {
			t.Errorf("the row says %+v", got)
		}
		conflict := func(number string, word store.AuditWord, words string, want store.AuditReason) {
			t.Helper()
			var c *store.AuditConflictError
			if _, fresh, err := s.SayAudit(ctx, number, word, "omar", words); !errors.As(err, &c) || c.Reason != want || fresh {
				t.Errorf("%s %s %q: %v, want %s", number, word, words, err, want)
			}
		}
		conflict("DY1", store.Deny, "used", store.AuditOtherWord)
		if _, _, err := s.SayAudit(ctx, "DY2", store.Deny, "omar", "用过了"); err != nil {
			t.Fatal(err)
		}
		conflict("DY2", store.Deny, "other words", store.AuditOtherWord)
		conflict("DY2", store.Agree, "", store.AuditOtherWord)

		if _, _, err := s.CreateRefund(ctx, store.NewRefund{Number: "R1", OrderID: "1", Amount: 1, DueAt: t0}); err != nil {
			t.Fatal(err)
		}
		conflict("R1", store.Agree, "", store.AuditOfOurs)
		openAudit(t, s, "3", t0.Add(time.Hour), func(r *store.TradeRefund) { r.Audit = store.Audit{} })
		conflict("DY3", store.Agree, "", store.AuditNotAsked)
		openAudit(t, s, "4", t0, nil)
		conflict("DY4", store.Deny, "too late", store.AuditOver)
		openAudit(t, s, "5", t0.Add(time.Hour), nil)
		finish(t, s, store.Refund, "DY5", store.MoneySucceeded)
		conflict("DY5", store.Agree, "", store.AuditOver)
		openAudit(t, s, "6", t0.Add(time.Hour), func(r *store.TradeRefund) { r.Audit.State = store.AuditOvertime })
		conflict("DY6", store.Agree, "", store.AuditOver)
		if _, _, err := s.SayAudit(ctx, "DY9", store.Agree, "omar", ""); !errors.Is(err, store.ErrNoInstruction) {
			t.Errorf("nobody's number: %v", err)
		}
		for _, bad := range []struct {
			word  store.AuditWord
			words string
		}{{"", ""}, {"maybe", ""}, {store.Deny, ""}, {store.Agree, "words"}, {store.Deny, strings.Repeat("x", 513)}} {
			if _, _, err := s.SayAudit(ctx, "DY4", bad.word, "omar", bad.words); err == nil {
				t.Errorf("%q with %d bytes was taken", bad.word, len(bad.words))
			}
		}
	})
}

// What Douyin has decided is taken over, and what follows from it for the refund.
func TestWhatDouyinDecidedIsTakenOver(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ctx := t.Context()
		addOrder(t, db, 1, t0)
		for n, c := range []struct {
			word    store.AuditWord
			decided store.AuditState
			state   store.MoneyState
			alarm   string
		}{
			{store.Agree, store.AuditAgreed, store.MoneySubmitted, ""},
			{store.Agree, store.AuditOvertime, store.MoneySubmitted, ""},
			{store.Agree, store.AuditDenied, store.MoneyFailed, store.AlarmContradiction},
			{store.Deny, store.AuditDenied, store.MoneyFailed, ""},
			{store.Deny, store.AuditAgreed, store.MoneySubmitted, store.AlarmContradiction},
			{store.Deny, store.AuditOvertime, store.MoneySubmitted, store.AlarmContradiction},
			{"", store.AuditOvertime, store.MoneySubmitted, ""},
			{"", store.AuditDenied, store.MoneyFailed, ""},
		} {
			number := "DY" + string(rune('a'+n))
			openAudit(t, s, number[2:], t0.Add(time.Hour), nil)
			if c.word != "" {
				words := map[store.AuditWord]string{store.Deny: "用过了"}[c.word]
				if _, _, err := s.SayAudit(ctx, number, c.word, "omar", words); err != nil {
					t.Fatal(err)
				}
				if _, err := s.AnnounceAudit(ctx, instruction(t, s, store.Refund, number), t0.Add(time.Minute)); err != nil {
					t.Fatal(err)
				}
			}
			exec(t, db, "UPDATE ordersync_order SET due_at = NULL WHERE order_id = '1'")
			seen := instruction(t, s, store.Refund, number)
			if _, err := s.RecordAudit(ctx, seen, store.AuditAnswer{
				At: t0, State: c.decided, Message: "as Douyin has it", Log: []store.LogRow{{At: t0, Call: "trade.refund.audit", Number: number, OrderID: "1"}},
			}); err != nil {
				t.Fatal(err)
			}
			got := instruction(t, s, store.Refund, number)
			if got.Audit.State != c.decided || got.State != c.state || got.Alarm != c.alarm || got.Audit.DueAt != nil {
				t.Errorf("%s, %s: refund %s, audit %+v, alarm %q", c.word, c.decided, got.State, got.Audit, got.Alarm)
			}
			want := map[store.AuditWord]string{store.Deny: "用过了", "": "as Douyin has it"}[c.word]
			if c.state == store.MoneyFailed && (got.Kind != store.KindDenied || c.alarm == "" && got.Message != want || state(t, s, "1").DueAt == nil) {
				t.Errorf("%s, %s: %q %q, the order is due at %v", c.word, c.decided, got.Kind, got.Message, state(t, s, "1").DueAt)
			}
			if c.state == store.MoneySubmitted && (got.DueAt == nil || got.DueAt.After(t0)) {
				t.Errorf("%s, %s: asked about at %v", c.word, c.decided, got.DueAt)
			}
			if _, err := s.RecordAudit(ctx, seen, store.AuditAnswer{At: t0, State: store.AuditNeeded}); !errors.Is(err, store.ErrSuperseded) {
				t.Errorf("an older sight: %v", err)
			}
		}
	})
}

// A step counts only on what it has seen.
func TestAnAuditIsAnnouncedByOne(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ctx := t.Context()
		addOrder(t, db, 1, t0)
		unsaid := openAudit(t, s, "1", t0.Add(time.Hour), nil)
		if _, err := s.AnnounceAudit(ctx, unsaid, t0); !errors.Is(err, store.ErrSuperseded) {
			t.Errorf("announced without a word: %v", err)
		}
		said, _, err := s.SayAudit(ctx, "DY1", store.Deny, "omar", "no")
		if err != nil {
			t.Fatal(err)
		}
		sent, err := s.AnnounceAudit(ctx, said, t0.Add(time.Minute))
		if err != nil || sent.Audit.Tries != 1 || sent.Audit.SentAt == nil || sent.ReadAt.IsZero() {
			t.Fatalf("%+v, %v", sent.Audit, err)
		}
		if _, err := s.AnnounceAudit(ctx, said, t0); !errors.Is(err, store.ErrSuperseded) {
			t.Errorf("announced twice: %v", err)
		}
		due := t0.Add(3 * time.Minute)
		after, err := s.RecordAudit(ctx, sent, store.AuditAnswer{At: t0, State: store.AuditNeeded, Message: "busy", DueAt: &due, Unsent: true})
		if a := after.Audit; err != nil || a.SentAt != nil || a.Message != "busy" || !a.DueAt.Equal(due) || a.Tries != 1 || a.Word != store.Deny {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

// The list is paged by deadline, and holds nothing that is decided.
func TestAuditsAreListedByDeadline(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ctx := t.Context()
		addOrder(t, db, 1, t0)
		at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
		for id, h := range map[string]int{"b": 2, "a": 2, "c": 1, "d": 3, "said": 1, "ended": 1, "over": -1} {
			openAudit(t, s, id, at(h), nil)
		}
		openAudit(t, s, "none", at(1), func(r *store.TradeRefund) { r.Audit.State = store.AuditNone })
		if _, _, err := s.SayAudit(ctx, "DYsaid", store.Agree, "omar", ""); err != nil {
			t.Fatal(err)
		}
		finish(t, s, store.Refund, "DYended", store.MoneyFailed)
		var got []string
		for after := (store.AuditKey{}); ; {
			page, err := s.AuditsNeeded(ctx, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page {
				got = append(got, i.Number)
			}
			if len(page) < 2 {
				break
			}
			after = page[1].AuditKey()
		}
		if want := []string{"DYover", "DYc", "DYa", "DYb", "DYd"}; !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
		names := func(due []store.DueInstruction, err error) (all []string) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range due {
				all = append(all, d.Number)
			}
			return all
		}
		if got, want := names(s.EndedAudits(ctx, t0, 9)), []string{"DYover"}; !slices.Equal(got, want) {
			t.Errorf("decided by themselves: %v, want %v", got, want)
		}
		for _, n := range []string{"DYover", "DYsaid"} {
			if err := s.WakeAudit(ctx, n, at(1)); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := names(s.DueAudits(ctx, t0, 9)), []string{"DYsaid"}; !slices.Equal(got, want) {
			t.Errorf("due: %v, want %v", got, want)
		}
		if err := s.PostponeAudit(ctx, store.DueInstruction{Number: "DYsaid", DueAt: t0}, at(2)); err != nil {
			t.Fatal(err)
		}
		if got, want := names(s.DueAudits(ctx, at(2), 9)), []string{"DYover", "DYsaid"}; !slices.Equal(got, want) {
			t.Errorf("due later: %v, want %v", got, want)
		}
		if got, want := names(s.AuditsNear(ctx, at(2), t0, 9)), []string{"DYover", "DYc", "DYa", "DYb"}; !slices.Equal(got, want) {
			t.Errorf("near: %v, want %v", got, want)
		}
		if got, want := names(s.AuditsNear(ctx, at(1), t0.Add(time.Second), 9)), []string{"DYover", "DYc", "DYsaid"}; !slices.Equal(got, want) {
			t.Errorf("near, with words that do not arrive: %v, want %v", got, want)
		}
		if c, err := s.Counts(ctx, t0); err != nil || c.AuditsUnsaid != (store.OpenAudits{Count: 5, Deadline: c.AuditsUnsaid.Deadline}) ||
			!c.AuditsUnsaid.Deadline.Equal(at(-1)) || c.AuditsSaid.Count != 1 || !c.AuditsSaid.Deadline.Equal(at(1)) {
			t.Errorf("counted %+v, %+v, %v", c.AuditsUnsaid, c.AuditsSaid, err)
		}
	})
}

// The alarm stands until the word is said, and then another one may be raised.
func TestTheAlarmOfAnAuditPassesWithTheWord(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		ctx := t.Context()
		addOrder(t, db, 1, t0)
		if _, err := s.Alarm(ctx, openAudit(t, s, "1", t0.Add(time.Hour), nil), store.AlarmOverdue, t0); err != nil {
			t.Fatal(err)
		}
		for n, want := range []bool{true, false} {
			if raised, err := s.AlarmAudit(ctx, "DY1", t0); err != nil || raised != want {
				t.Errorf("%d: raised %v, %v", n, raised, err)
			}
		}
		if got := instruction(t, s, store.Refund, "DY1"); got.Alarm != store.AlarmAuditDue || !got.NeedsPerson() {
			t.Errorf("alarm %q", got.Alarm)
		}
		if near, err := s.AuditsNear(ctx, t0.Add(time.Hour), t0, 9); err != nil || len(near) != 0 {
			t.Errorf("told again: %v, %v", near, err)
		}
		if _, _, err := s.SayAudit(ctx, "DY1", store.Agree, "omar", ""); err != nil {
			t.Fatal(err)
		}
		if got := instruction(t, s, store.Refund, "DY1"); got.Alarm != "" {
			t.Errorf("the word is said, and the alarm is %q", got.Alarm)
		}
		if err := s.DropAudit(ctx, "DY1", t0); err != nil {
			t.Fatal(err)
		}
		if got := instruction(t, s, store.Refund, "DY1"); got.Alarm != store.AlarmUnsendable || got.Audit.State != store.AuditNone || got.Audit.DueAt != nil {
			t.Errorf("dropped: %+v, %q", got.Audit, got.Alarm)
		}
	})
}
