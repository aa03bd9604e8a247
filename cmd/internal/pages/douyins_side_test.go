package pages_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/dev"
	"github.com/ordersync/ordersync/store/servertest"
)

// The page that plays Douyin is looked at as the operators' pages are: in both languages, on a desk and on a phone, dark and
// light.
func TestDouyinsSideShowsWithoutAComplaint(t *testing.T) {
	path, ok := servertest.Chromium(t)
	if !ok { // its words are read where it lives, in package dev
		return
	}
	site := startDev(t)
	b := newChromium(t, path, site)
	for _, look := range []struct {
		name, lang, says string
		width, height    int64
		dark             bool
	}{
		{"desk-en", "en", "Ask for a refund, with an audit", 1100, 900, false}, {"phone-zh", "zh", "申请退款（需审核）", 360, 780, false},
		{"desk-dark-zh", "zh", "待审核 TOAUDIT", 1100, 900, true}, {"phone-dark-en", "en", "TOAUDIT", 390, 844, true},
	} {
		b.resize(look.width, look.height)
		if look.dark {
			b.dark()
		}
		b.open("/?lang=" + look.lang)
		reads(t, b, look.says)
		b.fits(int(look.width))
		b.accessible("douyin-" + look.name)
		b.shoot("douyin-" + look.name)
		b.open("/?q=1012&failed=cancel+1012&why=simulator:+the+order+is+paid+or+closed")
		b.accessible("douyin-failed-" + look.name)
		b.shoot("douyin-failed-" + look.name)
	}
}

// startDev runs dev, with a shop that has an order of every kind and no traffic, and is the address of
// Douyin's side.
func startDev(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	addr, side := freePorts(t)
	ended := make(chan error, 1)
	dir := t.TempDir()
	go func() {
		ended <- dev.Run(ctx, dev.Options{Addr: addr, Dir: dir, Payments: "trade", Out: io.Discard, Log: zerolog.Nop()})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	until(t, "the last order of a new shop", func() bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, side, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer answer.Body.Close() //nolint:errcheck // it was read
		page, err := io.ReadAll(answer.Body)
		return err == nil && strings.Contains(string(page), "1019") && strings.Contains(string(page), "TOAUDIT")
	})
	return side
}

// freePorts is the first of four free ports, and the address of the third.
func freePorts(t *testing.T) (addr, third string) {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		first := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		free := first < 65533
		for port := first; free && port < first+4; port++ {
			if l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err != nil {
				free = false
			} else {
				_ = l.Close()
			}
		}
		if free {
			return "127.0.0.1:" + strconv.Itoa(first), "http://127.0.0.1:" + strconv.Itoa(first+2)
		}
	}
	t.Fatal("no four free ports in a row")
	return "", ""
}
