package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Money is a kind of instruction that moves money. Both kinds live the same life; their tables differ in a few columns.
type Money string

const (
	Refund     Money = "refund"
	Settlement Money = "settlement"
)

// MoneyState is how far an instruction is.
//
//	new ──▶ submitted ──▶ succeeded
//	 │          └───────▶ failed
//	 └──▶ succeeded, failed (a callback may overtake the answer of its call)
//
// succeeded and failed are final: no later word changes them. A word that contradicts raises AlarmContradiction instead.
type MoneyState string

const (
	MoneyNew       MoneyState = "new"       // written down; SentAt tells whether a request may have left
	MoneySubmitted MoneyState = "submitted" // accepted by Douyin, the result is to come
	MoneySucceeded MoneyState = "succeeded"
	MoneyFailed    MoneyState = "failed"
)

// Final tells whether nothing will change any more.
func (s MoneyState) Final() bool { return s == MoneySucceeded || s == MoneyFailed }

// The alarms: a person has to look.
const (
	AlarmOverdue       = "overdue"       // no result for a day
	AlarmAmount        = "amount"        // Douyin names another amount than we do
	AlarmContradiction = "contradiction" // Douyin names another result than it did before
	AlarmUnknownOrder  = "unknown_order" // a payment for an order that the shop does not have
	AlarmUnreadable    = "unreadable"    // a column of the row is not what ordersync wrote there: it ended unsent
	AlarmUnsendable    = "unsendable"    // no task can name the row, so nobody ever sends it or asks about it
	AlarmUnsettled     = "unsettled"     // a payment that automatic settlement could not settle
	AlarmPutAside      = "put_aside"     // a row of the outbox that asks for money and can never be handed over
)

// Ack tells who has seen an alarm. The zero value: nobody has.
type Ack struct {
	At   *time.Time
	By   string
	Note string // what became of it, in that person's words
}

// Instruction is a row of ordersync_refund or ordersync_settlement.
type Instruction struct {
	Money      Money
	Number     string // out_refund_no or out_settle_no
	OrderID    string // the shop's key
	OutOrderNo string // of the payment
	Amount     Fen    // refund: asked for; settlement: as Douyin said in the end, 0 before
	Text       string // reason or settle_desc
	Options    string // further parameters as JSON, as they were given
	Params     string // settlement: settle_params, JSON text that is sent as it stands
	Finish     bool   // settlement: close the order after it
	NotBefore  *time.Time

	State      MoneyState
	PlatformNo string     // refund_no or settle_no
	SentAt     *time.Time // first moment at which a request may have left; nil: nothing was ever sent
	Kind       string     // of the last answer; empty: no complaint
	Code       int
	Message    string
	LogID      string
	Attempts   int        // requests that may have left
	Polls      int        // queries for the result
	DueAt      *time.Time // when it is to be sent, or asked about, again; nil: never
	Alarm      string
	AlarmAt    *time.Time
	Ack        Ack // of the alarm, or of the one that was there last
	CreatedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time
}

// NeedsPerson tells whether there is an alarm that nobody has acknowledged.
func (i *Instruction) NeedsPerson() bool { return i.Alarm != "" && i.Ack.At == nil }

