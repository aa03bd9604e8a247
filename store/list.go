package store

import (
	"context"
	"fmt"
	"time"
)

// List names what an operator looks through.
type List string

// The lists, and the index by which each is read.
const (
	ListOrders      List = "orders"      // by the shop's key
	ListWaiting     List = "waiting"     // orders by due_at
	ListRefunds     List = "refunds"     // by created_at, as are the next two; one state alone by (state, created_at)
	ListSettlements List = "settlements" //
	ListPayments    List = "payments"    //
	ListCallbacks   List = "callbacks"   // by id, which is the order of their arrival, as are the next two
	ListCalls       List = "calls"       // to Douyin
	ListOutbox      List = "outbox"      // rows of the outbox that were put aside
	ListAudits      List = "audits"      // refunds that the shop had, or has, to audit, by their deadline; one state alone by (audit, audit_deadline)
	ListAsks        List = "asks"        // payments that Douyin is asked about, by created_at
)

// ListWindow bounds how many rows one page looks through.
const ListWindow = 20_000

const listChunk = 1000

// listing is how a list is read.
type listing struct {
	table string
	key   string // the column that makes a row one, and the last of the order
	ids   bool   // key is a number that grows with time
	at    string // the time that is shown; where by is empty and ids is set, it grows with key
	by    string // the first column of the order; empty: key alone
	// index and stateIndex are what a page is read by: all states, and one.
	index, stateIndex string
	state             string // the column of states; empty: there is none
	// columns are what scanListRow reads between key and time: order_id, state, kind, code, message,
	// amount_fen, system, alarm, note, due.
	columns string
	oldest  bool // the oldest comes first
	prefix  bool // what is looked for is the begin of the key
	some    bool // only rows whose by is set
	// alarms is the table of alarms that it is, read by its index on (ack_at, alarm); empty: it has none.
	alarms AlarmTable
}

const (
	noAmount  = "0"
	openAlert = "CASE WHEN `ack_at` IS NULL THEN `alarm` ELSE '' END"
)

var listings = map[List]listing{
	ListOrders: {
		table: "ordersync_order", key: "order_id", at: "updated_at", state: "outcome", prefix: true, oldest: true,
		columns: "`order_id`, `outcome`, `kind`, `code`, `message`, " + noAmount + ", `system`, '', `order_no`, `due_at`",
	},
	ListWaiting: {
		table: "ordersync_order", key: "order_id", at: "due_at", by: "due_at", index: "ordersync_order_due", state: "outcome", oldest: true, some: true,
		columns: "`order_id`, `outcome`, `kind`, `code`, `message`, " + noAmount + ", `system`, '', `order_no`, `due_at`",
	},
	ListRefunds: {
		table: "ordersync_refund", key: "out_refund_no", at: "created_at", by: "created_at", index: "ordersync_refund_created", stateIndex: "ordersync_refund_state", state: "state", alarms: RefundAlarm,
		columns: "`order_id`, `state`, `kind`, `code`, `message`, `amount_fen`, `system`, " + openAlert + ", `refund_no`, `due_at`",
	},
	ListSettlements: {
		table: "ordersync_settlement", key: "out_settle_no", at: "created_at", by: "created_at", index: "ordersync_settlement_created", stateIndex: "ordersync_settlement_state", state: "state", alarms: SettlementAlarm,
		columns: "`order_id`, `state`, `kind`, `code`, `message`, `amount_fen`, `system`, " + openAlert + ", `settle_no`, `due_at`",
	},
	ListPayments: {
		table: "ordersync_payment", key: "out_order_no", at: "created_at", by: "created_at", index: "ordersync_payment_created", stateIndex: "ordersync_payment_state", state: "state", alarms: PaymentAlarm,
		columns: "`order_id`, `state`, '', 0, `message`, `total_fen`, `system`, " + openAlert + ", `douyin_order_id`, NULL",
	},
	ListCallbacks: {
		table: "ordersync_callback", key: "id", ids: true, at: "received_at", state: "status", alarms: CallbackAlarm,
		columns: "`order_id`, `status`, `type`, 0, `forward_message`, " + noAmount + ", `system`, " + openAlert + ", `number`, `forward_due_at`",
	},
	ListCalls: {
		table: "ordersync_log", key: "id", ids: true, at: "at", state: "outcome",
		columns: "`order_id`, `outcome`, `kind`, `code`, `message`, " + noAmount + ", '', '', `call_name`, NULL",
	},
	ListOutbox: {
		table: "ordersync_outbox_bad", key: "no", ids: true, at: "created_at", alarms: OutboxAlarm,
		columns: "`order_id`, '', `kind`, 0, `reason`, " + noAmount + ", '', " + openAlert + ", '', NULL",
	},
	ListAudits: {
		table: "ordersync_refund", key: "out_refund_no", at: "audit_deadline", by: "audit_deadline", index: "ordersync_refund_deadline", stateIndex: "ordersync_refund_audit", state: "audit", some: true, alarms: RefundAlarm,
		columns: "`order_id`, `audit`, `audit_word`, 0, CASE WHEN `audit_word` = 'deny' THEN `deny_message` ELSE `audit_message` END, `amount_fen`, `system`, " + openAlert + ", `audit_by`, `audit_at`",
	},
	ListAsks: {
		table: "ordersync_payment_ask", key: "out_order_no", at: "created_at", by: "created_at", index: "ordersync_payment_ask_created", alarms: PaymentAskAlarm,
		columns: "`order_id`, CASE WHEN `due_at` IS NULL THEN 'gave_up' ELSE 'asking' END, '', 0, `message`, `total_fen`, `system`, " + openAlert + ", CAST(`asks` AS CHAR), `due_at`",
	},
}

