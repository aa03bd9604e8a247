package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Money is a kind of instruction that moves money. Both kinds live the same life; their tables
// differ in a few columns.
type Money string

// The kinds. Each is also how its table is called: ordersync_refund, ordersync_settlement.
const (
	Refund     Money = "refund"     // back to the buyer
	Settlement Money = "settlement" // out of transit, to the seller and other receivers
)

// MoneyState is how far an instruction is. It stands in the row, and nothing else has to be read to
// know it:
//
//	      announce             accepted               Douyin says so
//	new ───────────▶ sending ───────────▶ submitted ───────────────▶ succeeded | failed
//	 ▲                │ ▲  │                                              ▲
//	 └────────────────┘ └──┘ announce the next attempt                    │
//	   nothing of it    │     (asked, and Douyin does not know it)        │
//	   is at Douyin     └─────────────────────────────────────────────────┤
//	                       Douyin says so, or has refused it and          │
//	                       does not know it                               │
//	new ──────────────────────────────────────────────────────────────────┘
//	   it cannot be sent: failed
//
// The attempt is the number of requests that were announced; sending and submitted belong to the
// newest one. Every step is a compare and set on (state, attempt): whoever has seen an older pair
// changes nothing but the log (ErrSuperseded).
//
//	new        nothing of the instruction is at Douyin. It has no turn.
//	sending    a request may be at Douyin. SendingAt: since when. AnsweredAt: its answer, which decided nothing, is written
//	           down in Kind, Code and Message; nil: nobody has heard of it yet. Refused: that answer was a no.
//	submitted  accepted by Douyin, the result is to come.
//	succeeded, failed are final: no later word changes them.
//
// Turn is true from the announcement until nothing of the instruction is at Douyin, or until it is
// overdue: meanwhile nothing of the other kind leaves for the order (see the package's doc on
// turns).
//
// Alarms stand beside the state and are seen by a person; overdue, contradiction and auto_settle
// decide something, too:
//
//	overdue        no result for a day: the turn is lost. It passes with the end, or with the next turn.
//	contradiction  Douyin named another result than before, or a result of what never left: counts as moved.
//	amount         Douyin moved another amount.
//	unknown_code   refused with a code that nobody knows; Douyin does not know the instruction. It is failed.
//	unreadable     a column is not what was written there. It is failed.
//	auto_settle    Douyin settles the app's orders by itself, so it refuses a settlement of trade. It is failed, and no other is made by itself.
//	unknown_order  Douyin has opened it, for an order that the shop does not have.
//	not_understood Douyin has asked for it with a message that cannot be read: only its number is known.
//	unknown_state  the state is none of these: it is of a newer version, or edited. Nothing is sent and nothing asked.
//	unsendable     no task can name the row: nothing is sent and nothing asked.
//	audit_due      Douyin is about to agree to the refund by itself. It passes with a word, or with the audit.
type MoneyState string

// The states, as the picture above has them.
const (
	MoneyNew       MoneyState = "new"
	MoneySending   MoneyState = "sending"
	MoneySubmitted MoneyState = "submitted"
	MoneySucceeded MoneyState = "succeeded"
	MoneyFailed    MoneyState = "failed"
)

// OpenMoneyStates are the states in which something is still to come, in the order in which they
// follow each other.
func OpenMoneyStates() []MoneyState { return []MoneyState{MoneyNew, MoneySending, MoneySubmitted} }

// Final tells whether nothing will change any more.
func (s MoneyState) Final() bool { return s == MoneySucceeded || s == MoneyFailed }

// The alarms: a person has to look.
const (
	AlarmOverdue       = "overdue"       // no result for a day
	AlarmAmount        = "amount"        // Douyin names another amount than we do
	AlarmContradiction = "contradiction" // Douyin names another result than it did before, or one of what never left
	AlarmUnknownOrder  = "unknown_order" // a payment, or what Douyin has opened, for an order that the shop does not have
	AlarmUnreadable    = "unreadable"    // a column of the row is not what ordersync wrote there: it ended unsent
	AlarmUnknownCode   = "unknown_code"  // Douyin refused it with a code that nobody knows, and does not know the instruction
	AlarmAutoSettle    = "auto_settle"   // Douyin settles the app's orders by itself: no settlement of trade is made by itself while this is open
	AlarmUnknownState  = "unknown_state" // the row's state is none that this version knows: nothing is done for it
	AlarmUnsendable    = "unsendable"    // no task can name the row, so nobody ever sends it or asks about it
	AlarmUnsettled     = "unsettled"     // a payment that automatic settlement could not settle
	AlarmPutAside      = "put_aside"     // a row of the outbox that asks for money and can never be handed over
)

