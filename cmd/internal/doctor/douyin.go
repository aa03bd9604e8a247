package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
)

// Tokens is the shared token cache, so that looking costs no token: fetching one lets the token of
// a running deployment die within five minutes.
type Tokens interface {
	Token(ctx context.Context) (string, error)
	Life(ctx context.Context) (age, left time.Duration, err error)
}

// Payments is what asks Douyin something that changes nothing: a *douyin.Client.
type Payments interface {
	QueryOrder(ctx context.Context, outOrderNo string) (douyin.OrderPayment, douyin.Receipt, error)
}

// noPayment is a number under which nobody pays.
const noPayment = "ordersync-doctor"

// Douyin checks that a token can be had, that Douyin answers a signed question, and what cannot
// work without salt and callback token. A token that the processes share already is not fetched
// again, and the line says so.
func Douyin(ctx context.Context, cfg configs.Douyin, tokens Tokens, payments Payments) []Result {
	const check = "douyin"
	host := cfg.BaseURL
	if u, err := url.Parse(cfg.BaseURL); err == nil {
		host = u.Host
	}
	// A Redis that hangs keeps the token's question until its time is over; the other one goes to
	// Douyin alone, and has time of its own.
	half, cancel := halfOf(ctx)
	out := []Result{token(half, host, cfg.AppID, tokens)}
	cancel()
	if cfg.Salt == "" {
		out = append(
			out,
			warn(
				check,
				"no salt: payments, refunds and settlements cannot be signed, and Douyin was asked nothing with it",
				"set douyin.salt if the shop needs them",
			),
		)
	} else {
		out = append(out, signed(ctx, host, payments))
	}
	if cfg.CallbackToken == "" {
		out = append(
			out,
			warn(
				check,
				"no callback token: Douyin's callbacks of ecpay are refused",
				"set douyin.callback_token if Douyin calls back",
			),
		)
	}
	return append(out, tradeCallbacks(cfg)...)
}

// halfOf has half of the time that ctx has left.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/2)
}

func token(ctx context.Context, host, app string, tokens Tokens) Result {
	const check = "douyin"
	age, left, err := tokens.Life(ctx)
	cached := err == nil && left > 0
	if err == nil {
		_, err = tokens.Token(ctx)
	}
	if err != nil {
		cure := "compare douyin.app_id and douyin.secret with Douyin's console, and see that " + host + " can be reached from here"
		var e *douyin.Error
		if errors.As(err, &e) && e.Op == douyin.OpTokenCache { // Douyin was not asked
			cure = "mend Redis first: all processes share the token there"
		}
		return fail(check, "no token from "+host+": "+err.Error(), cure)
	}
	if cached {
		return ok(check, "a token for %s is cached since %v, for %v more; %s was not asked for one",
			app, age.Round(time.Second), left.Round(time.Second), host)
	}
	return ok(check, "token from %s for %s", host, app)
}

// misconfigured are numbers of a signed question's answer that speak of our configuration:
// signature (2008), app id (2020, 2042), provider (2047, 2048), merchant (4000).
var misconfigured = map[int]bool{
	2008: true,
	2020: true,
	2042: true,
	2047: true,
	2048: true,
	4000: true,
}

// signed asks for a payment that nobody made: that Douyin does not know it shows that salt and app
// id are right.
func signed(ctx context.Context, host string, payments Payments) Result {
	const check = "douyin"
	_, _, err := payments.QueryOrder(ctx, noPayment)
	var e *douyin.Error
	switch {
	case err == nil, errors.Is(err, douyin.ErrNotFound):
		return ok(
			check,
			"%s takes our signature (it was asked for a payment that nobody made)",
			host,
		)
	case !errors.As(err, &e) || e.Kind == douyin.Unavailable && e.Code == 0:
		return fail(
			check,
			host+" does not answer a signed question: "+err.Error(),
			"see that "+host+" can be reached from here",
		)
	case misconfigured[e.Code]:
		return fail(check, host+" refuses a signed question: "+err.Error(),
			"compare douyin.salt, douyin.app_id and douyin.thirdparty_id with Douyin's console")
	}
	return warn(
		check,
		fmt.Sprintf(
			"%s answers a question about a payment that nobody made with code %d: %v",
			host,
			e.Code,
			err,
		),
		"look the number up in Douyin's documents; douyin.codes can give it a meaning",
	)
}
