package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/ordersync/ordersync/tasks/cut"
)

// What a failed call means for whoever made it, found with errors.Is; errors.As finds the *Problem.
var (
	// ErrRefused: a value is wrong (400, 413, 415, 422). Problem.Field names what to mend; the same
	// call fails again.
	ErrRefused = errors.New("a value is wrong")
	// ErrUnauthorized: the token is missing or wrong (401, 403).
	ErrUnauthorized = errors.New("the token is missing or wrong")
	// ErrNotFound: there is no such order, refund, settlement or payment (404).
	ErrNotFound = errors.New("there is no such record")
	// ErrConflict: the number was used with other content, or another instruction of the order is
	// running, or the refund has another word (409).
	ErrConflict = errors.New("it conflicts with what was asked before")
	// ErrUnavailable: no usable answer, after all tries. It may have been heard: asking again with
	// the same revision or number is right.
	ErrUnavailable = errors.New("no usable answer")
	// ErrWrongAddress: whoever answered is not the gateway's API. Nothing was asked.
	ErrWrongAddress = errors.New("the URL is not the address of the gateway's API")
	// ErrWrongSystem: douyin.payments of the gateway names the other system of payments.
	ErrWrongSystem = errors.New("the gateway makes payments of the other system")
)

// Problem is a call that failed: the gateway's problem document (RFC 9457), or what stands in its
// place where the gateway has not answered. It never holds the token.
type Problem struct { //nolint:errname // it is the RFC's document first
	Status int    `json:"status"` // HTTP; 0: no answer, or refused before anything was sent
	Title  string `json:"title"`  // of the status, in English
	Detail string `json:"detail"` // what is wrong, in English
	Field  string `json:"field"`  // what to mend, under the gateway's name; empty: no single field

	Code  int    `json:"code"`   // Douyin's number, where Douyin refused; 0: it did not
	LogID string `json:"log_id"` // of Douyin's answer: what Douyin's support asks for

	System string `json:"system"` // of ErrWrongSystem: in which the gateway makes payments, ecpay or trade

	PaidFen    *int64 `json:"paid_fen"`    // of the order, where refunds would exceed it; nil: not about that
	AlreadyFen *int64 `json:"already_fen"` // refunded or on the way
	AskedFen   *int64 `json:"asked_fen"`   // the refund that was asked for

	RequestID  string        `json:"-"` // under which the gateway's log has the call; empty: unknown
	RetryAfter time.Duration `json:"-"` // asking again makes sense then; 0: not said

	kind  error // one of the Err values; nil: another status
	cause error
}

// Error names the field and what is wrong with it.
func (p *Problem) Error() string {
	text := "client: "
	if p.Field != "" {
		text += p.Field + ": "
	}
	switch {
	case p.Detail != "":
		text += p.Detail
	case p.Title != "":
		text += p.Title
	default:
		text += fmt.Sprintf("HTTP %d", p.Status)
	}
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

// Is tells which of the Err values p is.
func (p *Problem) Is(target error) bool { return p.kind != nil && target == p.kind }

// Unwrap is what kept the answer away, such as a *net.OpError.
func (p *Problem) Unwrap() error { return p.cause }

// passing tells whether the same call may be answered in a moment. 500 and 501 come again.
func (p *Problem) passing() bool {
	return p.Is(ErrUnavailable) && p.Status != http.StatusInternalServerError && p.Status != http.StatusNotImplemented
}

// meaning is the Err value of a status; nil: none.
func meaning(status int) error {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return ErrRefused
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrUnauthorized
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusConflict:
		return ErrConflict
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return ErrUnavailable
	}
	if status >= http.StatusInternalServerError {
		return ErrUnavailable
	}
	return nil
}

const (
	maxAnswer = 8 << 20 // an answer to 500 orders has about 100 KiB
	// noSuchPath begins the gateway's answer to a path that it does not have.
	noSuchPath = "no such path"
)

// noAnswer is a request without an answer. err names the address and no header.
func noAnswer(err error) *Problem {
	return &Problem{Detail: "no answer from the gateway", kind: ErrUnavailable, cause: err}
}

func refused(field, detail string) *Problem {
	return &Problem{Field: field, Detail: detail, kind: ErrRefused}
}

// read fills out from an answer, or makes a *Problem of it.
func (c *Client) read(answer *http.Response, out any) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return &Problem{Status: answer.StatusCode, Detail: "the answer was cut off", kind: ErrUnavailable, cause: err}
	case len(text) > maxAnswer:
		return &Problem{Status: answer.StatusCode, Detail: fmt.Sprintf("the answer has more than %d bytes", maxAnswer), kind: ErrWrongAddress}
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return c.problem(answer, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		if mediaType(answer) == "application/json" {
			return &Problem{Status: answer.StatusCode, Detail: "the answer cannot be read", kind: ErrUnavailable, cause: err}
		}
		return c.wrongAddress(answer)
	}
	return nil
}

func (c *Client) problem(answer *http.Response, text []byte) *Problem {
	p := &Problem{}
	ours := mediaType(answer) == "application/problem+json" && json.Unmarshal(text, p) == nil
	status := answer.StatusCode
	switch {
	case ours && status == http.StatusNotFound && strings.HasPrefix(p.Detail, noSuchPath):
		return c.wrongAddress(answer)
	case ours:
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		p = &Problem{Detail: fmt.Sprintf("HTTP %d, and not in the gateway's words: is %s the operators' port (admin.addr), or a proxy that wants a password?", status, c.base)}
	case ofProxies(status):
		p = &Problem{Title: http.StatusText(status)}
	default:
		return c.wrongAddress(answer)
	}
	p.Status, p.kind = status, meaning(status)
	if p.System != "" {
		p.kind = ErrWrongSystem
	}
	p.RequestID, p.RetryAfter = cut.To(answer.Header.Get("X-Request-Id"), 64), retryAfter(answer.Header, time.Now())
	return p
}

// ofProxies are answers that a proxy before the gateway gives by itself, though the address is
// right.
func ofProxies(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

func (c *Client) wrongAddress(answer *http.Response) *Problem {
	return &Problem{Status: answer.StatusCode, kind: ErrWrongAddress, Detail: fmt.Sprintf(
		"%s is not the address of the gateway's API: HTTP %d (%s). Check host, port (that of gateway.addr) and path",
		c.base, answer.StatusCode, cut.To(answer.Header.Get("Content-Type"), 100))}
}

func mediaType(answer *http.Response) string {
	media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}
