// Package doctor looks at everything a process of ours stands on and says what to do where something is wrong.
//
// # Why a warning is not a failure
//
// A failure means that orders would not travel, or could get lost. A warning is a choice that somebody may have made on
// purpose: Redis without persistence costs a sweep after its restart, no salt means no refunds. Scripts read the exit code.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Level is how bad a result is. The zero value is OK.
type Level int

// From good to bad.
const (
	OK Level = iota
	Warning
	Failure
)

// String is the first word of a result's line.
func (l Level) String() string { return [...]string{"ok", "warn", "FAIL"}[l] }

// Result is one line. It never holds a secret.
type Result struct {
	Level Level
	Check string // "redis", "mysql", "douyin", "config"
	Found string
	Cure  string // what to do; empty when OK
	// Waits: where it is not OK, it may come right without a change of the configuration. A process
	// that begins waits for it.
	Waits bool

	words lang.Lang // of Found and Cure: see In
}

// In is r in a reader's language. Check and Level keep the words that scripts read. Where one of
// Found and Cure has no Chinese, both stay English.
func (r Result) In(l lang.Lang) Result {
	found, foundSaid := l.Find(cut.Line(r.Found))
	cure, cureSaid := l.Find(cut.Line(r.Cure))
	if foundSaid && cureSaid {
		r.Found, r.Cure, r.words = found, cure, l
	}
	return r
}

// jsonResult is a Result as `doctor --json` prints it.
type jsonResult struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warn or fail
	Detail string `json:"detail"`
	Cure   string `json:"cure"` // empty when OK
}

// MarshalJSON writes {"check","status","detail","cure"}; status is ok, warn or fail.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(jsonResult{r.Check, strings.ToLower(r.Level.String()), cut.Line(r.Found), r.Cure})
}

// String is "ok    redis: version 7.0.15", with the cure behind it where there is one.
func (r Result) String() string {
	if r.words.IsChinese() {
		return [...]string{"正常", "警告", "失败"}[r.Level] + "  " + r.Line()
	}
	return fmt.Sprintf("%-5s %s", r.Level, r.Line())
}

// Line is String without the level: "redis: version 7.0.15".
func (r Result) Line() string {
	if r.words.IsChinese() {
		s := r.Check + "：" + cut.Line(r.Found)
		if r.Cure != "" {
			s = ended(s, "。") + "处理：" + cut.Line(r.Cure)
		}
		return s
	}
	s := r.Check + ": " + cut.Line(r.Found)
	if r.Cure != "" {
		s = ended(s, ".") + " Cure: " + cut.Line(r.Cure)
	}
	return s
}

// ended is a sentence with a stop at its end, where it has no end of its own.
func ended(s, stop string) string {
	if last, _ := utf8.DecodeLastRuneInString(s); strings.ContainsRune(".?!。？！", last) {
		return s
	}
	return s + stop
}

func ok(check, format string, args ...any) Result {
	return Result{Check: check, Found: fmt.Sprintf(format, args...)}
}

func warn(check, found, cure string) Result {
	return Result{Level: Warning, Check: check, Found: found, Cure: cure}
}

func fail(check, found, cure string) Result {
	return Result{Level: Failure, Check: check, Found: found, Cure: cure}
}

// Config turns the problems of a configuration into results.
func Config(problems []configs.Problem) []Result {
	var out []Result
	for _, p := range problems {
		out = append(out, fail("config", p.String(), "correct it there and run doctor again"))
	}
	return out
}

// Shop is what Database needs: a *store.Store.
type Shop interface {
	CheckShop(ctx context.Context) []store.Finding
}

// Database checks the server, the shop's tables and ours.
func Database(ctx context.Context, shop Shop) []Result {
	var out []Result
	for _, f := range shop.CheckShop(ctx) {
		out = append(out, result("mysql", f))
	}
	return out
}

func result(check string, f store.Finding) Result {
	r := Result{Check: check, Found: f.What, Cure: f.Cure, Waits: f.Waits}
	switch {
	case !f.OK && f.Minor:
		r.Level = Warning
	case !f.OK:
		r.Level = Failure
	}
	return r
}