// Ack tells who has seen an alarm. The zero value: nobody has.
type Ack struct {
	At   *time.Time // nil: nobody has
	By   string     // that person's name
	Note string     // what became of it, in that person's words; empty: nothing was said
}

// Instruction is a row of ordersync_refund or ordersync_settlement. Kind, Code, Message and LogID are
// those of the last answer, of a call that failed as well; all are empty before the first one.
type Instruction struct {
	Money      Money
	System     System     // whose payment it is of; fixed when the row is written
	Number     string     // out_refund_no or out_settle_no
	OrderID    string     // the shop's key
	OutOrderNo string     // of the payment
	Amount     Fen        // refund: asked for; settlement: as Douyin said in the end, 0 before
	Text       string     // reason or settle_desc
	Options    string     // further parameters as JSON: RefundOptions or SettleOptions reads them
	Params     string     // settlement: settle_params, JSON text that is sent as it stands; Receivers reads it
	Finish     bool       // settlement: close the order after it
	NotBefore  *time.Time // settlement: nothing is sent before it; nil: at once

	State      MoneyState
	Attempts   int        // requests that were announced; the attempt that State speaks of
	SendingAt  *time.Time // when the newest one was announced, by the database's clock; nil: nothing of it is at Douyin
	AnsweredAt *time.Time // when its answer was written down; nil: nobody has heard of it
	Refused    string     // the kind of refusal that answered it, with Kind, Code and Message in its words; empty: it was not refused
	Turn       bool       // nothing of the other kind leaves for the order
	PlatformNo string     // refund_no or settle_no
	SentAt     *time.Time // since when a request may be at Douyin; nil: nothing of it is
	Kind       string     // of the failure; empty: no complaint
	Code       int        // Douyin's number; 0: none
	Message    string     // Douyin's words, ours, or those about the alarm
	LogID      string     // X-Tt-Logid
	Polls      int        // queries for the result
	DueAt      *time.Time // when it is to be sent, or asked about, again; nil: never
	Alarm      string     // one of those that MoneyState lists; empty: none
	AlarmAt    *time.Time // when it was raised; nil: there is none
	Ack        Ack        // of the alarm, or of the one that was there last
	CreatedAt  time.Time  // when it was written down here
	UpdatedAt  time.Time  // of the last step or answer
	FinishedAt *time.Time // when it ended; of trade as Douyin says where it does, else when we heard of it; nil: it has not ended

	Origin        Origin // who has opened it
	DouyinOrderID string // of trade: Douyin's number of the order; empty: not told

	// Of a refund of trade.
	Items    string // its share of each item, JSON as Douyin has it: [{"item_order_id","refund_amount"}]; []: all that was paid; empty: not known yet
	Currency string // DIAMOND: Amount is diamonds; empty: fen
	Audit    Audit  // what becomes of a refund that a buyer asked Douyin for

	// Of a settlement of trade.
	ItemOrderID    string // the only item that it settles; empty: the whole order
	WalletSettleID string // Douyin's second number of it

	// Altered: what was asked for is not what was written down, somebody else has changed it. False
	// for what has ended.
	Altered bool

	// ReadAt is the database's clock when Store.Instruction read the row, or MarkSending wrote it;
	// zero in lists.
	ReadAt time.Time
}

// InFlight tells whether a request was announced of which nobody has heard yet.
func (i *Instruction) InFlight() bool { return i.State == MoneySending && i.AnsweredAt == nil }

// SentFor is how long before ReadAt the newest request was announced, both by the database's clock;
// 0: nothing is at Douyin.
func (i *Instruction) SentFor() time.Duration {
	if i.SendingAt == nil {
		return 0
	}
	return i.ReadAt.Sub(*i.SendingAt)
}

