package dev

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks/client"
)

// fourPorts finds an address with three free ports behind it.
func fourPorts(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_ = l.Close()
		at, err := portsOf(addr)
		if err != nil {
			continue
		}
		free := true
		for _, a := range []string{at.gateway, at.pages, at.douyin, at.redis} {
			if l, err := net.Listen("tcp", a); err != nil {
				free = false
			} else {
				_ = l.Close()
			}
		}
		if free {
			return addr
		}
	}
	t.Fatal("no four free ports in a row")
	return ""
}

// started is a run of dev.
type started struct {
	t    *testing.T
	at   addresses
	out  *servertest.Buffer // what the run prints
	stop func() error
}

func begin(t *testing.T, addr, dir string, traffic bool) *started {
	t.Helper()
	at, err := portsOf(addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &started{t: t, at: at, out: &servertest.Buffer{}}
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Addr: addr, Dir: dir, Payments: "trade", Traffic: traffic, Out: s.out, Log: zerolog.Nop()})
	}()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = s.stop() })
	await(t, "what it prints", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("it ended: %v\n%s", err, s.out)
		default:
		}
		return strings.Contains(s.out.String(), "From Go")
	})
	return s
}

func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !there() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// page is Douyin's side as a browser has it.
func (s *started) page(query string) string {
	s.t.Helper()
	return s.read(http.MethodGet, "/?"+query, nil)
}

// press presses a button, and is the page that it leads to.
func (s *started) press(act, number string) string {
	s.t.Helper()
	return s.read(http.MethodPost, "/do", url.Values{"act": {act}, "number": {number}})
}

func (s *started) read(method, path string, form url.Values) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.at.douyin+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: HTTP %d, %v\n%s", method, path, answer.StatusCode, err, body)
	}
	return string(body)
}

var (
	orderRow  = regexp.MustCompile(`(?s)<tr><th scope="row"><a [^>]*>(\d+)</a></th>(.*?)</tr>`)
	refundRow = regexp.MustCompile(`(?s)<tr><th scope="row">(motb\d+)</th>(.*?)</tr>`)
	tokenLine = regexp.MustCompile(`Bearer (\w+)`)
	entryLine = regexp.MustCompile(`with the password "(\w+)"`)
)

// order is an order's row on the page; empty: it has none.
func (s *started) order(number string) string {
	s.t.Helper()
	for _, row := range orderRow.FindAllStringSubmatch(s.page("q="+number), -1) {
		if row[1] == number {
			return row[2]
		}
	}
	return ""
}

// with is the first order or refund whose row has all the words.
func (s *started) with(rows *regexp.Regexp, words ...string) string {
	s.t.Helper()
	var found string
	await(s.t, strings.Join(words, ", "), func() bool {
		for _, row := range rows.FindAllStringSubmatch(s.page(""), -1) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(row[2], w)
			}
			if all {
				found = row[1]
				return true
			}
		}
		return false
	})
	return found
}

