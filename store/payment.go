package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// PaymentState is how a payment stands, in Douyin's word.
type PaymentState string

// The states of a payment. Of ecpay only those that were paid are written down.
const (
	PaymentProcess PaymentState = "PROCESS" // not paid yet
	PaymentSuccess PaymentState = "SUCCESS"
	PaymentFail    PaymentState = "FAIL"
	PaymentTimeout PaymentState = "TIMEOUT" // it was not paid in time
	PaymentCancel  PaymentState = "CANCEL"  // the buyer let it be, or its time was over
)

// Payment is a row of ordersync_payment.
type Payment struct {
	System System
	State  PaymentState

	OutOrderNo    string    // the shop's number of it, 1 to 64 bytes
	OrderID       string    // the shop's key; empty: the shop has no such order, or nothing was heard of it
	Total         Fen       // that was asked for; 0: not told yet
	Discount      Fen       // Douyin's: what was paid is Total without it
	Currency      string    // DIAMOND: amounts are diamonds; empty: fen
	PaidAt        time.Time // zero: not paid
	Way           string    // 1 WeChat, 2 Alipay, 10 Douyin Pay, 20 diamonds; empty: not told
	DouyinOrderID string    // Douyin's number of the order; empty: not told
	Alarm         string    // AlarmAmount, AlarmContradiction, AlarmUnknownOrder, AlarmUnsettled; empty: none
	Message       string    // about the alarm
	Ack           Ack       // of the alarm
	CreatedAt     time.Time // when it was asked for, or heard of first

	Data        []byte        // of trade: what is signed for tt.requestOrder; nil: the payment was made elsewhere
	Fingerprint string        // of trade: of the content that the shop asked for; empty: made elsewhere
	Items       []PaymentItem // of trade: none: not told yet

	RefundsDueAt time.Time // of trade: when Douyin is to be asked for its refunds; zero: never
}

// PaymentItem is an item of an order, as Douyin keeps it. Partial refunds name it.
type PaymentItem struct {
	ItemOrderID string `json:"item_order_id"`     // Douyin's number
	SkuID       string `json:"sku_id,omitempty"`  // of the goods, as it was sent; empty: not told
	Amount      Fen    `json:"item_order_amount"` // or diamonds, as Payment.Currency says
}

// paymentColumns are in the order in which scanPayment and paymentArgs have them.
const paymentColumns = "`out_order_no`, `order_id`, `total_fen`, `paid_at`, `way`, `douyin_order_id`, `alarm`, `message`, `created_at`, " +
	"`system`, `state`, `data`, `fingerprint`, `discount_fen`, `currency`, `items`"

func scanPayment(rows *sql.Rows) (p Payment, err error) {
	var paid, created, ack, refunds timestamp
	var items sql.NullString
	err = rows.Scan(
		&p.OutOrderNo, &p.OrderID, &p.Total, &paid, &p.Way, &p.DouyinOrderID, &p.Alarm, &p.Message, &created,
		&p.System, &p.State, &p.Data, &p.Fingerprint, &p.Discount, &p.Currency, &items, &ack, &p.Ack.By, &p.Ack.Note,
		&refunds,
	)
	p.PaidAt, p.CreatedAt, p.Ack.At, p.RefundsDueAt = paid.Time, created.Time, ack.ptr(), refunds.Time
	if err == nil && items.String != "" {
		if err = json.Unmarshal([]byte(items.String), &p.Items); err != nil {
			err = fmt.Errorf("ordersync_payment.items of %s is not as it was written down: %w", p.OutOrderNo, err)
		}
	}
	return p, err
}

func (d dialect) paymentArgs(p *Payment) ([]any, error) {
	items, err := encodeItems(p.Items)
	if err != nil {
		return nil, err
	}
	var paid any
	if !p.PaidAt.IsZero() {
		paid = d.time(p.PaidAt)
	}
	return []any{
		p.OutOrderNo, cut.To(p.OrderID, maxID), int64(p.Total), paid, cut.To(p.Way, 16), cut.To(p.DouyinOrderID, maxID), p.Alarm,
		words(p.Message), d.time(p.CreatedAt), string(cmp.Or(p.System, Ecpay)), string(cmp.Or(p.State, PaymentSuccess)),
		p.Data, p.Fingerprint, int64(p.Discount), p.Currency, nullText(items),
	}, nil
}

