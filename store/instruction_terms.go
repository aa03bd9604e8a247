package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// RefundOptions are the parameters of a refund beside number, order, amount and reason. The column
// options of ordersync_refund holds them as JSON. Their limits are those of tasks.RefundRequest; what
// is empty is not sent.
type RefundOptions struct {
	CPExtra    string `json:"cp_extra,omitempty"`    // comes back in the callback
	NotifyURL  string `json:"notify_url,omitempty"`  // https; empty: that of the configuration
	DisableMsg bool   `json:"disable_msg,omitempty"` // of ecpay: Douyin sends the buyer no message
	MsgPage    string `json:"msg_page,omitempty"`    // of ecpay: page that the message opens
	ReasonCode int    `json:"reason_code,omitempty"` // of trade: 101, 102, 103, 999; 0: 999
}

// SettleOptions are those of a settlement, in the column options of ordersync_settlement.
type SettleOptions struct {
	CPExtra   string `json:"cp_extra,omitempty"`   // comes back in the callback
	NotifyURL string `json:"notify_url,omitempty"` // https; empty: that of the configuration
}

// Receiver gets a part of a settlement. The column settle_params of ordersync_settlement holds the
// receivers as a JSON array, in the form in which they are sent.
type Receiver struct {
	MerchantUID string `json:"merchant_uid"` // Douyin's number of the receiver
	Amount      Fen    `json:"amount"`       // above 0
}

// CorruptRowError: a column of an instruction is not what ordersync wrote there. No request can be
// made of it, now or later.
type CorruptRowError struct {
	Table, Column string // ours
	Err           error  // why it cannot be read
}

func (e *CorruptRowError) Error() string {
	return fmt.Sprintf("%s.%s is not as it was written down: %v", e.Table, e.Column, e.Err)
}

func (e *CorruptRowError) Unwrap() error { return e.Err }

var errAltered = errors.New("amount, text, options or receivers are others than were asked for")

// Intact tells whether what was asked for is still what was written down. The error is a
// *CorruptRowError: nobody is paid by an amount that stands there because somebody has edited the
// row.
func (i *Instruction) Intact() error {
	if i.Altered {
		return &CorruptRowError{Table: ledgers[i.Money].table, Column: "fingerprint", Err: errAltered}
	}
	return nil
}

// RefundOptions reads Options of a refund. The error is a *CorruptRowError.
func (i *Instruction) RefundOptions() (o RefundOptions, err error) {
	err = decodeColumn(Refund, "options", i.Options, &o)
	return o, err
}

// SettleOptions reads Options of a settlement. The error is a *CorruptRowError.
func (i *Instruction) SettleOptions() (o SettleOptions, err error) {
	err = decodeColumn(Settlement, "options", i.Options, &o)
	return o, err
}

// Receivers reads Params of a settlement; none: all goes to the seller. The error is a
// *CorruptRowError.
func (i *Instruction) Receivers() (all []Receiver, err error) {
	err = decodeColumn(Settlement, "settle_params", i.Params, &all)
	return all, err
}

// decodeColumn reads the JSON of a column that may be empty.
func decodeColumn(m Money, column, text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return &CorruptRowError{Table: ledgers[m].table, Column: column, Err: err}
	}
	return nil
}

// encodeOptions makes the text of an options column; "" where nothing is set. The text is part of
// the fingerprint, so the same options must give the same bytes for ever.
func encodeOptions[T comparable](o T) (string, error) {
	var none T
	if o == none {
		return "", nil
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("store: options: %w", err)
	}
	return string(raw), nil
}

// encodeReceivers makes the text of settle_params; "" for no receivers. It is signed and sent as it
// stands, and it is part of the fingerprint: & stays &, where encodeOptions writes \u0026.
func encodeReceivers(all []Receiver) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(all); err != nil {
		return "", fmt.Errorf("store: settle_params: %w", err)
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}
