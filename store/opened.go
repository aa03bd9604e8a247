package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// home is where an instruction belongs that Douyin has opened. No order: nobody knows it (yet).
type home struct{ orderID, outOrderNo string }

// findHome finds the order of what Douyin has opened: by what is known of Douyin's number of the order,
// then by the payment's number, where it was told.
func (s *Store) findHome(ctx context.Context, douyinOrderID, outOrderNo string) (home, error) {
	db := s.db.WithContext(ctx)
	if douyinOrderID != "" {
		at, err := homeByDouyin(db, douyinOrderID)
		if err != nil || at.orderID != "" {
			return at, err
		}
		outOrderNo = cmp.Or(outOrderNo, at.outOrderNo)
	}
	if outOrderNo == "" {
		return home{}, nil
	}
	p, _, err := readAnyPayment(db, outOrderNo, "")
	if err != nil || p.OrderID != "" {
		return home{p.OrderID, outOrderNo}, err
	}
	order, err := s.ShopOrderByNo(ctx, outOrderNo)
	var column *ColumnError
	switch {
	case err == nil, errors.As(err, &column):
		return home{order.Order.ID, outOrderNo}, nil
	case errors.Is(err, ErrOrderNotFound):
		return home{"", outOrderNo}, nil
	}
	return home{}, err
}

// homeByDouyin looks for a payment of trade, or for an instruction, that has Douyin's number of the
// order.
func homeByDouyin(db *gorm.DB, douyinOrderID string) (home, error) {
	payments, err := readPayments(db, "`system` = 'trade' AND `douyin_order_id` = ? ORDER BY `created_at` LIMIT 1", douyinOrderID)
	if err != nil || len(payments) > 0 && payments[0].OrderID != "" {
		return homeOf(payments), err
	}
	for _, m := range []Money{Refund, Settlement} {
		known, err := readInstructions(db, m, "`douyin_order_id` = ? AND `order_id` <> '' LIMIT 1", "", douyinOrderID)
		if err != nil {
			return home{}, err
		}
		if len(known) > 0 {
			return home{known[0].OrderID, known[0].OutOrderNo}, nil
		}
	}
	return homeOf(payments), nil
}

func homeOf(payments []Payment) home {
	if len(payments) == 0 {
		return home{}
	}
	return home{payments[0].OrderID, payments[0].OutOrderNo}
}

// open writes an instruction down that Douyin has opened: as it ended, or, where Douyin asks about
// it, as submitted.
func (s *Store) open(tx *gorm.DB, m Money, c TradeCallback, at home) (Instruction, error) {
	o, now := c.Opened, c.At
	i := Instruction{
		Money: m, System: Trade, Number: o.Number, OrderID: at.orderID, OutOrderNo: cmp.Or(at.outOrderNo, o.OutOrderNo),
		Text: cut.To(o.Text, maxMessage), PlatformNo: c.PlatformNo, Origin: o.Origin, DouyinOrderID: o.DouyinOrderID,
		Items: o.Items, Currency: cut.To(o.Currency, maxCurrency), ItemOrderID: o.ItemOrderID,
		SentAt: &now, SendingAt: &now, AnsweredAt: &now, CreatedAt: now, UpdatedAt: now,
	}
	if m == Refund {
		i.Amount = c.Amount
	}
	if err := checkNumber(i.Number); err != nil {
		return i, err
	}
	if err := i.opens(c); err != nil {
		return i, err
	}
	switch ecpay, err := paidInEcpay(tx, i.OutOrderNo); {
	case err != nil:
		return i, err
	case ecpay:
		i.contradict(now, "Douyin tells of it as one of trade, and the order was paid in ecpay")
	case c.Kept != "":
		i.raise(c.Kept, now)
	case i.OrderID == "":
		i.raise(AlarmUnknownOrder, now)
	}
	columns := ledgers[m].columns()
	err := tx.Exec("INSERT INTO "+quote(ledgers[m].table)+" ("+columnList("", columns)+") VALUES "+tuples(1, len(columns)), s.sql.instructionArgs(&i)...).Error
	if err != nil {
		return i, err
	}
	return i, s.opened(tx, &i, now)
}

const maxCurrency = 16

