package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ordersync/ordersync/tasks"
)

// Instructions writes an instruction down. When a method returns nil, the instruction stands in the
// database and will be carried out, whatever becomes of Redis. fresh is false when the same number
// with the same content stood already.
//
// Errors: ErrOrderNotFound, ErrConflict, ErrBusy, *ExceedsError, *tasks.PayloadError; any other one
// says that it is not known whether the instruction stands, and that asking again with the same
// number is right.
type Instructions interface {
	Refund(ctx context.Context, r tasks.RefundRequest) (status RefundStatus, fresh bool, err error)
	Settle(ctx context.Context, s tasks.SettleRequest) (status SettlementStatus, fresh bool, err error)
}

// MoneyStatus tells what became of an instruction. found is false for a number that nobody gave.
type MoneyStatus interface {
	RefundStatus(ctx context.Context, outRefundNo string) (status RefundStatus, found bool, err error)
	SettlementStatus(ctx context.Context, outSettleNo string) (status SettlementStatus, found bool, err error)
}

// Progress is how far an instruction has come.
type Progress struct {
	State      string     `json:"state"`             // new, sending, submitted, succeeded, failed
	Kind       string     `json:"kind,omitempty"`    // of the last failure: rejected, doubtful, unavailable, ...
	Code       int        `json:"code,omitempty"`    // Douyin's code
	Message    string     `json:"message,omitempty"` // Douyin's words or ours
	LogID      string     `json:"log_id,omitempty"`  // what Douyin's support asks for
	Alarm      bool       `json:"alarm,omitempty"`   // a person must look; false again when somebody has acknowledged it
	Attempts   int        `json:"attempts"`          // announced requests
	DueAt      *time.Time `json:"due_at,omitempty"`  // when Douyin is asked next
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"` // of succeeded and failed
}

// RefundStatus is one refund: the JSON of GET /v1/refunds/{no}.
type RefundStatus struct {
	OutRefundNo string `json:"out_refund_no"`       // the shop's number; a buyer's: DY and Douyin's
	OrderID     string `json:"order_id"`            // the shop's key
	AmountFen   int64  `json:"amount_fen"`          // of DIAMOND in diamonds
	Reason      string `json:"reason"`              // the shop's words, or the buyer's
	RefundNo    string `json:"refund_no,omitempty"` // Douyin's number

	System string `json:"system,omitempty"` // ecpay, trade
	Progress
	RefundAudit
}

// RefundAudit is who has opened a refund, and how far the shop's word on it is.
type RefundAudit struct {
	Origin      string     `json:"origin,omitempty"`         // ours, user, service, expiry, other
	Audit       string     `json:"audit,omitempty"`          // as Douyin has it: none, needed, agreed, denied, overtime
	Deadline    *time.Time `json:"audit_deadline,omitempty"` // then Douyin agrees by itself
	Word        string     `json:"audit_word,omitempty"`     // the shop's: agree, deny; left out: none was said
	By          string     `json:"audit_by,omitempty"`       // who said it
	At          *time.Time `json:"audit_at,omitempty"`       // nil: none was said
	DenyMessage string     `json:"deny_message,omitempty"`   // what the buyer reads
}

// SettlementStatus is one settlement: the JSON of GET /v1/settlements/{no}.
type SettlementStatus struct {
	OutSettleNo string           `json:"out_settle_no"`        // the shop's number; an automatic one's is Douyin's
	OrderID     string           `json:"order_id"`             // the shop's key
	Desc        string           `json:"desc"`                 // empty: an automatic one
	Params      []tasks.Receiver `json:"params,omitempty"`     // empty: the seller gets all of it
	Finish      bool             `json:"finish,omitempty"`     // the order is closed after it (ecpay)
	AmountFen   int64            `json:"amount_fen,omitempty"` // what was settled, once Douyin has said it
	SettleNo    string           `json:"settle_no,omitempty"`  // Douyin's number
	NotBefore   *time.Time       `json:"not_before,omitempty"` // the settlement cycle ends then
	System      string           `json:"system,omitempty"`     // ecpay, trade
	Origin      string           `json:"origin,omitempty"`     // who has opened it: ours, or auto: Douyin by itself
	Progress
}

// What an implementation of Instructions answers beside success.
var (
	// ErrOrderNotFound: the shop has no such order, or it is not Douyin's business.
	ErrOrderNotFound = errors.New("the shop has no such order")
	// ErrConflict: the number was used before with other content. Never a second refund.
	ErrConflict = errors.New("this number was used before with other content: take a new number for a new instruction")
	// ErrBusy: another settlement of the order runs, or a refund is in flight. Asking again later
	// is right.
	ErrBusy = errors.New("another settlement or a refund of this order is running: ask again when it has finished")
)

