package configs

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statusWords are the words of package douyin for order_status; configs imports nothing of ours; a test in cmd/internal/assembly keeps
// both equal.
var statusWords = []string{"unpaid", "paid", "cancelled", "redeemed", "refunding", "refunded", "refund_failed"}

// StatusWords are Douyin's words, in the order of its numbers.
func StatusWords() []string { return slices.Clone(statusWords) }

func required(c check) check {
	return func(s string) error {
		if s == "" {
			return errors.New("must not be empty")
		}
		return c.run(s)
	}
}

// optional lets an empty text pass.
func optional(s string, c check) error {
	if s == "" {
		return nil
	}
	return c(s)
}

// oneOf never serves secrets, so it may show what it found.
func oneOf(words ...string) check {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("want one of %s, found %q", strings.Join(words, ", "), s)
	}
}

// noSpace finds what a copy from Douyin's console most often brings along.
func noSpace(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0x3000 || r == 0xfeff }) {
		return errors.New("must not have spaces or control characters (copied with a line end?)")
	}
	return nil
}

// timeZone checks a name of the IANA database.
func timeZone(s string) error {
	if s == "" {
		return nil
	}
	if _, err := time.LoadLocation(s); err != nil {
		return fmt.Errorf("want a time zone such as Asia/Shanghai, found %q", s)
	}
	return nil
}

func bearerToken(s string) error {
	if len(s) < 16 {
		return errors.New("want at least 16 characters, such as the output of: openssl rand -hex 32")
	}
	return noSpace(s)
}

func userName(s string) error {
	if s == "" || strings.ContainsRune(s, ':') {
		return errors.New("want a user name without a colon")
	}
	return nil
}

// userHash looks at the form only; package admin reads the hash.
func userHash(s string) error {
	role, hash, _ := strings.Cut(strings.TrimSpace(s), ":")
	if role != "viewer" && role != "operator" || !strings.HasPrefix(hash, "$2") {
		return errors.New("want viewer:<bcrypt hash> or operator:<bcrypt hash>; `ordersync admin-hash` makes the hash")
	}
	return nil
}

var identifier = regexp.MustCompile(`^[A-Za-z0-9_$]{1,64}$`)

func columnName(s string) error {
	return optional(s, func(s string) error {
		if !identifier.MatchString(s) {
			return fmt.Errorf("want a column name of letters, digits, _ and $, found %q", s)
		}
		return nil
	})
}

func tableName(s string) error {
	schema, table, two := strings.Cut(s, ".")
	if !identifier.MatchString(schema) || two && !identifier.MatchString(table) {
		return fmt.Errorf("want a table name of letters, digits, _ and $, or schema.table, found %q", s)
	}
	return nil
}

func hostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	n, numErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numErr != nil || n > 65535 || strings.ContainsAny(host, " /") {
		return fmt.Errorf("want host:port, found %q", s)
	}
	return nil
}

func optionalHostPort(s string) error { return optional(s, hostPort) }

// webURL lets an empty text pass. A URL may hold a password, so it is never shown.
func webURL(s string) error {
	return optional(s, func(s string) error {
		u, err := url.Parse(s)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return errors.New("want an address that begins with https:// or http://")
		}
		return nil
	})
}

// baseURL keeps the app's secret from travelling in the clear: http is for this machine and private networks.
func baseURL(s string) error {
	if err := webURL(s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("want an address without user, query and fragment")
	}
	if u.Scheme == "http" && !private(u.Hostname()) {
		return errors.New("want https:// (http:// only towards this machine, a private address or a name without a dot)")
	}
	return nil
}

// notifyURL is what package douyin lets into a signed request: Douyin calls only https on port 443, a simulator any address. An empty
// text passes.
func notifyURL(s string, simulator bool) error {
	return optional(s, func(s string) error {
		u, err := url.Parse(s)
		switch {
		case len(s) > 256:
			return fmt.Errorf("want at most 256 bytes, found %d", len(s))
		case err != nil || u.Hostname() == "" || u.User != nil:
			return errors.New("want an https:// address with a host and without user and password")
		case simulator:
			return nil
		case u.Scheme != "https" || u.Port() != "" && u.Port() != "443":
			return errors.New("want https:// on port 443: Douyin calls nothing else (http:// and other ports only where douyin.base_url is http://, a simulator)")
		}
		return nil
	})
}

func private(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate()
	}
	return !strings.Contains(host, ".")
}

var placeholder = regexp.MustCompile(`\{[^}]*\}?`)

func placeholders(s string) error {
	for _, p := range placeholder.FindAllString(s, -1) {
		if !slices.Contains([]string{"{id}", "{sn}", "{order_id}", "{product_id}", "{course_id}"}, p) {
			return fmt.Errorf("want {id}, {sn}, {order_id}, {product_id} or {course_id}, found %q", p)
		}
	}
	return nil
}

// miniAppPage is placeholders of a page of the mini-app: every order with a web address would be refused.
func miniAppPage(s string) error {
	if before, _, web := strings.Cut(s, "://"); web && !strings.Contains(before, "?") {
		return errors.New("want a page of the mini-app such as pages/course/course, and no web address")
	}
	return placeholders(s)
}

