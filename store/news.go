package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Opened is what is written down of a refund or settlement that nobody here knows yet: Douyin has
// opened it, or the shop without us.
type Opened struct {
	Number        string // under which it is kept; Callback.Number, where it is set, is looked up before
	DouyinOrderID string // Douyin's number of the order
	OutOrderNo    string // of the payment; empty: not news
	Origin        Origin
	Text          string // the buyer's reasons
	Items         string // JSON as Douyin has it; empty: not news
	Currency      string // empty: the payment's
	ItemOrderID   string // of a settlement
}

// news is what Douyin says of a refund or settlement of trade, wherever it says it: by a callback, or
// when it is asked.
type news struct {
	Opened
	money      Money
	number     string    // that Douyin has of it; empty: not news
	platformNo string    // Douyin's own
	what       string    // says it, for a person
	result     Result    // MoneySubmitted: it is under way; Amount is what it is about
	audit      Audit     // State, Deadline and DenyMessage; State empty: not news
	latest     time.Time // the audit's deadline where nobody tells one
	asked      *AskedRefund
	kept       string    // as Callback.Kept
	dueAt      time.Time // when to ask how it stands; only a row that is opened takes it
	at         time.Time
}

// errMoved: while the order of an instruction was looked for, it found another one.
var errMoved = errors.New("store: the order of an instruction has become another one")

// underHome runs f under the lock of the order that t is about, as far as that is known.
func (s *Store) underHome(ctx context.Context, t news, f func(tx *gorm.DB, at home) error) error {
	var err error
	for range 3 { // once it has an order it keeps it
		var at home
		if at, err = s.homeOfNews(ctx, t); err != nil {
			return err
		}
		err = s.underOrderLock(ctx, at.orderID, func(tx *gorm.DB) error { return f(tx, at) })
		if !errors.Is(err, errMoved) {
			break
		}
	}
	return err
}

func (s *Store) homeOfNews(ctx context.Context, t news) (home, error) {
	known, _, err := s.readNews(s.db.WithContext(ctx), t, "")
	if err != nil || known.OrderID != "" {
		return home{known.OrderID, known.OutOrderNo, known.Currency}, err
	}
	return s.findHome(ctx, t.DouyinOrderID, cmp.Or(t.OutOrderNo, known.OutOrderNo))
}

// readNews reads the instruction that t is about: by the number that Douyin has of us, by the one
// under which it would be opened, and by Douyin's own.
func (s *Store) readNews(db *gorm.DB, t news, lock string) (Instruction, bool, error) {
	for _, number := range []string{t.number, t.Number} {
		if number == "" {
			continue
		}
		i, found, err := readInstruction(db, t.money, number, lock)
		if err != nil || found {
			return i.Instruction, found, err
		}
	}
	if t.platformNo == "" {
		return Instruction{}, false, nil
	}
	l := ledgers[t.money]
	all, err := readInstructions(db, t.money, "`system` = 'trade' AND "+quote(l.platform)+" = ? ORDER BY "+quote(l.number)+" LIMIT 1", lock, t.platformNo)
	if err != nil || len(all) == 0 || all[0].PlatformNo != t.platformNo {
		return Instruction{}, false, err
	}
	return all[0].Instruction, true, nil
}

// findNews is readNews under the lock of at's order.
func (s *Store) findNews(tx *gorm.DB, t news, at home) (Instruction, bool, error) {
	i, found, err := s.readNews(tx, t, s.sql.forUpdate)
	if err == nil && found && i.OrderID != "" && i.OrderID != at.orderID {
		err = errMoved
	}
	return i, found, err
}

// auditWindow is how long Douyin waits for the shop's word where it names no deadline.
const auditWindow = 72 * time.Hour

const (
	maxCurrency = 16
	maxItems    = 65535 // bytes of MySQL's TEXT
)

// orNone is the JSON of items, and none where no column can hold them: nothing waits for them.
func orNone(items string) string {
	if len(items) > maxItems {
		return ""
	}
	return items
}

// inEcpay is the text of an alarm.
const inEcpay = "Douyin tells of it as one of trade, and the order was paid in ecpay"