// Held is what Money needs: a *store.Store.
type Held interface {
	HeldMoney(ctx context.Context) ([]store.HeldMoney, error)
}

// Money tells what waits because Douyin refuses the configuration, with times in zone. Without our
// tables there is nothing to tell: Database does.
func Money(ctx context.Context, money Held, zone *time.Location) []Result {
	held, err := money.HeldMoney(ctx)
	if err != nil {
		return nil
	}
	var out []Result
	for _, h := range held {
		out = append(out, heldUp(h, zone))
	}
	return out
}

// heldUp says what is refused, which the number tells. A token that was replaced a moment ago is not
// the configuration's fault.
func heldUp(h store.HeldMoney, zone *time.Location) Result {
	what, cure := "the configuration", "compare douyin.salt, douyin.app_id, the provider and the merchant with Douyin's console; they go on by themselves"
	refused := trade.WhatIsRefused(h.Code)
	switch {
	case errors.Is(refused, trade.ErrToken):
		what, cure = "the token", "nothing at first: a token that was replaced is fetched anew and they go on by themselves; where it stays so for minutes, see that no other program fetches tokens for this app"
	case errors.Is(refused, trade.ErrRight):
		what, cure = "the app's right to the call", "open the capability 通用交易系统 for the app in Douyin's console and publish it; they go on by themselves"
	case errors.Is(refused, douyin.ErrCredentials):
		what, cure = "the app's credentials", "compare douyin.app_id and douyin.secret with Douyin's console; they go on by themselves"
	}
	said := fmt.Sprintf("%d %ss wait, the oldest since %s: Douyin refuses %s (code %d: %s)", h.Count, h.Money, h.Oldest.In(zone).Format(time.RFC3339), what, h.Code, h.Message)
	if errors.Is(refused, trade.ErrToken) {
		return warn("money", said, cure)
	}
	return fail("money", said, cure)
}

// Gateway looks at who may ask for money, and at what a proxy would have to show to the internet.
func Gateway(cfg *configs.Config) []Result {
	const check = "gateway"
	var out []Result
	tokens := make([]string, len(cfg.Gateway.Tokens)) // how many there are is what counts
	if gateway.CheckAddr(cfg.Gateway.Addr, tokens) != nil {
		out = append(out, fail(check, "gateway.addr ("+cfg.Gateway.Addr+") can be reached by others, and gateway.tokens is empty",
			"set gateway.tokens to the output of `openssl rand -hex 32` and give it to the shop, or bind gateway.addr to 127.0.0.1"))
	}
	if key := cfg.TokensNeeded(); key != "" {
		out = append(out, warn(check, "/v1 is refused: gateway.tokens is empty, and "+key+" is set",
			"set gateway.tokens to the output of `openssl rand -hex 32` and give it to the shop"))
	}
	called := cfg.Douyin.CallbackToken != "" || cfg.Douyin.NotifyURL != "" || cfg.Douyin.Trade.PlatformKey != ""
	switch {
	case cfg.Gateway.CallbackAddr != "":
		out = append(out, ok(check, "callbacks have a port of their own, %s", cfg.Gateway.CallbackAddr))
	case called:
		out = append(out, warn(check, "Douyin calls back to the port of the API, "+cfg.Gateway.Addr,
			"set gateway.callback_addr and let the proxy pass on to nothing else"))
	}
	return out
}

// Once leaves out what repeats a failure of the shop's SELECTs: one that the database refuses is in the
// way of the previews, the statuses and the times as well, and its first line has the cure.
func Once(results []Result) []Result {
	const said = "shop.sql: "
	var out []Result
	var causes []string
	for _, r := range results {
		if slices.ContainsFunc(causes, func(cause string) bool { return strings.HasSuffix(r.Found, cause) }) {
			continue
		}
		if cause, is := strings.CutPrefix(r.Found, said); is && r.Level == Failure {
			causes = append(causes, cause)
		}
		out = append(out, r)
	}
	return out
}