// fingerprint tells contents apart. Only what the caller asked for counts, so that it is the same at every repetition.
func (i *Instruction) fingerprint() string {
	content, err := json.Marshal([]any{i.Money, i.OrderID, int64(i.Amount), i.Text, i.Options, i.Params, i.Finish})
	if err != nil {
		panic(err) // texts, a number and a truth value always encode
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// ledger is where one kind of instruction lives.
type ledger struct {
	table, number, platform, text string
	extra                         []string // what only this table has
}

var ledgers = map[Money]ledger{
	Refund:     {"ordersync_refund", "out_refund_no", "refund_no", "reason", nil},
	Settlement: {"ordersync_settlement", "out_settle_no", "settle_no", "settle_desc", []string{"settle_params", "finish", "not_before"}},
}

// columns are a table's columns in the order in which scanInstruction and args have them.
func (l ledger) columns() []string {
	return append([]string{
		l.number, "order_id", "out_order_no", "amount_fen", l.text, "options", "fingerprint", "state", l.platform, "sent_at", "kind", "code", "message", "log_id",
		"attempts", "polls", "due_at", "alarm", "alarm_at", "ack_at", "ack_by", "ack_note", "created_at", "updated_at", "finished_at",
	}, l.extra...)
}

// storedInstruction is an instruction as it lies in its table.
type storedInstruction struct {
	Instruction
	print string
}

func (m Money) scan(rows *sql.Rows) (storedInstruction, error) {
	i := storedInstruction{Instruction: Instruction{Money: m}}
	var options, params sql.NullString
	var sent, due, alarm, ack, created, updated, finished, notBefore timestamp
	into := []any{
		&i.Number, &i.OrderID, &i.OutOrderNo, &i.Amount, &i.Text, &options, &i.print, &i.State, &i.PlatformNo, &sent, &i.Kind, &i.Code, &i.Message, &i.LogID,
		&i.Attempts, &i.Polls, &due, &i.Alarm, &alarm, &ack, &i.Ack.By, &i.Ack.Note, &created, &updated, &finished,
	}
	if m == Settlement {
		into = append(into, &params, &i.Finish, &notBefore)
	}
	if err := rows.Scan(into...); err != nil {
		return i, err
	}
	i.Options, i.Params = options.String, params.String
	i.SentAt, i.DueAt, i.AlarmAt, i.FinishedAt, i.NotBefore = sent.ptr(), due.ptr(), alarm.ptr(), finished.ptr(), notBefore.ptr()
	i.Ack.At, i.CreatedAt, i.UpdatedAt = ack.ptr(), created.Time, updated.Time
	return i, nil
}

func (d dialect) instructionArgs(i *Instruction) []any {
	args := []any{
		i.Number, i.OrderID, i.OutOrderNo, int64(i.Amount), i.Text, nullText(i.Options), i.fingerprint(), string(i.State), clip(i.PlatformNo, maxID), d.timePtr(i.SentAt),
		clip(i.Kind, maxKind), i.Code, clip(i.Message, maxMessage), clip(i.LogID, maxLogID), i.Attempts, i.Polls, d.timePtr(i.DueAt), i.Alarm, d.timePtr(i.AlarmAt),
		d.timePtr(i.Ack.At), clip(i.Ack.By, maxID), clip(i.Ack.Note, maxMessage), d.time(i.CreatedAt), d.time(i.UpdatedAt), d.timePtr(i.FinishedAt),
	}
	if i.Money == Settlement {
		args = append(args, nullText(i.Params), i.Finish, d.timePtr(i.NotBefore))
	}
	return args
}

func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// readInstructions reads the rows that where selects; lock ends a locking SELECT.
func readInstructions(db *gorm.DB, m Money, where, lock string, args ...any) ([]storedInstruction, error) {
	l := ledgers[m]
	return collect(db, m.scan, "SELECT "+columnList("", l.columns())+" FROM "+quote(l.table)+" WHERE "+where+lock, args...)
}

// readInstruction reads one row by its number.
func readInstruction(db *gorm.DB, m Money, number, lock string) (i storedInstruction, found bool, err error) {
	all, err := readInstructions(db, m, quote(ledgers[m].number)+" = ?", lock, number)
	if err != nil || len(all) == 0 {
		return storedInstruction{}, false, err
	}
	return all[0], true, nil
}

// Instruction is the instruction with this developer number.
func (s *Store) Instruction(ctx context.Context, m Money, number string) (i Instruction, found bool, err error) {
	stored, found, err := readInstruction(s.db.WithContext(ctx), m, number, "")
	if err != nil {
		return Instruction{}, false, fmt.Errorf("store: %s %s: %w", m, clip(number, maxID), err)
	}
	return stored.Instruction, found, nil
}

// Instructions are an order's refunds or settlements, oldest first.
func (s *Store) Instructions(ctx context.Context, m Money, orderID string) ([]Instruction, error) {
	stored, err := readInstructions(s.db.WithContext(ctx), m, "`order_id` = ? ORDER BY `created_at`, "+quote(ledgers[m].number), "", orderID)
	if err != nil {
		return nil, fmt.Errorf("store: %ss of order: %w", m, err)
	}
	all := make([]Instruction, len(stored))
	for i := range stored {
		all[i] = stored[i].Instruction
	}
	return all, nil
}

// AppendLog writes rows to ordersync_log, durably. Bodies are kept as Config.LogBodies says: give those of failed calls an
// outcome other than Pushed and Succeeded.
func (s *Store) AppendLog(ctx context.Context, rows ...LogRow) error {
	for i := range rows {
		if r := &rows[i]; s.cfg.LogBodies != BodiesAll && (r.Outcome == Pushed || r.Outcome == Outcome(MoneySucceeded)) {
			r.Request, r.Response = "", ""
		}
	}
	if err := s.sql.insertLog(s.db.WithContext(ctx), rows); err != nil {
		return fmt.Errorf("store: append log: %w", err)
	}
	return nil
}