func (s *started) client() *client.Client {
	s.t.Helper()
	m := tokenLine.FindStringSubmatch(s.out.String())
	if m == nil {
		s.t.Fatalf("no token is printed:\n%s", s.out)
	}
	c, err := client.New(client.Config{URL: "http://" + s.at.gateway, Token: m[1]})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// furnished is the order of a new shop that has a fate.
func furnished(f fate) string { return strconv.Itoa(1001 + int(f)) }

// Every button of Douyin's side does what it says, and what there was is there after a restart.
func TestDouyinsSideHasButtonsAndSurvivesARestart(t *testing.T) {
	addr, dir := fourPorts(t), t.TempDir()
	s := begin(t, addr, dir, false)
	const foreign = "open_id错误"
	await(t, "the last order of a new shop", func() bool { return strings.Contains(s.page(""), "1019") })
	gateway := s.client()
	await(t, "the failed order with its cause", func() bool {
		o, err := gateway.Order(t.Context(), furnished(foreignOpenID))
		return err == nil && strings.Contains(o.Message, foreign)
	})

	// pay and cancel
	ecpay, trade := furnished(unpaid), furnished(unpaidInTrade)
	if page := s.press("pay", ecpay); !strings.Contains(page, "✓ pay "+ecpay) || !strings.Contains(s.order(ecpay), "SUCCESS") {
		t.Errorf("paying order %s of ecpay: %s", ecpay, s.order(ecpay))
	}
	if page := s.press("cancel", trade); !strings.Contains(page, "✓ cancel") || !strings.Contains(s.order(trade), "TIMEOUT") {
		t.Errorf("cancelling order %s: %s", trade, s.order(trade))
	}
	if page := s.press("pay", trade); !strings.Contains(page, "✗ pay") {
		t.Error("a cancelled order is paid")
	}

	// refunds with and without an audit, whose word is the shop's, and a settlement
	paid := furnished(paidInTrade)
	if page := s.press("ask_audit", paid); !strings.Contains(page, "✓ ask_audit") {
		t.Fatalf("asking for a refund of %s: %s", paid, page)
	}
	refund := s.with(refundRow, "<td>"+paid+"</td>", "TOAUDIT", `value="deny"`)
	if page := s.press("ask_again", refund); !strings.Contains(page, "✓ ask_again") {
		t.Errorf("asking the shop again: %s", page)
	}
	if page := s.press("deny", "DY"+refund); !strings.Contains(page, "✓ deny") {
		t.Errorf("denying: %s", page)
	}
	s.with(refundRow, "<td>"+paid+"</td>", "DENY")
	if page := s.press("ask_audit", paid); !strings.Contains(page, "✓ ask_audit") {
		t.Fatalf("asking once more: %s", page)
	}
	s.press("agree", "DY"+s.with(refundRow, "<td>"+paid+"</td>", "TOAUDIT"))
	s.with(refundRow, "<td>"+paid+"</td>", "AGREE", "SUCCESS")
	keeps := furnished(denied)
	s.with(refundRow, "<td>"+keeps+"</td>", "DENY")
	if page := s.press("settle", keeps); !strings.Contains(page, "✓ settle") {
		t.Errorf("settling: %s", page)
	}
	await(t, "the settlement", func() bool {
		return strings.Contains(s.order(keeps), `<td class="n">27.56</td><td class="n"></td><td class="n">27.56</td>`)
	})
	waiting := s.with(refundRow, "<td>"+furnished(waitsForAudit)+"</td>", "TOAUDIT")
	if page := s.press("ask", ecpay); !strings.Contains(page, "✗ ask") {
		t.Error("an order of ecpay is refunded by the buyer")
	}

	// what can be broken
	for _, weather := range []string{"5xx", "cut", "slow", "storm", "deny_next", "off", "calm"} {
		if page := s.press(weather, ""); !strings.Contains(page, `data-name="`+weather+`"`) {
			t.Errorf("%s is not in force", weather)
		}
	}
	if page := s.press("revoke", ""); !strings.Contains(page, "✓ revoke") {
		t.Error("tokens are not revoked")
	}
	if page := s.press("hold", ""); !strings.Contains(page, `value="release"`) {
		t.Error("callbacks are not held back")
	}
	if answer, err := http.Post("http://"+s.at.gateway+"/callbacks/douyin", "application/json", strings.NewReader("{}")); err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a callback that is held back is answered with %v, %v", answer, err)
	}
	if page := s.press("release", ""); !strings.Contains(page, `value="hold"`) {
		t.Error("callbacks are held back for ever")
	}
	if page := s.page("lang=zh"); !strings.Contains(page, "抖音一侧") || !strings.Contains(page, `<html lang="zh-CN">`) {
		t.Error("no Chinese page")
	}
	if strings.Contains(s.page(""), "Went wrong") {
		t.Errorf("money went wrong:\n%s", s.page(""))
	}

	before := s.out.String()
	await(t, "the buyer's payment in the shop", func() bool {
		p, err := gateway.Payment(t.Context(), paid)
		return err == nil && p.Paid()
	})
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	again := begin(t, addr, dir, true)
	for _, line := range []*regexp.Regexp{tokenLine, entryLine} {
		if a, b := line.FindString(before), line.FindString(again.out.String()); a == "" || a != b {
			t.Errorf("%q is %q after a restart", a, b)
		}
	}
	if !strings.Contains(again.out.String(), "the state of the last time") {
		t.Errorf("it begins anew:\n%s", again.out)
	}
	if row := again.order(ecpay); !strings.Contains(row, "SUCCESS") {
		t.Errorf("Douyin has forgotten order %s: %q", ecpay, row)
	}
	again.press("agree", "DY"+waiting) // a refund that waited before the restart
	again.with(refundRow, "<td>"+furnished(waitsForAudit)+"</td>", "AGREE", "SUCCESS")
	await(t, "an order of the traffic", func() bool { return again.order("1020") != "" })
	if o, err := again.client().Order(t.Context(), furnished(foreignOpenID)); err != nil || !strings.Contains(o.Message, foreign) {
		t.Errorf("order 1016 after a restart: %+v, %v", o, err)
	}
}

func TestAPortThatIsTakenIsSaid(t *testing.T) {
	addr := fourPorts(t)
	at, err := portsOf(addr)
	if err != nil {
		t.Fatal(err)
	}
	for what, port := range map[string]string{"gateway": at.gateway, "operators' pages": at.pages, "Douyin's side": at.douyin, "Redis": at.redis} {
		l, err := net.Listen("tcp", port)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		err = Run(t.Context(), Options{Addr: addr, Dir: dir, Payments: "trade", Out: io.Discard, Log: zerolog.Nop()})
		var taken *TakenError
		if !errors.As(err, &taken) || taken.What != what || taken.Addr != port || !strings.Contains(err.Error(), "--addr") {
			t.Errorf("%s: got %v", what, err)
		}
		if made, _ := os.ReadDir(dir); len(made) > 0 {
			t.Errorf("%s: something was made before the ports were looked at", what)
		}
		_ = l.Close()
	}
}

