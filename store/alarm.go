package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// AlarmTable is where an alarm stands.
type AlarmTable string

// The tables whose rows can raise an alarm.
const (
	RefundAlarm     = AlarmTable(Refund)
	SettlementAlarm = AlarmTable(Settlement)
	PaymentAlarm    = AlarmTable("payment")
	OutboxAlarm     = AlarmTable("outbox_bad") // what the shop wrote and nobody can carry out; its numbers are BadOutboxRow.No
)

// AlarmTables are all of them.
func AlarmTables() []AlarmTable {
	return []AlarmTable{RefundAlarm, SettlementAlarm, PaymentAlarm, PaymentAskAlarm, OutboxAlarm, CallbackAlarm}
}

// alarmKeys are the tables' keys.
var alarmKeys = map[AlarmTable]string{
	RefundAlarm: "out_refund_no", SettlementAlarm: "out_settle_no", PaymentAlarm: "out_order_no", OutboxAlarm: "no",
	CallbackAlarm: "id", PaymentAskAlarm: "out_order_no",
}

// ErrNoAlarm: there is no such alarm that nobody has acknowledged. It was acknowledged before, has
// passed, or has given way to another one that nobody has seen.
var ErrNoAlarm = errors.New("store: no such alarm is open")

// SeenAlarm is an alarm as a person saw it.
type SeenAlarm struct {
	Table AlarmTable
	// Number is the row's: the developer's number of an instruction or a payment, the id of a
	// callback, BadOutboxRow.No.
	Number string
	Alarm  string // which one: another one that came meanwhile stays open
	Ack    Ack    // whose; At is needed
}

// Acknowledge records who has seen an alarm: it leaves the lists and the counts of what needs a
// person. What counts as paid back because of the alarm stays so; automatic settlement, which
// AlarmUnsettled and AlarmAutoSettle have stopped, goes on. A later alarm of the row is open again.
// The error is ErrNoAlarm, or the database's.
func (s *Store) Acknowledge(ctx context.Context, seen SeenAlarm) error {
	key, ok := alarmKeys[seen.Table]
	if !ok || seen.Alarm == "" || seen.Ack.At == nil {
		return fmt.Errorf("store: acknowledge: want a table, an alarm and a time")
	}
	var number any = seen.Number
	if seen.Table == OutboxAlarm { // beside text a number would find what only begins with it
		no, err := strconv.ParseInt(seen.Number, 10, 64)
		if err != nil {
			return ErrNoAlarm
		}
		number = no
	}
	n, err := s.exec(ctx, "UPDATE "+quote("ordersync_"+string(seen.Table))+" SET `ack_at` = ?, `ack_by` = ?, `ack_note` = ? WHERE "+quote(key)+" = ? AND `alarm` = ? AND `ack_at` IS NULL",
		s.sql.timePtr(seen.Ack.At), cut.To(seen.Ack.By, maxID), cut.To(seen.Ack.Note, maxMessage), number, seen.Alarm)
	switch {
	case err != nil:
		return fmt.Errorf("store: acknowledge: %w", err)
	case n == 0:
		return ErrNoAlarm
	}
	return nil
}

// openAlarm selects what needs a person, through the index on (ack_at, alarm).
const openAlarm = "`ack_at` IS NULL AND `alarm` > ''"

// newestAlarms selects the open alarms of a table that were raised last, of BacklogLimit of them. What
// is sorted are keys and times: of a hundred thousand whole rows the server would make files.
func newestAlarms(table AlarmTable) string {
	key, at := quote(alarmKeys[table]), quote(raised[table])
	return key + " IN (SELECT n.`k` FROM (SELECT o.`k` FROM (SELECT " + key + " AS `k`, " + at + " AS `at` FROM " + quote("ordersync_"+string(table)) +
		" WHERE " + openAlarm + " LIMIT " + strconv.Itoa(BacklogLimit) + ") o ORDER BY o.`at` DESC LIMIT ?) n) ORDER BY " + at + " DESC"
}

