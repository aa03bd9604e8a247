package douyin

import (
	"context"
	"errors"
)

// Client talks to Douyin for one app. It is safe for concurrent use and meant to be shared: it
// keeps connections.
type Client struct {
	caller *caller
	cfg    Config
	tokens Tokens
	gate   Gate
}

// NewClient checks cfg and makes a client. tokens may be nil for a client that only makes signed
// calls: those carry no token.
func NewClient(cfg Config, tokens Tokens) (*Client, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Client{caller: newCaller(cfg), cfg: cfg, tokens: tokens, gate: cfg.Gate}
	if c.gate == nil {
		c.gate = open{}
	}
	return c, nil
}

// String never shows a secret.
func (c *Client) String() string { return "douyin.Client{" + c.cfg.String() + "}" }

// GoString is String: %#v must not print what %v hides.
func (c *Client) GoString() string { return c.String() }

// hidden are the texts that must not be seen in what a call leaves behind.
func (c *Client) hidden(more ...string) []string { return append(more, c.cfg.Secret, c.cfg.Salt) }

// open is the gate of a client without one.
type open struct{}

func (open) Enter(context.Context, string) (func(error), error) { return func(error) {}, nil }

// asError makes sure that every failure is an *Error, also one of somebody else's Gate or Tokens.
func asError(op string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Kind: Unavailable, Err: err}
}
