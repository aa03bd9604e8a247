package worker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// fixed is a token that was fetched once.
type fixed string

func (f fixed) Token(context.Context) (string, error)    { return string(f), nil }
func (f fixed) Invalidate(context.Context, string) error { return nil }

// TestWhatIsBuiltIsValidOrRefusedWithANamedCell: whatever stands in the shop's rows, Douyin's strict other side never refuses
// what we send. It is refused here, before anything is sent, and the error names the shop's cell and not Douyin's field.
func TestWhatIsBuiltIsValidOrRefusedWithANamedCell(t *testing.T) {
	sim := simulator.New(simulator.Config{AppID: "tt1", Secret: "s"})
	defer func() { _ = sim.Close() }()
	server := httptest.NewServer(sim)
	defer server.Close()
	cfg := douyin.Config{BaseURL: server.URL, AppID: "tt1", Secret: "s"}
	fetcher, err := douyin.NewTokenFetcher(cfg)
	if err != nil {
		t.Fatal(err)
	}
	token, err := fetcher.FetchToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client, err := douyin.NewClient(cfg, fixed(token.Value))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 11))
	sent, refused := 0, 0
	for n := range 6000 {
		b, s := randomOrder(r)
		push, err := b.BuildOrderPush(s)
		push.UpdateTime = time.Now().UnixMilli() + int64(n)
		if err == nil {
			err = push.Validate()
		}
		if err != nil {
			refused++
			var incomplete *store.ColumnError
			var noWord *worker.NoWordError
			named := errors.As(err, &incomplete) && incomplete.Column != "" || errors.As(err, &noWord)
			if !named {
				t.Fatalf("refused without a cell: %v", err)
			}
			continue
		}
		sent++
		if _, err := client.PushOrder(t.Context(), push); err != nil {
			t.Fatalf("Douyin's other side refused what we had found right: %v\n%+v", err, s)
		}
	}
	if sent < 300 || refused < 300 {
		t.Errorf("%d sent, %d refused: the rows are not random enough to show anything", sent, refused)
	}
}

// pieces are what shops have in their columns.
var pieces = []string{"", " ", "课", "程", "a", "1", "/", "\\", "\"", "<&>", "\n", "\t", "\x00", "\u2028", "\uFFFD", "😀", "\xff", "{order_id}", "%", "https://", "_000"}

func randomText(r *rand.Rand, often string, most int) string {
	if r.IntN(4) > 0 {
		return often
	}
	var b strings.Builder
	for range r.IntN(most) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func randomOrder(r *rand.Rand) (*worker.Builder, store.OrderSnapshot) {
	b := &worker.Builder{
		Statuses: map[string]douyin.OrderStatus{
			"0": douyin.Unpaid, "1": douyin.Paid, "2": douyin.Cancelled, "4": douyin.Redeemed, "5": douyin.Refunding, "6": douyin.Refunded, "8": douyin.RefundFailed,
		},
		DetailURL:    []string{"pages/course/course", "pages/order/detail?id={id}&sn={sn}&c={course_id}", strings.Repeat("p", 1020) + "{product_id}"}[r.IntN(3)],
		ImageBaseURL: []string{"", "https://img.example.com/"}[r.IntN(2)],
		ItemCode:     []string{"", "sku-{product_id}"}[r.IntN(2)],
	}
	id := fmt.Sprint(1 + r.IntN(1_000_000))
	s := store.OrderSnapshot{
		Order: store.Order{
			ID: id, OrderNo: randomText(r, id, 80), UserID: "7", ProductID: randomText(r, "8", 20), CourseID: randomText(r, "9", 20),
			Amount:     store.Fen(r.Int64N(10_000_000_000) - 10),
			CreateTime: time.Unix(r.Int64N(2_000_000_000), 0), PaymentNo: randomText(r, "SN1", 80), SN: randomText(r, "SN1", 80),
			Status: []string{"0", "1", "1", "1", "2", "4", "5", "6", "8", "99"}[r.IntN(10)],
		},
		User: store.User{Found: r.IntN(30) > 0, OpenID: []string{"_000abc", "_000abc", "_000abc", ""}[r.IntN(4)]}, // whose it is, only Douyin can tell
	}
	for range []int{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}[r.IntN(12)] {
		quantity := 20 - r.Int64N(21)
		if r.IntN(20) == 0 {
			quantity = r.Int64()
		}
		s.Lines = append(s.Lines, store.Line{
			Title: randomText(r, "课程", 300), NoTitle: r.IntN(30) == 0, SubTitle: randomText(r, "", 30),
			Image: randomText(r, "https://cdn.example.com/1.jpg", 300), NoImage: r.IntN(30) == 0,
			ItemCode: randomText(r, "", 5), Quantity: quantity, Price: store.Fen(r.Int64N(10_000_000_000) - 10),
		})
	}
	return b, s
}