func encodeItems(items []PaymentItem) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	text, err := json.Marshal(items)
	if err != nil {
		return "", fmt.Errorf("items of a payment: %w", err)
	}
	return orNone(string(text)), nil
}

func readPayments(db *gorm.DB, where string, args ...any) ([]Payment, error) {
	return collect(db, scanPayment, "SELECT "+paymentColumns+", `ack_at`, `ack_by`, `ack_note`, `refunds_due_at` FROM `ordersync_payment` WHERE "+where, args...)
}

// readPayment is as readInstruction, for a payment that was paid.
func readPayment(db *gorm.DB, outOrderNo string) (Payment, bool, error) {
	p, found, err := readAnyPayment(db, outOrderNo, "")
	return p, found && p.State == PaymentSuccess, err
}

// readAnyPayment reads a payment in whatever state; lock is a dialect's, or empty.
func readAnyPayment(db *gorm.DB, outOrderNo, lock string) (Payment, bool, error) {
	all, err := readPayments(db, "`out_order_no` = ?"+lock, outOrderNo)
	if err != nil || len(all) == 0 || all[0].OutOrderNo != outOrderNo {
		return Payment{}, false, err
	}
	return all[0], true, nil
}

// AnyPayment is the payment of an out_order_no, paid or not.
func (s *Store) AnyPayment(ctx context.Context, outOrderNo string) (p Payment, found bool, err error) {
	p, found, err = readAnyPayment(s.db.WithContext(ctx), outOrderNo, "")
	if err != nil {
		return Payment{}, false, fmt.Errorf("store: payment: %w", err)
	}
	return p, found, nil
}

// Payment is the payment of an out_order_no, as Douyin confirmed it. One that was not paid is not
// found.
func (s *Store) Payment(ctx context.Context, outOrderNo string) (p Payment, found bool, err error) {
	p, found, err = readPayment(s.db.WithContext(ctx), outOrderNo)
	if err != nil {
		return Payment{}, false, fmt.Errorf("store: payment: %w", err)
	}
	return p, found, nil
}

// recordPayment writes a payment of ecpay once. A second word about it changes nothing; one with
// another amount raises AlarmAmount, and one about a number that is a payment of trade
// AlarmContradiction.
func (s *Store) recordPayment(tx *gorm.DB, p Payment) (Payment, error) {
	before, found, err := readAnyPayment(tx, p.OutOrderNo, "")
	if err != nil {
		return p, err
	}
	switch {
	case !found:
		return p, s.insertPayment(tx, p)
	case before.System == Trade:
		before.Alarm, before.Message = AlarmContradiction, fmt.Sprintf("Douyin tells of %s yuan that were paid in ecpay, and it is a payment of trade", p.Total)
	case before.Total == p.Total:
		return before, nil
	default:
		before.Alarm, before.Message = AlarmAmount, fmt.Sprintf("Douyin named %s yuan after %s", p.Total, before.Total)
	}
	before.Ack = Ack{}
	return before, s.alarmPayment(tx, p.OutOrderNo, before.Alarm, before.Message)
}

func (s *Store) insertPayment(tx *gorm.DB, p Payment) error {
	args, err := s.sql.paymentArgs(&p)
	if err != nil {
		return err
	}
	return tx.Exec("INSERT INTO `ordersync_payment` ("+paymentColumns+") VALUES "+tuples(1, len(args)), args...).Error
}