// Every text of the pages has its Chinese one, and no Chinese one is left over.
func TestEveryTextOfThePagesIsChineseToo(t *testing.T) {
	used := map[string]bool{}
	for _, text := range preparations {
		used[text] = true
	}
	for _, m := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(sideHTML+waitingHTML, -1) {
		used[m[1]] = true
	}
	for text := range used {
		if inChinese[text] == "" {
			t.Errorf("%q has no Chinese", text)
		}
	}
	for text := range inChinese {
		if !used[text] {
			t.Errorf("%q is on no page", text)
		}
	}
	for name := range weathers {
		if weatherWords[name].en == "" || weatherWords[name].zh == "" || buttonWords[name] == "" {
			t.Errorf("weather %q has no words", name)
		}
	}
	for name := range actions {
		if buttonWords[name] == "" {
			t.Errorf("button %q has no words", name)
		}
	}
	if len(weatherWords) != len(weathers) || len(buttonWords) != len(weathers)+len(actions) {
		t.Error("words are left over")
	}
}

func TestAChineseReaderIsToldWhatAButtonDid(t *testing.T) {
	zh := words{chinese: true}
	for got, want := range map[string]string{
		zh.did("ask_audit 1004"): "申请退款（需审核） 1004", zh.did("calm "): "恢复平静", words{}.did("pay 1"): "pay 1",
		zh.why("simulator: no such refund can be asked for: 无可退金额"): "不能申请这样的退款: 无可退金额", zh.why("else"): "else",
		zh.Word(simulator.Pending): "待付款 PROCESS", zh.Word("motb"): "motb", words{}.Word(simulator.Pending): "PROCESS",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Whoever opens a page before it can answer sees what is being prepared; a program is told to ask again.
func TestThePortsAnswerWhileItIsBeingPrepared(t *testing.T) {
	at, err := portsOf(fourPorts(t))
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{at: at, Options: Options{Log: zerolog.Nop()}}
	defer d.closers.Close()
	if err := d.bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.prepares(preparesShop)
	for _, c := range []struct{ url, lang, kind, says string }{
		{"http://" + at.pages + "/orders/1001", "en", "text/html", "<b>the shop&#39;s database …</b>"},
		{"http://" + at.douyin + "/", "zh-CN", "text/html", "<b>商城的数据库 …</b>"},
		{"http://" + at.gateway + "/v1/orders/1001", "", "application/problem+json", `"status":503`},
	} {
		said, status, h := ask(t, c.url, c.lang)
		if status != http.StatusServiceUnavailable || !strings.Contains(said, c.says) || !strings.HasPrefix(h.Get("Content-Type"), c.kind) || h.Get("Retry-After") != "1" {
			t.Errorf("%s: HTTP %d %v\n%s", c.url, status, h, said)
		}
	}
	d.doors.pages.Lead(http.NotFoundHandler())
	if _, status, _ := ask(t, "http://"+at.pages+"/", ""); status != http.StatusNotFound {
		t.Errorf("behind the door: HTTP %d", status)
	}
}

// A callback reaches the handler of whoever develops as Douyin sent it, and comes again until that
// one has taken it.
func TestCallbacksGoToTheOwnHandlerToo(t *testing.T) {
	const body = `{"type":"payment","msg":"{}"}`
	var sample, own []string
	status := http.StatusOK
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		own = append(own, r.URL.Path+" "+r.Header.Get("Byte-Signature")+" "+string(raw))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"err_no":0,"err_tips":"success"}`)
	}))
	defer handler.Close()
	shop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		sample = append(sample, string(raw))
		_, _ = io.WriteString(w, "the shop")
	})
	d := &deployment{Options: Options{Forward: handler.URL + "/dy_notify"}}
	both, err := d.callbacks(shop)
	if err != nil {
		t.Fatal(err)
	}
	send := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1/", strings.NewReader(body))
		r.Header.Set("Byte-Signature", "the signature")
		w := httptest.NewRecorder()
		both.ServeHTTP(w, r)
		return w
	}
	if w := send(); w.Code != http.StatusOK || w.Body.String() != `{"err_no":0,"err_tips":"success"}` {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
	if len(sample) != 1 || sample[0] != body || len(own) != 1 || own[0] != "/dy_notify the signature "+body {
		t.Errorf("the shop got %q, the handler %q", sample, own)
	}
	if status = http.StatusInternalServerError; send().Code != status {
		t.Error("what the handler could not take is taken for done")
	}
	handler.Close()
	if w := send(); w.Code != http.StatusBadGateway {
		t.Errorf("a handler that is away: HTTP %d", w.Code)
	}
	for _, bad := range []string{"", "localhost:8000/notify", "ftp://127.0.0.1/", "http://"} {
		if CheckForward(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func ask(t *testing.T, url, lang string) (body string, status int, h http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", lang)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), answer.StatusCode, answer.Header
}

func TestAnAddressNeedsThreePortsBehindIt(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65533", "127.0.0.1:http"} {
		if CheckAddr(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if at, err := portsOf("127.0.0.1:8080"); err != nil || at != (addresses{"127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083"}) {
		t.Errorf("got %+v, %v", at, err)
	}
}
