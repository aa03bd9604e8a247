package pages_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromiumTimeout bounds one story in Chromium on a busy machine.
const chromiumTimeout = 8 * time.Minute

// chromium drives Debian's Chromium. Whatever it finds wrong with a page fails the test: an error in the console, a breach of the
// Content-Security-Policy, an exception, an address on another host.
type chromium struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp keeps the browser in it
	site string

	mu         sync.Mutex
	complaints []string
	expected   []string // parts of complaints that are none
}

func newChromium(t *testing.T, path, site string) *chromium {
	t.Helper()
	// Without a sandbox: the tests run as root in containers. Nothing of it asks for the network.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("accept-lang", "en"), chromedp.WindowSize(1100, 900))
	ctx, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancelAllocator)
	ctx, cancelBrowser := chromedp.NewContext(ctx)
	t.Cleanup(cancelBrowser)
	// What is not answered in time ends the browser, and with it the test.
	stopWatch := context.AfterFunc(t.Context(), cancelBrowser)
	t.Cleanup(func() { stopWatch() })
	timer := time.AfterFunc(chromiumTimeout, cancelBrowser)
	t.Cleanup(func() { timer.Stop() })
	c := &chromium{t: t, ctx: ctx, site: site}
	c.watch()
	return c
}

// watch collects complaints and fails the test with them in the end: a listener may not fail it.
func (c *chromium) watch() {
	c.t.Helper()
	own, err := url.Parse(c.site)
	if err != nil {
		c.t.Fatal(err)
	}
	complain := func(what string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.complaints = append(c.complaints, what)
	}
	err = chromedp.Listen(c.ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complain("exception: " + e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError {
				complain("console.error")
			}
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.EntryLevelError {
				complain(e.Entry.Text + " " + e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if to, err := url.Parse(e.Request.URL); err != nil || to.Scheme != "data" && to.Host != own.Host {
				complain("a foreign address: " + e.Request.URL)
			}
		}
	})
	if err == nil {
		_, err = chromedp.Call(c.ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(c.ctx, cdplog.Enable, cdp.Empty{})
	}
	if err == nil {
		_, err = chromedp.Call(c.ctx, runtime.Enable, cdp.Empty{})
	}
	if err != nil {
		c.t.Fatalf("start chromium: %v", err)
	}
	c.t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, what := range c.complaints {
			if !slices.ContainsFunc(c.expected, func(part string) bool { return strings.Contains(what, part) }) {
				c.t.Errorf("Chromium complains: %s", what)
			}
		}
	})
}

// expect names a part of complaints that are in order.
func (c *chromium) expect(part string) { c.expected = append(c.expected, part) }

func (c *chromium) do(actions ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	if err := chromedp.Do(c.ctx, actions...); err != nil {
		c.t.Fatal(err)
	}
}

// evaluate is the value of an expression of JavaScript.
func evaluate[T any](c *chromium, expression string) T {
	c.t.Helper()
	value, err := chromedp.Run(c.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		c.t.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

func (c *chromium) open(path string) {
	c.t.Helper()
	c.do(chromedp.Navigate(c.site + path))
}

func (c *chromium) press(text string, fields map[string]string) {
	c.t.Helper()
	named := `[normalize-space()="` + text + `"]` // the texts here have no quotes, for which XPath has no escape
	for name, value := range fields {
		input := `//form[.//button` + named + `]//input[@name="` + name + `"]`
		box := input + `[@type="checkbox" and @value="` + value + `"]`
		if evaluate[bool](c, "document.evaluate('boolean("+box+")', document, null, XPathResult.BOOLEAN_TYPE, null).booleanValue") {
			c.do(chromedp.Click(box))
		} else {
			c.do(chromedp.SendKeys(input, value))
		}
	}
	if _, err := chromedp.RunResponse(c.ctx, chromedp.Click(`//*[self::a or self::button]`+named)); err != nil {
		c.t.Fatalf("press %q: %v", text, err)
	}
}

func (c *chromium) text() string {
	c.t.Helper()
	text, err := chromedp.Run(c.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	if err != nil && c.ctx.Err() != nil { // else the page is just being loaded again
		c.t.Fatal(err)
	}
	return strings.Join(strings.Fields(text), " ")
}

// resize makes the window another one: a phone has 360 by 780.
func (c *chromium) resize(width, height int64) {
	c.t.Helper()
	c.do(chromedp.EmulateViewport(width, height))
}

// fits fails the test when the page is wider than the window.
func (c *chromium) fits(width int) {
	c.t.Helper()
	if got := evaluate[int](c, `document.documentElement.scrollWidth`); got > width {
		c.t.Errorf("%s is %d wide in a window of %d", evaluate[string](c, `location.href`), got, width)
	}
}

// dark shows pages as somebody wants them who prefers dark ones.
func (c *chromium) dark() {
	c.t.Helper()
	_, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	if err != nil {
		c.t.Fatal(err)
	}
}

// shoot saves a picture where ORDERSYNC_SCREENSHOTS names a folder: so the pictures of the README are made.
func (c *chromium) shoot(name string) {
	c.t.Helper()
	folder := os.Getenv("ORDERSYNC_SCREENSHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(c.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
		c.t.Fatal(err)
	}
}