// ExceedsError: all refunds of the order together would be more than was paid.
type ExceedsError struct {
	PaidFen    int64 // of the payment
	AlreadyFen int64 // of its refunds that have not failed
	AskedFen   int64 // of the refund that is refused
}

func (e *ExceedsError) Error() string { return "all refunds together would be more than was paid" }

// moneyProblem gives the errors of Instructions their status; nil for any other error.
func moneyProblem(err error) *Problem {
	var exceeds *ExceedsError
	switch {
	case errors.As(err, &exceeds):
		return &Problem{Status: http.StatusUnprocessableEntity, Field: "amount_fen", Detail: exceeds.Error(),
			Paid: &exceeds.PaidFen, Already: &exceeds.AlreadyFen, Asked: &exceeds.AskedFen}
	case errors.Is(err, ErrOrderNotFound):
		return &Problem{Status: http.StatusNotFound, Detail: ErrOrderNotFound.Error()}
	case errors.Is(err, ErrConflict):
		return &Problem{Status: http.StatusConflict, Detail: ErrConflict.Error()}
	case errors.Is(err, ErrBusy):
		return &Problem{Status: http.StatusConflict, Detail: ErrBusy.Error()}
	}
	return nil
}

func (g *Gateway) refund(w http.ResponseWriter, r *http.Request) error {
	var req tasks.RefundRequest
	if err := readInstruction(w, r, &req, &req.OrderID); err != nil {
		return err
	}
	if err := req.Validate(); err != nil {
		return err
	}
	status, fresh, err := g.Instructions.Refund(r.Context(), req)
	return g.instructed(w, status, fresh, err)
}

func (g *Gateway) settle(w http.ResponseWriter, r *http.Request) error {
	var req tasks.SettleRequest
	if err := readInstruction(w, r, &req, &req.OrderID); err != nil {
		return err
	}
	if err := req.Validate(); err != nil {
		return err
	}
	status, fresh, err := g.Instructions.Settle(r.Context(), req)
	return g.instructed(w, status, fresh, err)
}

// readInstruction reads the body. An order_id in it must be that of the path.
func readInstruction(w http.ResponseWriter, r *http.Request, into any, orderID *string) error {
	if err := read(w, r, true, into); err != nil {
		return err
	}
	id := r.PathValue("id")
	if *orderID != "" && *orderID != id {
		return &tasks.PayloadError{Field: "order_id", Reason: "names another order than the path"}
	}
	*orderID = id
	return nil
}

func (g *Gateway) instructed(w http.ResponseWriter, status any, fresh bool, err error) error {
	switch {
	case err != nil:
		return orUnavailable(err, "the instruction may not have been written down: ask again with the same number")
	case fresh:
		return g.reply(w, http.StatusAccepted, status)
	}
	return g.reply(w, http.StatusOK, status)
}

// orUnavailable passes on an error that has a meaning of its own and makes any other one a 503.
func orUnavailable(err error, detail string) error {
	if p := problemOf(err); p.Status != http.StatusInternalServerError {
		return p
	}
	return unavailable(detail, err)
}

func (g *Gateway) refundStatus(w http.ResponseWriter, r *http.Request) error {
	no := tasks.Refund{OutRefundNo: r.PathValue("no")}
	if err := no.Validate(); err != nil {
		return err
	}
	status, found, err := g.MoneyStatus.RefundStatus(r.Context(), no.OutRefundNo)
	return g.show(w, status, found, err, "no refund has this number")
}

func (g *Gateway) settlementStatus(w http.ResponseWriter, r *http.Request) error {
	no := tasks.Settle{OutSettleNo: r.PathValue("no")}
	if err := no.Validate(); err != nil {
		return err
	}
	status, found, err := g.MoneyStatus.SettlementStatus(r.Context(), no.OutSettleNo)
	return g.show(w, status, found, err, "no settlement has this number")
}

// show answers what was looked up, 404 with the words missing, or 503.
func (g *Gateway) show(w http.ResponseWriter, status any, found bool, err error, missing string) error {
	switch {
	case err != nil:
		return unavailable("it cannot be read now: ask again", err)
	case !found:
		return &Problem{Status: http.StatusNotFound, Detail: missing}
	}
	return g.reply(w, http.StatusOK, status)
}