// unfilled refuses a placeholder for which this shop has no value: it would be sent as nothing.
func (s *Shop) unfilled(text string) string {
	for _, p := range placeholder.FindAllString(text, -1) {
		switch {
		case s.SQL.Order != "" && p != "{id}" && p != "{order_id}":
			return fmt.Sprintf("shop.sql.order has no column for %s: want {id} or {order_id}, or let it answer the whole value as detail_url or item_code", p)
		case p == "{sn}" && s.Columns.SN == "":
			return "{sn} is the value of shop.columns.sn, which is empty"
		}
	}
	return ""
}

// settleDesc: settle_desc is at most 80 characters (ecpay v1, settle).
func settleDesc(s string) error {
	if n := len([]rune(s)); n > 80 {
		return fmt.Errorf("want at most 80 characters, found %d", n)
	}
	return nil
}

func redisURI(s string) error {
	return optional(s, func(s string) error {
		_, err := Redis{URI: Secret(s)}.parse()
		return err
	})
}

// together checks what no single key can know.
func (c *Config) together() []Problem {
	var out []Problem
	if _, problem, ok := c.MySQL.secure(); !ok {
		problem.From = c.from[problem.Key]
		out = append(out, problem)
	}
	if c.Redis.URI != "" && len(c.Redis.ClusterAddrs) > 0 {
		out = append(out, Problem{Key: "redis.cluster_addrs", From: c.from["redis.cluster_addrs"], Want: "redis.uri is set too: want one of both"})
	}
	if c.Redis.URI != "" || len(c.Redis.ClusterAddrs) > 0 {
		var bad *Error
		if _, err := c.Redis.Options(); errors.As(err, &bad) {
			for _, p := range bad.Problems {
				p.From = c.from[p.Key]
				out = append(out, p)
			}
		}
	}
	if c.Scheduler.SweepAfter >= c.Scheduler.Lookback {
		out = append(out, Problem{Key: "scheduler.lookback", From: c.from["scheduler.lookback"], Want: fmt.Sprintf(
			"%v is not longer than scheduler.sweep_after (%v): the sweep would never find an order", c.Scheduler.Lookback, c.Scheduler.SweepAfter)})
	}
	if err := notifyURL(c.Douyin.NotifyURL, strings.HasPrefix(c.Douyin.BaseURL, "http://")); err != nil {
		out = append(out, Problem{Key: "douyin.notify_url", From: c.from["douyin.notify_url"], Want: err.Error()})
	}
	if c.Gateway.CallbackAddr != "" && samePort(c.Gateway.CallbackAddr, c.Gateway.Addr) {
		out = append(out, Problem{Key: "gateway.callback_addr", From: c.from["gateway.callback_addr"],
			Want: "want another port than gateway.addr has: the one is for the internet, the other is not"})
	}
	out = append(out, c.oneShop()...)
	for _, k := range []struct{ path, text string }{{"shop.detail_url", c.Shop.DetailURL}, {"shop.item_code", c.Shop.ItemCode}} {
		if want := c.Shop.unfilled(k.text); want != "" {
			out = append(out, Problem{Key: k.path, From: c.from[k.path], Want: want})
		}
	}
	if c.Shop.SQL.Order == "" && c.Shop.Columns.Status != "" && len(c.Shop.Status) == 0 {
		out = append(out, Problem{Key: "shop.status", From: c.from["shop.status"],
			Want: "no status has a word of Douyin's, so nothing would be pushed: want an entry such as 1: paid, or shop.columns.status: \"\""})
	}
	return out
}

// oneShop refuses two descriptions of the shop. What says the default says nothing: the example file
// lists every key.
func (c *Config) oneShop() []Problem {
	q := c.Shop.SQL
	if q == (ShopSQL{}) {
		return nil
	}
	if strings.TrimSpace(q.Order) == "" {
		return []Problem{{Key: "shop.sql.order", From: c.from["shop.sql.order"], Want: "is required where shop.sql.items or shop.sql.changes is set"}}
	}
	standard := Default().Shop
	columns := c.Shop.Columns
	if c.from["shop.columns.order_no"] == "" {
		columns.OrderNo = standard.Columns.OrderNo // Load set it
	}
	var other string
	switch {
	case c.Shop.Tables != standard.Tables:
		other = "shop.tables"
	case columns != standard.Columns:
		other = "shop.columns"
	case len(c.Shop.Filter) > 0:
		other = "shop.filter"
	default:
		return nil
	}
	return []Problem{{Key: other, From: c.fromBelow(other), Want: "shop.sql.order is set too, and both describe the shop: want one of both"}}
}

// fromBelow is where the first key of a group comes from; the group itself counts as the file's.
func (c *Config) fromBelow(group string) string {
	for _, path := range slices.Sorted(maps.Keys(c.from)) {
		if strings.HasPrefix(path, group+".") {
			return c.from[path]
		}
	}
	return c.from[group]
}

// samePort tells whether two addresses have one port; 0 is a free one each time.
func samePort(a, b string) bool {
	_, p, errA := net.SplitHostPort(a)
	_, q, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && p == q && p != "0"
}