// open writes an instruction down that is no row yet: as it ended, or as submitted.
func (s *Store) open(tx *gorm.DB, t news, at home) (Instruction, error) {
	now := t.at
	i := Instruction{
		Money: t.money, System: Trade, Number: t.Number, OrderID: at.orderID, OutOrderNo: cmp.Or(at.outOrderNo, t.OutOrderNo),
		Text: cut.To(t.Text, maxMessage), PlatformNo: t.platformNo, Origin: t.Origin, DouyinOrderID: t.DouyinOrderID,
		Items: orNone(t.Items), Currency: cut.To(cmp.Or(t.Currency, at.currency), maxCurrency), ItemOrderID: t.ItemOrderID,
		State: MoneySubmitted, Turn: true, SentAt: &now, SendingAt: &now, AnsweredAt: &now, CreatedAt: now, UpdatedAt: now,
		Audit: Audit{State: AuditNone},
	}
	if !t.dueAt.IsZero() {
		i.DueAt = &t.dueAt
	}
	if err := checkNumber(i.Number); err != nil {
		return i, err
	}
	if t.dueAt.IsZero() && !t.result.State.Final() {
		return i, errors.New("store: a word of trade that opens nothing and ends nothing")
	}
	if err := i.takeAnswer(t); err != nil {
		return i, err
	}
	if i.Money == Refund {
		i.Amount = t.result.Amount
		i.needAudit(t)
	}
	i.hearDouyin(t.audit.State, t.audit.DenyMessage, t.result, i.hear)
	switch ecpay, err := paidInEcpay(tx, i.OutOrderNo); {
	case err != nil:
		return i, err
	case ecpay:
		i.contradict(now, inEcpay)
	case t.kept != "":
		i.raise(t.kept, now)
	case i.OrderID == "":
		i.raise(AlarmUnknownOrder, now)
	}
	columns := ledgers[t.money].columns()
	err := tx.Exec("INSERT INTO "+quote(ledgers[t.money].table)+" ("+columnList("", columns)+") VALUES "+tuples(1, len(columns)), s.sql.instructionArgs(&i)...).Error
	if err != nil {
		return i, err
	}
	return i, s.opened(tx, &i, now)
}

// hearNews is what t does to an instruction that is known. ended: what it has become by it; empty: it
// has not ended, or had before. What one word leaves open another one fills in, so that their order
// makes no difference.
func (s *Store) hearNews(tx *gorm.DB, t news, number string, at home) (i Instruction, ended MoneyState, err error) {
	located, resum := false, false
	i, err = s.moveLocked(tx, t.money, number, func(tx *gorm.DB, i *Instruction) (touched bool, err error) {
		if i.System != Trade {
			touched = i.hearOfOther(t.what, Trade, t.at)
			return touched, i.takeAnswer(t)
		}
		if other, err := i.ofAnotherOrder(tx, t); err != nil || other {
			return false, err
		}
		before := *i
		if located = i.locate(t, at); located {
			if ecpay, err := paidInEcpay(tx, i.OutOrderNo); err != nil {
				return false, err
			} else if ecpay {
				i.contradict(t.at, inEcpay)
			}
		}
		if i.Origin != OriginOurs && t.kept == "" {
			i.fill(t)
		}
		if err := i.takeAnswer(t); err != nil {
			return false, err
		}
		if i.PlatformNo == "" && i.State != MoneyNew {
			i.PlatformNo = t.platformNo
		}
		changed := i.hearDouyin(t.audit.State, t.audit.DenyMessage, t.result, i.Hear)
		if changed {
			ended = i.State
		}
		if *i == before {
			return false, nil
		}
		i.UpdatedAt, resum = t.at, i.Amount != before.Amount
		return true, s.writeContent(tx, i)
	})
	switch {
	case err != nil:
	case located:
		err = s.opened(tx, &i, t.at)
	case resum:
		err = s.refundsChanged(tx, i.Money, i.OrderID, t.at)
	}
	return i, ended, err
}

// ofAnotherOrder tells that t is about an order of Douyin's that is not the one of i's payment: the
// shop has used an instruction's number before, without ordersync. Nothing of i is meant then, and i
// fails when Douyin is asked about it.
func (i *Instruction) ofAnotherOrder(tx *gorm.DB, t news) (bool, error) {
	if i.Origin != OriginOurs || t.DouyinOrderID == "" || i.OutOrderNo == "" {
		return false, nil
	}
	p, found, err := readAnyPayment(tx, i.OutOrderNo, "")
	return found && p.System == Trade && p.DouyinOrderID != "" && p.DouyinOrderID != t.DouyinOrderID, err
}