// NeedsPerson tells whether there is an alarm that nobody has acknowledged.
func (i *Instruction) NeedsPerson() bool { return i.Alarm != "" && i.Ack.At == nil }

// fingerprint tells contents apart. Only what the caller asked for counts, so that it is the same
// at every repetition.
func (i *Instruction) fingerprint() string {
	content, err := json.Marshal([]any{i.Money, i.OrderID, int64(i.Amount), i.Text, i.Options, i.Params, i.Finish})
	if err != nil {
		panic(err) // texts, a number and a truth value always encode
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// ledger is where one kind of instruction lives, and all in which the kinds differ.
type ledger struct {
	table, number, platform, text string   // the table, and what its columns are called
	extra                         []string // columns that only this table has
	since                         string   // since when a row waits, as an expression

	namesAmount bool  // it asks for an amount; false: Douyin says in the end what has moved
	shown       bool  // Douyin is told of it with the order, whose row sums these instructions up
	waitsFor    Money // of these one may hold it up: see checkTurn
	forTurns    bool  // it waits for those that have their turn; false: for all that have not ended
}

// settleColumns are those that only ordersync_settlement has.
var settleColumns = []string{"settle_params", "finish", "not_before", "item_order_id", "wallet_settle_id"}

// auditColumns are those that only ordersync_refund has.
var auditColumns = []string{
	"items", "currency", "audit", "audit_deadline", "audit_word", "audit_by", "audit_at", "audit_due_at", "audit_sent_at", "audit_tries",
	"audit_message", "deny_message", "answer",
}

var ledgers = map[Money]ledger{
	Refund: {
		table: "ordersync_refund", number: "out_refund_no", platform: "refund_no", text: "reason",
		extra:       auditColumns,
		since:       "`created_at`",
		namesAmount: true, shown: true,
		waitsFor: Settlement, forTurns: true,
	},
	Settlement: {
		table: "ordersync_settlement", number: "out_settle_no", platform: "settle_no", text: "settle_desc",
		extra:    settleColumns,
		since:    "COALESCE(`not_before`, `created_at`)", // it waits since its time has come
		waitsFor: Refund,
	},
}

// columns are a table's columns in the order in which scan and instructionArgs have them.
func (l ledger) columns() []string {
	return append([]string{
		l.number, "order_id", "out_order_no", "amount_fen", l.text, "options", "fingerprint", "state", l.platform, "sent_at", "kind", "code", "message", "log_id",
		"attempts", "polls", "due_at", "alarm", "alarm_at", "ack_at", "ack_by", "ack_note", "created_at", "updated_at", "finished_at",
		"sending_at", "answered_at", "refused", "has_turn", "system", "origin", "douyin_order_id",
	}, l.extra...)
}

// storedInstruction is an instruction as it lies in its table.
type storedInstruction struct {
	Instruction
	print string
}

func (m Money) scan(rows *sql.Rows) (storedInstruction, error) {
	i := storedInstruction{Instruction: Instruction{Money: m}}
	var options sql.NullString
	var sent, due, alarm, ack, created, updated, finished, sending, answered timestamp
	into := []any{
		&i.Number, &i.OrderID, &i.OutOrderNo, &i.Amount, &i.Text, &options, &i.print, &i.State, &i.PlatformNo, &sent, &i.Kind, &i.Code, &i.Message, &i.LogID,
		&i.Attempts, &i.Polls, &due, &i.Alarm, &alarm, &ack, &i.Ack.By, &i.Ack.Note, &created, &updated, &finished,
		&sending, &answered, &i.Refused, &i.Turn, &i.System, &i.Origin, &i.DouyinOrderID,
	}
	extra := i.extra()
	if err := rows.Scan(append(into, extra.into()...)...); err != nil {
		return i, err
	}
	extra.read()
	i.Options = options.String
	i.SentAt, i.DueAt, i.AlarmAt, i.FinishedAt = sent.ptr(), due.ptr(), alarm.ptr(), finished.ptr()
	i.Ack.At, i.CreatedAt, i.UpdatedAt = ack.ptr(), created.Time, updated.Time
	i.SendingAt, i.AnsweredAt = sending.ptr(), answered.ptr()
	i.readOldForm()
	i.Altered = !i.State.Final() && i.print != "" && i.print != i.fingerprint()
	return i, nil
}

// readOldForm understands a row that a process of an older version has written since the migration:
// there, a request that may have left was a new row with a time of sending, and its turn followed
// from that time.
func (i *Instruction) readOldForm() {
	switch {
	case i.SentAt == nil || i.SendingAt != nil:
	case i.State == MoneyNew:
		i.State, i.Turn, i.SendingAt = MoneySending, i.Alarm != AlarmOverdue, &i.UpdatedAt
	case i.State == MoneySubmitted:
		i.Turn, i.SendingAt, i.AnsweredAt = i.Alarm != AlarmOverdue, i.SentAt, &i.UpdatedAt
	}
}

func (d dialect) instructionArgs(i *Instruction) []any {
	args := []any{
		i.Number, i.OrderID, i.OutOrderNo, int64(i.Amount), i.Text, nullText(i.Options), i.fingerprint(), string(i.State), cut.To(i.PlatformNo, maxID), d.timePtr(i.SentAt),
		cut.To(i.Kind, maxKind), i.Code, words(i.Message), cut.To(i.LogID, maxLogID), i.Attempts, i.Polls, d.timePtr(i.DueAt), i.Alarm, d.timePtr(i.AlarmAt),
		d.timePtr(i.Ack.At), cut.To(i.Ack.By, maxID), cut.To(i.Ack.Note, maxMessage), d.time(i.CreatedAt), d.time(i.UpdatedAt), d.timePtr(i.FinishedAt),
		d.timePtr(i.SendingAt), d.timePtr(i.AnsweredAt), cut.To(i.Refused, maxKind), i.Turn,
		string(cmp.Or(i.System, Ecpay)), string(cmp.Or(i.Origin, OriginOurs)), cut.To(i.DouyinOrderID, maxID),
	}
	return append(args, i.extra().args(d)...)
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

// readOfPayment reads an order's rows and those of other orders that name its payment, by one index
// each: where a table is small, a server would rather read it whole, and wait for rows that are
// none of its business.
func (s *Store) readOfPayment(db *gorm.DB, m Money, of Instruction, and, lock string, args ...any) ([]storedInstruction, error) {
	var all []storedInstruction
	for _, by := range []struct{ index, where string }{{"order", "`order_id` = ?"}, {"payment", "`out_order_no` = ? AND `order_id` <> ?"}} {
		l := ledgers[m]
		table, keys := quote(l.table), []any{of.OrderID}
		if !s.sql.sqlite {
			table += " FORCE INDEX (" + l.table + "_" + by.index + ")"
		}
		if by.index == "payment" {
			keys = []any{of.OutOrderNo, of.OrderID}
		}
		found, err := collect(db, m.scan, "SELECT "+columnList("", l.columns())+" FROM "+table+" WHERE "+by.where+and+lock, append(keys, args...)...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// readInstruction reads one row by its number, byte for byte: to MySQL "R1 " is "R1".
func readInstruction(db *gorm.DB, m Money, number, lock string) (i storedInstruction, found bool, err error) {
	all, err := readInstructions(db, m, quote(ledgers[m].number)+" = ?", lock, number)
	if err != nil || len(all) == 0 || all[0].Number != number {
		return storedInstruction{}, false, err
	}
	return all[0], true, nil
}

// Instruction is the instruction with this developer number, compared byte for byte.
func (s *Store) Instruction(ctx context.Context, m Money, number string) (i Instruction, found bool, err error) {
	db := s.db.WithContext(ctx)
	stored, found, err := readInstruction(db, m, number, "")
	if err == nil && found {
		stored.ReadAt, err = s.readClock(db) // behind the row: it is never younger than it seems
	}
	if err != nil {
		return Instruction{}, false, fmt.Errorf("store: %s %s: %w", m, cut.To(number, maxID), err)
	}
	return stored.Instruction, found, nil
}

// Instructions are an order's refunds or settlements, oldest first; none where it has none.
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
