package trade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ordersync/ordersync/douyin"
)

const path = "/api/trade_basic/v1/developer/"

// Client makes the trade calls of one app. It is safe for concurrent use and meant to be shared.
type Client struct {
	cfg  Config
	wire *douyin.Wire
}

// NewClient checks cfg and makes a client. tokens hand out the client_token.
func NewClient(cfg Config, tokens douyin.Tokens) (*Client, error) {
	if tokens == nil {
		return nil, errors.New("trade: the client needs Tokens")
	}
	if f := notifyFault("NotifyURL", cfg.NotifyURL, plainHost(cfg.BaseURL)); f != nil {
		return nil, fmt.Errorf("trade: %w", f)
	}
	w, err := newWire(cfg, tokens)
	if err != nil {
		return nil, err
	}
	return &Client{cfg, w}, nil
}

// String never shows a secret.
func (c *Client) String() string { return "trade.Client{" + c.cfg.String() + "}" }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// call encodes the request, unless it has a fault, and makes the call named op.
func (c *Client) call(ctx context.Context, op string, fault *douyin.FieldError, request any, read func([]byte) bool) (douyin.Receipt, error) {
	if fault != nil {
		return douyin.Receipt{}, &douyin.Error{Op: op, Kind: douyin.Rejected, Err: fault}
	}
	body, err := douyin.Marshal(request)
	if err != nil {
		return douyin.Receipt{}, &douyin.Error{Op: op, Kind: douyin.Rejected, Err: err}
	}
	return c.wire.Call(ctx, op, path+methods[op]+"/", body, read)
}

// create is a call that makes something; field is where its answer has Douyin's id of it. A success
// without one is no answer.
func (c *Client) create(ctx context.Context, op string, fault *douyin.FieldError, request any, field string) (id string, r douyin.Receipt, err error) {
	r, err = c.call(ctx, op, fault, request, func(answer []byte) bool {
		var got struct {
			Data map[string]douyin.Cell `json:"data"`
		}
		var read reader
		ok := json.Unmarshal(answer, &got) == nil
		id = read.id(field, got.Data[field])
		return ok && read.field == ""
	})
	if err != nil {
		return "", r, err
	}
	return id, r, nil
}

// accepted reads an answer that says no more than its err_no.
func accepted([]byte) bool { return true }

// notify is the address of a callback: the given one, else the configured one.
func (c *Client) notify(given string) (address string, fault *douyin.FieldError) {
	if given == "" {
		return c.cfg.NotifyURL, nil // NewClient has looked at it
	}
	return given, notifyFault("notify_url", given, plainHost(c.cfg.BaseURL))
}

// plainHost tells that Douyin itself is reached without TLS: it is a simulator, and so may the
// address of a callback be.
func plainHost(base string) bool { return strings.HasPrefix(base, "http://") }

// notifyFault wants an https address of at most MaxURLBytes, or none.
func notifyFault(field, address string, plain bool) *douyin.FieldError {
	if f := douyin.CheckText(field, address, 0, MaxURLBytes); f != nil || address == "" {
		return f
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (!plain || u.Scheme != "http") {
		return &douyin.FieldError{Field: field, Reason: "want an https address"}
	}
	return nil
}

// first is the first fault; nil when there is none.
func first(faults ...*douyin.FieldError) *douyin.FieldError {
	for _, f := range faults {
		if f != nil {
			return f
		}
	}
	return nil
}

func fault(field, format string, args ...any) *douyin.FieldError {
	return &douyin.FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
