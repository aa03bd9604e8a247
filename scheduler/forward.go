package scheduler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

const (
	// forwardTimeout bounds one delivery to the shop's handler, forwardClaim how long nobody else
	// tries the same one.
	forwardTimeout = 10 * time.Second
	forwardBatch   = 20
	forwardClaim   = forwardBatch*forwardTimeout + time.Minute
	// giveBackTimeout bounds how long a stopping scheduler gives back what it has claimed.
	giveBackTimeout = 3 * time.Second
	// forwardFor is how long a callback is tried; Douyin itself gives up after a day.
	forwardFor = 7 * 24 * time.Hour
	// keepForwards is longer than the last of these tries may be away.
	keepForwards = forwardFor + 24*time.Hour
	// maxForwardAnswer is more than the handler's success needs.
	maxForwardAnswer = 4 << 10
)

// forwardSteps are the waits between deliveries to the shop's handler: Douyin's own redelivery
// schedule (PAY-CB); the last one repeats.
var forwardSteps = []time.Duration{
	15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	30 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 6 * time.Hour,
}

// Forwards is the store as forwarding sees it.
type Forwards interface {
	ClaimForwards(ctx context.Context, now, until time.Time, limit int) ([]store.Forward, error)
	Forwarded(ctx context.Context, id int64, at time.Time) error
	PostponeForward(ctx context.Context, id int64, until time.Time, message string) error
	// GiveUpForward raises the alarm that a callback was never taken.
	GiveUpForward(ctx context.Context, id int64, message string) error
}

// Forward hands verified callbacks on to the shop's own handler, body and signature untouched, of
// trade with the Byte-* headers that belong to it, until it answers success as Douyin expects it:
// HTTP 200 and {"err_no":0,…}. A callback may arrive more than once, as Douyin's do. What else the
// handler answers goes nowhere: Douyin's question about a refund (pre_create_refund) was answered
// before.
type Forward struct {
	Rows Forwards
	URL  string       // of the handler; it may hold a secret, so no error or log repeats it
	HTTP *http.Client // nil: one that follows no redirect
	Now  func() time.Time
	Log  zerolog.Logger
}

// Tick delivers what is due and asks for more while batches are full. It implements Job.Do.
func (f *Forward) Tick(ctx context.Context) (more bool, err error) {
	now := f.Now()
	due, err := f.Rows.ClaimForwards(ctx, now, now.Add(forwardClaim), forwardBatch)
	if err != nil {
		return false, err
	}
	for i, c := range due {
		err := f.one(ctx, c)
		if store.OneRow(err) { // it comes again when the claim is over, and holds up no other one
			f.Log.Warn().Err(err).Str("type", c.Type).Str("number", c.Number).Msg("what became of a callback could not be written")
		} else if err != nil {
			return false, errors.Join(err, f.giveBack(ctx, due[i:]))
		}
	}
	return len(due) == forwardBatch, nil
}

// giveBack makes claimed callbacks due at once, as when a deploy stops the scheduler: nobody has to
// wait until the claim is over. The first of them may have been delivered, and is delivered again.
func (f *Forward) giveBack(ctx context.Context, rest []store.Forward) error {
	// ctx has ended, or may at any moment
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTimeout)
	defer cancel()
	now := f.Now()
	for _, c := range rest {
		err := f.Rows.PostponeForward(ctx, c.ID, now, "the delivery was interrupted")
		if err != nil && !store.OneRow(err) {
			return err // the claim is over some time
		}
	}
	return nil
}

func (f *Forward) one(ctx context.Context, c store.Forward) error {
	err := f.deliver(ctx, c)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		return f.Rows.Forwarded(ctx, c.ID, f.Now())
	}
	next, more := f.next(c.Attempts)
	log := f.Log.Warn()
	if !more {
		log = f.Log.Error().Bool("given_up", true)
	}
	log.Err(err).Str("type", c.Type).Str("number", c.Number).Int("attempt", c.Attempts+1).Msg("callback not taken by callbacks.forward_url")
	if !more {
		return f.Rows.GiveUpForward(ctx, c.ID, err.Error())
	}
	return f.Rows.PostponeForward(ctx, c.ID, next, err.Error())
}

// next is when to try again after n earlier deliveries and this one; more is false: never.
func (f *Forward) next(n int) (at time.Time, more bool) {
	tried := time.Duration(0)
	for i := range n {
		tried += forwardSteps[min(i, len(forwardSteps)-1)]
	}
	if tried > forwardFor {
		return time.Time{}, false
	}
	return f.Now().Add(forwardSteps[min(n, len(forwardSteps)-1)]), true
}

func (f *Forward) deliver(ctx context.Context, c store.Forward) error {
	ctx, cancel := context.WithTimeout(ctx, forwardTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, bytes.NewReader(c.Raw))
	if err != nil {
		return fmt.Errorf("callbacks.forward_url: %w", bare(err))
	}
	if err := withHeaders(req.Header, c.Headers); err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.client().Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", bare(err))
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is written to it
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxForwardAnswer))
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered HTTP %d", resp.StatusCode)
	}
	var answer struct {
		ErrNo *int `json:"err_no"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.ErrNo == nil {
		return errors.New(`answered something else than {"err_no":0,"err_tips":"success"}`)
	}
	if *answer.ErrNo != 0 {
		return fmt.Errorf("answered err_no %d", *answer.ErrNo)
	}
	return nil
}

// withHeaders adds what the store has kept of a callback's headers.
func withHeaders(h http.Header, kept string) error {
	if kept == "" {
		return nil
	}
	var own http.Header
	if err := json.Unmarshal([]byte(kept), &own); err != nil {
		return errors.New("ordersync_callback.headers is not as it was written down")
	}
	for name, values := range own {
		if strings.HasPrefix(name, "Byte-") { // whoever edits the row cannot choose others
			h[name] = values
		}
	}
	return nil
}

// bare drops the URL from an error: its query or user may be the shop's secret.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (f *Forward) client() *http.Client {
	if f.HTTP != nil {
		return f.HTTP
	}
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