// opens gives i the state in which it is opened.
func (i *Instruction) opens(c TradeCallback) (err error) {
	if c.Asked != nil {
		i.State, i.Turn, i.DueAt = MoneySubmitted, true, &c.Asked.DueAt
		i.askAudit(c.Asked)
		i.Audit.Answer, err = c.Asked.Answer(i.Number)
		return err
	}
	r, ends := c.result()
	if !ends {
		return errors.New("store: a callback of trade that opens nothing and ends nothing")
	}
	i.State, i.FinishedAt, i.Kind, i.Message = r.State, &c.At, r.Kind, r.Message
	if i.Money == Settlement && r.State == MoneySucceeded {
		i.Amount = r.Amount
	}
	return nil
}

// askAudit is what pre_create_refund says of the audit. What Douyin has told since is newer.
func (i *Instruction) askAudit(a *AskedRefund) {
	if i.Audit.State = cmp.Or(i.Audit.State, AuditNone); i.Audit.State == AuditNone && a.NeedsAudit {
		i.Audit.State, i.Audit.Deadline = AuditNeeded, &a.Deadline
	}
}

// closeAudit: about what has ended nobody is asked any more. changed is false where nobody was.
func (i *Instruction) closeAudit() (changed bool) {
	if i.Audit.State != AuditNeeded || !i.State.Final() {
		return false
	}
	if i.Audit.Word != Deny || i.State != MoneySucceeded { // else the audit's task raises the contradiction
		i.Audit.DueAt = nil
	}
	switch overtime := i.Audit.Deadline != nil && i.FinishedAt != nil && !i.FinishedAt.Before(*i.Audit.Deadline); {
	case i.State == MoneyFailed && i.Audit.Word == Deny:
		i.Audit.State = AuditDenied
	case i.State == MoneyFailed && i.Audit.Word != Agree:
		i.Audit.State = AuditNone
	case overtime && i.Audit.Word != Agree:
		i.Audit.State = AuditOvertime
	default:
		i.Audit.State = AuditAgreed // by us, or in Douyin's console
	}
	return true
}

func (s *Store) writeAuditEnd(tx *gorm.DB, i *Instruction) error {
	return tx.Exec("UPDATE `ordersync_refund` SET `audit` = ?, `audit_due_at` = ? WHERE `out_refund_no` = ?",
		string(i.Audit.State), s.sql.timePtr(i.Audit.DueAt), i.Number).Error
}

// hearAsked gives a refund that is known already what pre_create_refund says of it, and its answer.
func (s *Store) hearAsked(tx *gorm.DB, c TradeCallback, i Instruction) (Instruction, error) {
	if i.Audit.Answer != "" {
		return i, nil
	}
	var err error
	if i.Audit.Answer, err = c.Asked.Answer(i.Number); err != nil || i.System != Trade {
		return i, err
	}
	if i.Origin != OriginOurs && c.Kept == "" {
		i.fill(c)
	}
	i.UpdatedAt = c.At
	err = tx.Exec("UPDATE `ordersync_refund` SET `amount_fen` = ?, `reason` = ?, `fingerprint` = ?, `origin` = ?, `items` = ?, `currency` = ?, `audit` = ?, "+
		"`audit_deadline` = ?, `audit_due_at` = ?, `answer` = ?, `alarm` = ?, `alarm_at` = ?, `message` = ?, `updated_at` = ? WHERE `out_refund_no` = ?",
		int64(i.Amount), i.Text, i.fingerprint(), string(i.Origin), nullText(i.Items), i.Currency, string(cmp.Or(i.Audit.State, AuditNone)),
		s.sql.timePtr(i.Audit.Deadline), s.sql.timePtr(i.Audit.DueAt), i.Audit.Answer, i.Alarm, s.sql.timePtr(i.AlarmAt), cut.To(i.Message, maxMessage),
		s.sql.time(i.UpdatedAt), i.Number).Error
	if err != nil {
		return i, err
	}
	return i, s.refundsChanged(tx, Refund, i.OrderID, c.At)
}