// locate takes over what t tells of an instruction's order. found: it has one now.
func (i *Instruction) locate(t news, at home) (found bool) {
	i.DouyinOrderID = cmp.Or(i.DouyinOrderID, cut.To(t.DouyinOrderID, maxID))
	i.OutOrderNo = cmp.Or(i.OutOrderNo, cut.To(cmp.Or(at.outOrderNo, t.OutOrderNo), maxID))
	if i.OrderID != "" || at.orderID == "" {
		return false
	}
	i.OrderID, i.Currency = at.orderID, cmp.Or(i.Currency, at.currency)
	if i.Alarm == AlarmUnknownOrder {
		i.Alarm, i.AlarmAt = "", nil
	}
	return true
}

// fill takes over what t says of a refund that Douyin has opened. The end is as if pre_create_refund,
// which says most, had come first.
func (i *Instruction) fill(t news) {
	if i.Origin == OriginOther && t.Origin != "" && t.Origin != OriginOurs {
		i.Origin = t.Origin
	}
	if i.Money != Refund {
		return
	}
	text, items, currency, moved := cut.To(t.Text, maxMessage), orNone(t.Items), cut.To(t.Currency, maxCurrency), i.Amount
	if t.asked == nil {
		i.Text, i.Items, i.Currency = cmp.Or(i.Text, text), cmp.Or(i.Items, items), cmp.Or(i.Currency, currency)
		i.Amount = cmp.Or(i.Amount, t.result.Amount)
		i.needAudit(t)
		return
	}
	if i.Audit.Answer != "" { // it was asked before
		return
	}
	i.Text, i.Items, i.Currency, i.Amount = text, cmp.Or(items, i.Items), cmp.Or(currency, i.Currency), t.result.Amount
	if i.State == MoneySucceeded && moved != 0 {
		i.compareAmount(Result{Answer: Answer{At: t.at}, Amount: moved})
	}
	i.needAudit(t)
}

// needAudit takes over whether Douyin wants a word, and until when. A callback may leave the deadline
// to be guessed, so the one that Douyin tells when it is asked is better.
func (i *Instruction) needAudit(t news) {
	a, until := &i.Audit, t.audit.Deadline
	a.State = cmp.Or(a.State, AuditNone)
	if a.State == AuditNone {
		a.State = cmp.Or(t.audit.State, AuditNone)
	}
	if t.audit.State != "" && t.audit.State != AuditNone && until != nil && (a.Deadline == nil || t.asked == nil && !a.Deadline.Equal(*until)) {
		a.Deadline = until
	}
	if a.State == AuditNeeded && a.Deadline == nil && !t.latest.IsZero() { // without one nobody would be warned
		a.Deadline = &t.latest
	}
	a.DenyMessage = cmp.Or(a.DenyMessage, t.audit.DenyMessage)
}

// takeAnswer makes the answer to pre_create_refund, unless there is one.
func (i *Instruction) takeAnswer(t news) (err error) {
	if t.asked != nil && i.Audit.Answer == "" {
		i.Audit.Answer, err = t.asked.Answer(i.Number)
	}
	return err
}

// writeContent writes what is told of an instruction beside its state.
func (s *Store) writeContent(tx *gorm.DB, i *Instruction) error {
	l := ledgers[i.Money]
	set, args := "", []any{i.OrderID, i.OutOrderNo, i.DouyinOrderID, i.Text, i.fingerprint(), string(i.Origin)}
	if i.Money == Refund {
		set = ", `items` = ?, `currency` = ?, `answer` = ?"
		args = append(args, nullText(i.Items), i.Currency, nullText(i.Audit.Answer))
	}
	return tx.Exec("UPDATE "+quote(l.table)+" SET `order_id` = ?, `out_order_no` = ?, `douyin_order_id` = ?, "+quote(l.text)+" = ?, `fingerprint` = ?, `origin` = ?"+set+
		" WHERE "+quote(l.number)+" = ?", append(args, i.Number)...).Error
}
