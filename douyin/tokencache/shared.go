package tokencache

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks/cut"
)

// shared is the part of the cache that lives in Redis: the current token, the lock of whoever
// fetches, the mark of the last forced refresh, the last failure. All keys of an app hash to one
// slot of a cluster.
type shared struct {
	rdb                            redis.UniversalClient
	sealer                         sealer
	current, lock, forced, failure string
}

func newShared(rdb redis.UniversalClient, cfg Config, s sealer) shared {
	owner := cfg.AppID + ":" + s.fingerprint
	if cfg.Host != "" {
		owner += "@" + cfg.Host
	}
	if cfg.Purpose != "" {
		owner = cfg.Purpose + ":" + owner
	}
	base := "ordersync:{token:" + owner + "}:"
	return shared{rdb, s, base + "current", base + "lock", base + "forced", base + "failure"}
}

// view is what Redis holds: a token, the failure of a fetch a moment ago, both or neither.
type view struct {
	token   string // empty: none
	left    time.Duration
	whole   time.Duration // lifetime when it was stored
	failure *douyin.Error // nil: none
}

// aged tells that the token is past the middle of its life.
func (v view) aged() bool { return v.left < v.whole/2 }

// decided tells that Redis has an answer.
func (v view) decided() bool { return v.token != "" || v.failure != nil }

// read takes one round trip.
func (s shared) read(ctx context.Context) (view, error) {
	p := s.rdb.Pipeline()
	current := p.HGetAll(ctx, s.current)
	left := p.PTTL(ctx, s.current)
	failure := p.Get(ctx, s.failure)
	wait := p.PTTL(ctx, s.failure)
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return view{}, fault(err)
	}
	v := view{failure: decodeFailure(failure.Val(), wait.Val())}
	whole, err := strconv.ParseInt(current.Val()["whole_ms"], 10, 64)
	if token := s.sealer.open(current.Val()["sealed"]); token != "" && err == nil && left.Val() > 0 {
		v.token, v.left, v.whole = token, left.Val(), time.Duration(whole)*time.Millisecond
	}
	return v, nil
}

// storeScript puts a new token in place, unless its fetcher has lost the lock and a token is there:
// that one came later. KEYS current, lock, failure. ARGV value of the lock, name, sealed token,
// lifetime in ms. Returns 1 when stored.
var storeScript = redis.NewScript(`
if redis.call('get', KEYS[2]) ~= ARGV[1] and redis.call('exists', KEYS[1]) == 1 then return 0 end
redis.call('del', KEYS[1], KEYS[3])
redis.call('hset', KEYS[1], 'name', ARGV[2], 'sealed', ARGV[3], 'whole_ms', ARGV[4])
redis.call('pexpire', KEYS[1], ARGV[4])
return 1`)

func (s shared) store(ctx context.Context, lock, token string, life time.Duration) (stored bool, err error) {
	n, err := storeScript.Run(ctx, s.rdb, []string{s.current, s.lock, s.failure},
		lock, s.sealer.name(token), s.sealer.seal(token), life.Milliseconds()).Int()
	if err != nil {
		return false, fault(err)
	}
	return n == 1, nil
}

// dropScript removes the token if it is still the stale one and no forced refresh happened in the
// last while. KEYS current, forced. ARGV name of the stale token, the while in ms. Returns 1 when
// removed.
var dropScript = redis.NewScript(`
if redis.call('hget', KEYS[1], 'name') ~= ARGV[1] then return 0 end
if not redis.call('set', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('del', KEYS[1])
return 1`)

func (s shared) drop(ctx context.Context, stale string, forceEvery time.Duration) error {
	err := dropScript.Run(ctx, s.rdb, []string{s.current, s.forced}, s.sealer.name(stale), forceEvery.Milliseconds()).Err()
	if err != nil {
		return fault(err)
	}
	return nil
}

// failureText is a failed fetch as it lies in Redis: Douyin's words, already without secrets.
type failureText struct {
	Op         string      `json:"op,omitempty"` // empty: token.fetch
	Kind       douyin.Kind `json:"kind"`
	HTTPStatus int         `json:"http,omitempty"`
	Code       int         `json:"code,omitempty"`
	Message    string      `json:"message,omitempty"`
	LogID      string      `json:"logid,omitempty"`
	Permanent  bool        `json:"permanent,omitempty"`
	Beneath    string      `json:"beneath,omitempty"` // why there was no answer of Douyin's
}

// maxBeneath bounds a network error's text, in bytes.
const maxBeneath = 256

func (s shared) remember(ctx context.Context, e *douyin.Error, d time.Duration) error {
	f := failureText{
		Op: e.Op, Kind: e.Kind, HTTPStatus: e.HTTPStatus, Code: e.Code, Message: e.Message, LogID: e.LogID,
		Permanent: errors.Is(e, douyin.ErrCredentials),
	}
	if e.Err != nil && !f.Permanent {
		f.Beneath = cut.Clean(e.Err.Error(), maxBeneath)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("tokencache: encode failure: %w", err)
	}
	if err := s.rdb.Set(ctx, s.failure, text, d).Err(); err != nil {
		return fault(err)
	}
	return nil
}

// sharedError lies beneath a failure that another caller met a moment ago. It keeps the reason of then.
type sharedError string

func (e sharedError) Error() string {
	const when = "so another caller was answered a moment ago"
	if e == "" {
		return when
	}
	return string(e) + " (" + when + ")"
}

// decodeFailure answers nil for what is no failure.
func decodeFailure(text string, wait time.Duration) *douyin.Error {
	var f failureText
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil || f.Kind < douyin.Unavailable || f.Kind > douyin.Rejected {
		return nil //nolint:nilerr // what cannot be read is no answer for anybody
	}
	e := &douyin.Error{
		Op: cmp.Or(f.Op, douyin.OpTokenFetch), Kind: f.Kind, HTTPStatus: f.HTTPStatus, Code: f.Code, Message: f.Message, LogID: f.LogID,
		RetryAfter: max(wait, 0), Err: sharedError(f.Beneath),
	}
	if f.Permanent {
		e.Err = fmt.Errorf("%w (not asked again for %s)", douyin.ErrCredentials, e.RetryAfter.Round(time.Second))
	}
	return e
}

// fault is a failure of Redis, or of the caller's context while it waited for Redis.
func fault(err error) *douyin.Error {
	return &douyin.Error{Op: douyin.OpTokenCache, Kind: douyin.Unavailable, Err: err}
}
