package journeys

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/tasks/client"
)

// devPorts are four free ports in a row, by the first one's address.
func devPorts(t *testing.T) (gateway, douyin string) {
	t.Helper()
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
search:
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
		if err != nil {
			t.Fatal(err)
		}
		first := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
		_ = l.Close()
		for i := range 4 {
			l, err := net.Listen("tcp", at(first+i)) //nolint:noctx // it is closed at once
			if err != nil {
				continue search
			}
			_ = l.Close()
		}
		return at(first), at(first + 2)
	}
	t.Fatal("no four free ports in a row")
	return "", ""
}

var bearer = regexp.MustCompile(`Bearer (\w+)`)

// boughtAtDouyin is what the test reads of Douyin's ledger of trade.
type boughtAtDouyin struct {
	Orders []struct {
		OutOrderNo string `json:"out_order_no"`
		PayStatus  string `json:"pay_status"`
	} `json:"orders"`
	Movements []struct {
		OutOrderNo string `json:"out_order_no"`
	} `json:"movements"`
	Violations []json.RawMessage `json:"violations"`
}

// Whatever Douyin's side of dev has answered is there after kill -9, and a folder that a run has is
// refused to another one.
func TestDevKeepsWhatItAnsweredOverAKill(t *testing.T) {
	ours, dir := product(t), t.TempDir()
	gateway, douyin := devPorts(t)
	args := []string{"dev", "--traffic=off", "--dir", dir, "--addr", gateway}
	s := &stack{t: t}
	begin := func() *running {
		run := ours.start(t, plainEnviron(), args...)
		s.await("what dev prints", func(context.Context) (bool, string, error) {
			text := run.log.String()
			return strings.Contains(text, "From Go"), text, nil
		})
		return run
	}
	run := begin()
	other, _ := devPorts(t)
	_, said, err := ours.command(t, plainEnviron(), "", "dev", "--dir", dir, "--addr", other)
	if err == nil || !strings.Contains(err.Error(), "exit status 2") || !strings.Contains(said, "is in use") {
		t.Fatalf("a second run on the folder: %v\n%s", err, said)
	}

	douyinDoes := func(what string, body any) {
		t.Helper()
		if status, err := exchange(t.Context(), http.MethodPost, "http://"+douyin+"/_sim/trade/"+what, body, nil); err != nil || status != http.StatusOK {
			t.Fatalf("%s: HTTP %d, %v", what, status, err)
		}
	}
	for i := range 2 {
		shop, err := client.New(client.Config{URL: "http://" + gateway, Token: bearer.FindStringSubmatch(run.log.String())[1]})
		if err != nil {
			t.Fatal(err)
		}
		number := "K" + strconv.Itoa(i)
		signed, err := shop.RequestOrder(t.Context(), client.TradePayment{
			OutOrderNo: number, TotalAmount: 1990, Subject: "课程", Image: "https://cdn.example.com/1.jpg", ValidTime: 3600,
		})
		if err != nil {
			t.Fatal(err)
		}
		douyinDoes("request_order", map[string]string{"data": signed.Data, "byteAuthorization": signed.ByteAuthorization})
		douyinDoes("pay", map[string]string{"out_order_no": number})
		run.kill()

		run = begin()
		var book boughtAtDouyin
		if _, err := exchange(t.Context(), http.MethodGet, "http://"+douyin+"/_sim/trade/ledger", nil, &book); err != nil {
			t.Fatal(err)
		}
		held, moved := "", 0
		for _, o := range book.Orders {
			if o.OutOrderNo == number {
				held = o.PayStatus
			}
		}
		for _, m := range book.Movements {
			if m.OutOrderNo == number {
				moved++
			}
		}
		if held != "SUCCESS" || moved != 1 || len(book.Violations) > 0 {
			t.Errorf("after kill -9 Douyin holds order %s as %q, and its money has moved %d times: %s", number, held, moved, book.Violations)
		}
		s.await("the payment in ordersync", func(ctx context.Context) (bool, string, error) {
			p, err := shop.Payment(ctx, number)
			return err == nil && p.Paid(), p.OrderID, err
		})
	}
}