// PaymentAlarm raises an alarm at a payment that has none, or this one acknowledged. Any other one
// stays: a person looks anyway.
func (s *Store) PaymentAlarm(ctx context.Context, outOrderNo, alarm, message string) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_payment` SET `alarm` = ?, `message` = ?, `ack_at` = NULL, `ack_by` = '', `ack_note` = ''"+
		" WHERE `out_order_no` = ? AND (`alarm` = '' OR `alarm` = ? AND `ack_at` IS NOT NULL)", alarm, words(message), outOrderNo, alarm)
	if err != nil {
		return fmt.Errorf("store: payment alarm: %w", err)
	}
	return nil
}

// PaymentScan asks for one page of payments.
type PaymentScan struct {
	From, To time.Time // bounds of paid_at, both included; zero: none
	After    ScanKey   // Next of the page before; the zero value: the first page
	Limit    int       // payments read; 0: Config.BatchSize
}

// PaymentPage is one page; ID of Next is an out_order_no.
type PaymentPage struct {
	Read int // payments read
	// Unsettled are payments of the shop's orders without a settlement that runs or has succeeded,
	// and without another alarm than AlarmUnsettled.
	Unsettled []Payment
	Next      ScanKey // the last one that was read; the zero value: none was
	Done      bool    // nothing is left behind this page
}

// UnsettledPayments reads one page of payments by (paid_at, out_order_no) and keeps those that nobody
// has settled, for automatic settlement.
func (s *Store) UnsettledPayments(ctx context.Context, q PaymentScan) (PaymentPage, error) {
	where, args := "`state` = 'SUCCESS'", []any{}
	if !q.From.IsZero() {
		where, args = where+" AND `paid_at` >= ?", append(args, s.sql.time(q.From))
	}
	if !q.To.IsZero() {
		where, args = where+" AND `paid_at` <= ?", append(args, s.sql.time(q.To))
	}
	if q.After != (ScanKey{}) {
		at := s.sql.time(q.After.Time)
		where, args = where+" AND `paid_at` >= ? AND (`paid_at` > ? OR (`paid_at` = ? AND `out_order_no` > ?))", append(args, at, at, at, q.After.ID)
	}
	if q.Limit <= 0 {
		q.Limit = s.cfg.BatchSize
	}
	db := s.db.WithContext(ctx)
	payments, err := readPayments(db, where+" ORDER BY `paid_at`, `out_order_no` LIMIT ?", append(args, q.Limit)...)
	if err != nil {
		return PaymentPage{}, fmt.Errorf("store: unsettled payments: %w", err)
	}
	page := PaymentPage{Read: len(payments), Done: len(payments) < q.Limit}
	if len(payments) == 0 {
		return page, nil
	}
	last := payments[len(payments)-1]
	page.Next = ScanKey{Time: last.PaidAt, ID: last.OutOrderNo}
	settled, err := settledOrders(db, payments)
	if err != nil {
		return PaymentPage{}, fmt.Errorf("store: unsettled payments: %w", err)
	}
	for _, p := range payments {
		if p.OrderID != "" && (p.Alarm == "" || p.Alarm == AlarmUnsettled) && !settled[p.OrderID] {
			page.Unsettled = append(page.Unsettled, p)
		}
	}
	return page, nil
}

// settledOrders are those of the payments' orders that have a settlement which has not failed.
func settledOrders(db *gorm.DB, payments []Payment) (map[string]bool, error) {
	args := make([]any, 0, len(payments)+1)
	for _, p := range payments {
		args = append(args, p.OrderID)
	}
	ids, err := collect(db, scanID, "SELECT DISTINCT `order_id` FROM `ordersync_settlement` WHERE `order_id` IN ("+places(len(args))+") AND `state` <> ?",
		append(args, string(MoneyFailed))...)
	settled := make(map[string]bool, len(ids))
	for _, id := range ids {
		settled[id] = true
	}
	return settled, err
}

const noSuchOrder = "the shop has no order with this number"

// paymentOrder finds the order that a payment callback is about, and what is wrong with it.
func (s *Store) paymentOrder(ctx context.Context, c Callback) (Payment, error) {
	p := Payment{
		OutOrderNo: c.Number, Total: c.Amount, PaidAt: c.FinishedAt, Way: c.Way, DouyinOrderID: c.PlatformNo, CreatedAt: c.At,
	}
	if p.PaidAt.IsZero() {
		p.PaidAt = c.At
	}
	order, err := s.ShopOrderByNo(ctx, c.Number)
	var column *ColumnError
	switch {
	case errors.Is(err, ErrOrderNotFound):
		p.Alarm, p.Message = AlarmUnknownOrder, noSuchOrder
	case errors.As(err, &column):
		p.OrderID, p.Alarm, p.Message = order.Order.ID, AlarmAmount, column.Error()
	case err != nil:
		return p, err
	default:
		p.OrderID = order.Order.ID
		if order.Order.Amount != c.Amount {
			p.Alarm, p.Message = AlarmAmount, fmt.Sprintf("paid are %s yuan, the shop's order has %s", c.Amount, order.Order.Amount)
		}
	}
	return p, nil
}