// fill: a callback has overtaken pre_create_refund, or Douyin was asked meanwhile. The end is as if
// pre_create_refund had come first.
func (i *Instruction) fill(c TradeCallback) {
	o, moved := c.Opened, i.Amount
	i.Text, i.Origin = cut.To(o.Text, maxMessage), o.Origin
	i.Items, i.Currency = cmp.Or(o.Items, i.Items), cmp.Or(cut.To(o.Currency, maxCurrency), i.Currency)
	i.Amount = c.Amount
	if i.State == MoneySucceeded && moved != 0 {
		i.compareAmount(Result{Answer: Answer{At: c.At}, Amount: moved})
	}
	i.askAudit(c.Asked)
	i.closeAudit()
}

// locate writes down what a callback tells of an instruction's order.
func (s *Store) locate(tx *gorm.DB, i *Instruction, douyinOrderID string, at home, now time.Time) error {
	finds := i.OrderID == "" && at.orderID != ""
	if !finds && (douyinOrderID == "" || i.DouyinOrderID != "") {
		return nil
	}
	i.DouyinOrderID = cmp.Or(i.DouyinOrderID, douyinOrderID)
	if finds {
		i.OrderID, i.OutOrderNo = at.orderID, cmp.Or(i.OutOrderNo, at.outOrderNo)
		if i.Alarm == AlarmUnknownOrder {
			i.Alarm, i.AlarmAt = "", nil
		}
	}
	l := ledgers[i.Money]
	err := tx.Exec("UPDATE "+quote(l.table)+" SET `order_id` = ?, `out_order_no` = ?, `douyin_order_id` = ?, `fingerprint` = ?, `alarm` = ?, `alarm_at` = ? WHERE "+quote(l.number)+" = ?",
		i.OrderID, cut.To(i.OutOrderNo, maxID), cut.To(i.DouyinOrderID, maxID), i.fingerprint(), i.Alarm, s.sql.timePtr(i.AlarmAt), i.Number).Error
	if err != nil || !finds {
		return err
	}
	return s.opened(tx, i, now)
}

// opened is what follows for the order of an instruction that Douyin has opened: it is one of trade,
// unless it has a system already, and its refunds are summed up.
func (s *Store) opened(tx *gorm.DB, i *Instruction, now time.Time) error {
	if i.OrderID == "" {
		return nil
	}
	if i.Alarm != AlarmContradiction {
		if err := tx.Exec("UPDATE `ordersync_order` SET `system` = ? WHERE `order_id` = ? AND `system` = ''", string(Trade), i.OrderID).Error; err != nil {
			return err
		}
	}
	return s.refundsChanged(tx, i.Money, i.OrderID, now)
}

func paidInEcpay(tx *gorm.DB, outOrderNo string) (bool, error) {
	if outOrderNo == "" {
		return false, nil
	}
	p, found, err := readAnyPayment(tx, outOrderNo, "")
	return found && p.System != Trade, err
}

// adopt gives the instructions their order that came before anybody knew it: a refund callback
// overtakes its payment's. Whoever learns of either calls it behind his own transaction, so that of
// two at the same moment the later one sees both.
func (s *Store) adopt(ctx context.Context, douyinOrderID string, now time.Time) error {
	if douyinOrderID == "" {
		return nil
	}
	db := s.db.WithContext(ctx)
	waiting := false
	for _, m := range []Money{Refund, Settlement} {
		all, err := orphans(db, m, douyinOrderID, "")
		if err != nil {
			return err
		}
		waiting = waiting || len(all) > 0
	}
	if !waiting {
		return nil
	}
	at, err := s.findHome(ctx, douyinOrderID, "")
	if err != nil || at.orderID == "" {
		return err
	}
	return s.underOrderLock(ctx, at.orderID, func(tx *gorm.DB) error {
		for _, m := range []Money{Refund, Settlement} {
			all, err := orphans(tx, m, douyinOrderID, s.sql.forUpdate)
			if err != nil {
				return err
			}
			for n := range all {
				if err := s.locate(tx, &all[n].Instruction, "", at, now); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// orphans are instructions of an order of Douyin's that is not known here.
func orphans(db *gorm.DB, m Money, douyinOrderID, lock string) ([]storedInstruction, error) {
	return readInstructions(db, m, "`douyin_order_id` = ? AND `order_id` = '' ORDER BY "+quote(ledgers[m].number), lock, douyinOrderID)
}