// ListRow is a row of a list. What a list does not have is empty.
type ListRow struct {
	Key     string // the order's key, an instruction's number, a callback's or a call's id
	OrderID string
	State   string // outcome, state, or Douyin's word; of an audit AuditState, of a payment that is asked about "asking" or "gave_up"
	Kind    string // of the failure; of a callback its type, of a row of the outbox what it asks for, of an audit the shop's word
	Code    int
	Message string
	Amount  Fen
	System  string
	Alarm   string     // that nobody has acknowledged
	Note    string     // the number at Douyin; of a callback the number that it is about, of a call its name, of an audit who said the word, of a payment that is asked about how often
	DueAt   *time.Time // of an audit: when the word was said
	At      time.Time

	sorted time.Time
}

func (r *ListRow) place() ListKey { return ListKey{r.sorted, r.Key} }

// ListKey is where a page ended.
type ListKey struct {
	At  time.Time // zero where the list goes by its key alone
	Key string
}

// ListFilter says which rows are meant. Its empty fields let everything through.
type ListFilter struct {
	State   string    `json:"state,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	NotKind string    `json:"not_kind,omitempty"` // only those of another kind, or of none
	Code    *int      `json:"code,omitempty"`
	Alarm   bool      `json:"alarm,omitempty"`    // only those with an alarm that nobody has acknowledged
	AlarmIs string    `json:"alarm_is,omitempty"` // with this one
	Unsaid  bool      `json:"unsaid,omitempty"`   // of ListAudits: only those without a word of the shop's
	Since   time.Time `json:"since,omitzero"`     // by the time that the list shows
	Until   time.Time `json:"until,omitzero"`
	Least   *Fen      `json:"least,omitempty"` // amounts; nil: no bound
	Most    *Fen      `json:"most,omitempty"`
	// Text is of ListOrders the begin of the key, as it is written; else a part of a number, of the
	// order or of the words, in whatever case.
	Text string `json:"text,omitempty"`
}

// ListQuery asks for one page.
type ListQuery struct {
	ListFilter
	After ListKey // of the last row of the page before; zero: from the begin
	Back  bool    // the page before After, in place of the page behind it
	Turn  bool    // the other end of the list comes first
	Limit int
}

// ListPage is one page, in the order of its list.
type ListPage struct {
	Rows []ListRow
	// More tells that there is, or may be, another page on the far side: where Bounded is set, behind
	// Next and not behind the last row.
	More    bool
	Next    ListKey
	Bounded bool // ListWindow rows were looked through for this page
}

// List reads one page by the index of the list; whatever the filter leaves out, it looks through
// ListWindow rows at most.
func (s *Store) List(ctx context.Context, list List, q ListQuery) (page ListPage, err error) {
	l, ok := listings[list]
	if !ok {
		return page, fmt.Errorf("store: list %q: there is none", list)
	}
	r, err := s.openList(ctx, l, q)
	if err != nil {
		return page, fmt.Errorf("store: list %s: %w", list, err)
	}
	for !r.done && len(page.Rows) <= q.Limit {
		rows, err := r.chunk(ctx)
		if err != nil {
			return page, fmt.Errorf("store: list %s: %w", list, err)
		}
		for i := range rows {
			if q.lets(&rows[i], l) {
				page.Rows = append(page.Rows, rows[i])
			}
		}
	}
	if page.Next, page.Bounded = r.after, r.bounded; len(page.Rows) > q.Limit {
		page.Rows, page.Bounded = page.Rows[:q.Limit], false
		page.Next, page.More = page.Rows[q.Limit-1].place(), true
	} else {
		page.More = r.bounded
	}
	if q.Back {
		for i, j := 0, len(page.Rows)-1; i < j; i, j = i+1, j-1 {
			page.Rows[i], page.Rows[j] = page.Rows[j], page.Rows[i]
		}
	}
	return page, nil
}

// Filled tells that there is another row behind the last one: it may not be the last of those that
// the filter lets through within the window.
func (p *ListPage) Filled() bool { return p.More && !p.Bounded }

// Places are where a page begins and ends: After for the page before it, and behind it.
func (p *ListPage) Places() (first, last ListKey) {
	if len(p.Rows) == 0 {
		return p.Next, p.Next
	}
	return p.Rows[0].place(), p.Rows[len(p.Rows)-1].place()
}

// CountList counts the rows that a filter lets through: up to most, and of ListWindow rows. exact
// tells that these are all.
func (s *Store) CountList(ctx context.Context, list List, f ListFilter, most int) (n int, exact bool, err error) {
	l, ok := listings[list]
	if !ok {
		return 0, false, fmt.Errorf("store: list %q: there is none", list)
	}
	r, err := s.openList(ctx, l, ListQuery{ListFilter: f, Limit: most})
	if err != nil {
		return 0, false, fmt.Errorf("store: count %s: %w", list, err)
	}
	if r.told {
		if n, err = r.count(ctx, most+1); err != nil {
			return 0, false, fmt.Errorf("store: count %s: %w", list, err)
		}
		return min(n, most), n <= most && r.end == (ListKey{}), nil
	}
	for !r.done {
		rows, err := r.chunk(ctx)
		if err != nil {
			return n, false, fmt.Errorf("store: count %s: %w", list, err)
		}
		for i := range rows {
			if f.lets(&rows[i], l) {
				n++
			}
		}
		if n > most {
			return most, false, nil
		}
	}
	return n, !r.bounded, nil
}

// lets tells whether a row is meant.
func (f *ListFilter) lets(r *ListRow, l listing) bool {
	switch {
	case f.State != "" && r.State != f.State, f.Kind != "" && r.Kind != f.Kind, f.NotKind != "" && r.Kind == f.NotKind, f.Code != nil && r.Code != *f.Code:
		return false
	case f.Alarm && r.Alarm == "", f.AlarmIs != "" && r.Alarm != f.AlarmIs, f.Unsaid && r.Kind != "":
		return false
	case !f.Since.IsZero() && r.At.Before(f.Since), !f.Until.IsZero() && r.At.After(f.Until):
		return false
	case f.Least != nil && r.Amount < *f.Least, f.Most != nil && r.Amount > *f.Most:
		return false
	}
	return f.Text == "" || l.prefix || holds(f.Text, r.Key, r.OrderID, r.Note, r.Message)
}