// Alarms lists instructions with an alarm that nobody has acknowledged, newest first, of BacklogLimit
// of them.
func (s *Store) Alarms(ctx context.Context, m Money, limit int) ([]Instruction, error) {
	stored, err := readInstructions(s.db.WithContext(ctx), m, newestAlarms(AlarmTable(m)), "", limit)
	if err != nil {
		return nil, fmt.Errorf("store: alarms: %w", err)
	}
	all := make([]Instruction, len(stored))
	for i := range stored {
		all[i] = stored[i].Instruction
	}
	return all, nil
}

// AutoSettleRefused tells whether Douyin has refused a settlement because it settles the app's orders by
// itself, and nobody has acknowledged that yet.
func (s *Store) AutoSettleRefused(ctx context.Context) (bool, error) {
	open, err := alarmIsOpen(s.db.WithContext(ctx), Settlement, AlarmAutoSettle)
	if err != nil {
		return false, fmt.Errorf("store: automatic settlement: %w", err)
	}
	return open, nil
}

// alarmIsOpen tells whether some instruction has the alarm and nobody has acknowledged it.
func alarmIsOpen(db *gorm.DB, m Money, alarm string) (bool, error) {
	ids, err := collect(db, scanID, "SELECT "+quote(ledgers[m].number)+" FROM "+quote(ledgers[m].table)+" WHERE `ack_at` IS NULL AND `alarm` = ? LIMIT 1", alarm)
	return len(ids) > 0, err
}

// PaymentAlarms lists payments with an alarm that nobody has acknowledged, newest first, of
// BacklogLimit of them.
func (s *Store) PaymentAlarms(ctx context.Context, limit int) ([]Payment, error) {
	all, err := readPayments(s.db.WithContext(ctx), newestAlarms(PaymentAlarm), limit)
	if err != nil {
		return nil, fmt.Errorf("store: payment alarms: %w", err)
	}
	return all, nil
}

// OutboxAlarms lists rows of the outbox that ask for money, were put aside, and that nobody has
// acknowledged, newest first.
func (s *Store) OutboxAlarms(ctx context.Context, limit int) ([]BadOutboxRow, error) {
	return s.badOutboxRows(ctx, openAlarm+" ORDER BY `no` DESC LIMIT ?", limit)
}

// AcknowledgedAlarm is an alarm that somebody has seen.
type AcknowledgedAlarm struct {
	SeenAlarm        // Alarm is empty where it has passed since
	OrderID   string // the shop's key; empty: the shop has no such order
}

// AcknowledgedAlarms lists the alarms that were acknowledged last, newest first.
func (s *Store) AcknowledgedAlarms(ctx context.Context, limit int) (all []AcknowledgedAlarm, err error) {
	for _, table := range AlarmTables() {
		seen, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (a AcknowledgedAlarm, err error) {
			var at timestamp
			err = rows.Scan(&a.Number, &a.OrderID, &a.Alarm, &at, &a.Ack.By, &a.Ack.Note)
			a.Table, a.Ack.At = table, at.ptr()
			return a, err
		}, "SELECT "+quote(alarmKeys[table])+", `order_id`, `alarm`, `ack_at`, `ack_by`, `ack_note` FROM "+quote("ordersync_"+string(table))+
			" WHERE `ack_at` IS NOT NULL ORDER BY `ack_at` DESC LIMIT ?", limit)
		if err != nil {
			return nil, fmt.Errorf("store: acknowledged alarms: %w", err)
		}
		all = append(all, seen...)
	}
	slices.SortStableFunc(all, func(a, b AcknowledgedAlarm) int { return b.Ack.At.Compare(*a.Ack.At) })
	return all[:min(len(all), limit)], nil
}

// AlarmCounts counts the alarms that nobody has acknowledged, by table and alarm: up to BacklogLimit
// for each table.
func (s *Store) AlarmCounts(ctx context.Context) ([]AlarmCount, error) {
	var c Counts
	db := s.db.WithContext(ctx)
	for _, count := range []func(*gorm.DB, *Counts) error{s.countAlarms, s.countKept} {
		if err := count(db, &c); err != nil {
			return nil, fmt.Errorf("store: alarm counts: %w", err)
		}
	}
	return c.Alarms, nil
}
