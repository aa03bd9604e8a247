package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// notebook is a Config.Keep. A key keeps its place for as long as it is there.
type notebook struct {
	mu      sync.Mutex
	records []Record
	fails   error // of the next writes
}

func (b *notebook) keep(changed []Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		return b.fails
	}
	for _, r := range changed {
		switch i := slices.IndexFunc(b.records, func(old Record) bool { return old.Key == r.Key }); {
		case r.Value == nil && i >= 0:
			b.records = slices.Delete(b.records, i, i+1)
		case r.Value == nil:
		case i >= 0:
			b.records[i] = r
		default:
			b.records = append(b.records, r)
		}
	}
	return nil
}

// record is a record's value; empty: it is not there.
func (b *notebook) record(key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.records {
		if r.Key == key {
			return string(r.Value)
		}
	}
	return ""
}

// written is what the notebook has, a line for each record.
func (b *notebook) written() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return lines(b.records)
}

func lines(records []Record) string {
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.Key + " " + string(r.Value)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// holds is what a simulator holds, a line for each record. A sequence that has not begun is not there.
func holds(s *Server) string {
	var all []Record
	s.bank.mu.Lock()
	all = append(all, s.bank.mu.records(append(s.bank.names(), recordName{keptSequence, ""}))...)
	s.bank.mu.Unlock()
	s.trade.mu.Lock()
	all = append(all, s.trade.mu.records(append(s.trade.names(), recordName{keptTradeSequence, ""}))...)
	s.trade.mu.Unlock()
	for i := range s.ledger.shards {
		sh := &s.ledger.shards[i]
		sh.mu.Lock()
		for id := range sh.orders {
			all = append(all, sh.mu.records([]recordName{{keptOrder, id}})...)
		}
		sh.mu.Unlock()
	}
	first := strconv.FormatInt(s.cfg.NumbersAfter, 10)
	return lines(slices.DeleteFunc(all, func(r Record) bool { return strings.Contains(r.Key, "sequence") && string(r.Value) == first }))
}

// notebooks are those of the simulators of newNoted.
var notebooks sync.Map

// moneyIsWrittenDown tells whether the ledgers of money are in the notebook of newNoted as they are.
func moneyIsWrittenDown(t testing.TB, s *Server) {
	t.Helper()
	found, noted := notebooks.Load(s)
	if !noted {
		return
	}
	b := found.(*notebook) //nolint:forcetypeassert // nothing else is stored
	for _, part := range []struct {
		mu    *kept
		names func() []recordName
	}{{&s.bank.mu, s.bank.names}, {&s.trade.mu, s.trade.names}} {
		part.mu.Lock()
		for _, is := range part.mu.records(part.names()) {
			if w := b.record(is.Key); w != string(is.Value) {
				t.Errorf("%s is\n%s\nand is written down as\n%s", is.Key, is.Value, w)
			}
		}
		part.mu.Unlock()
	}
}

// isWrittenDown tells whether everything that a closed simulator holds is in the notebook as it is, and
// whether another simulator holds the same by it.
func isWrittenDown(t testing.TB, s *Server, b *notebook) {
	t.Helper()
	is := holds(s)
	if w := b.written(); w != is {
		t.Errorf("it holds\n%s\nand is written down as\n%s", is, w)
		return
	}
	cfg := s.cfg
	cfg.Keep, cfg.Pause = nil, func(context.Context, time.Duration) bool { return false }
	cfg.NotifyURL, cfg.Trade.ExtensionURL = "", ""
	again := New(cfg)
	if err := errors.Join(again.Restore(b.records), again.Close()); err != nil {
		t.Error(err)
	}
	if r := holds(again); r != is {
		t.Errorf("it holds\n%s\nand after a restart\n%s", is, r)
	}
}

// What was written down is there again: the books are equal, and what was under way ends.
func TestTheBooksComeBack(t *testing.T) {
	var book notebook
	first := New(Config{AppID: "tt1", ResultDelay: time.Hour, Keep: book.keep})
	defer first.Close() //nolint:errcheck // it was only read
	if err := first.AddPaid("E1", 1980, time.Now()); err != nil {
		t.Fatal(err)
	}
	v, err := tree([]byte(`{"outOrderNo":"T1","totalAmount":500,"skuList":[{"skuId":"s","type":401}]}`))
	if err != nil {
		t.Fatal(err)
	}
	first.trade.mu.Lock()
	first.makeOrder("tt1", "data", "open", &v, time.Now())
	first.trade.mu.Unlock()
	if err := first.PayTrade("T1", 0, 0); err != nil {
		t.Fatal(err)
	}
	waits, err := first.AskRefund(AskedRefund{Order: "T1", Amount: 100, Audit: true, Reasons: []string{"no"}, Description: "words"})
	if err != nil {
		t.Fatal(err)
	}

	second := New(Config{AppID: "tt1", ResultDelay: time.Millisecond})
	defer second.Close() //nolint:errcheck // it was only read
	if err := second.Restore(book.records); err != nil {
		t.Fatal(err)
	}
	for name, books := range map[string][2]any{
		"ecpay": {first.Money(), second.Money()}, "trade": {first.Trade(), second.Trade()}, "pushes": {first.Ledger(), second.Ledger()},
	} {
		a, b := asJSON(t, books[0]), asJSON(t, books[1])
		if a != b {
			t.Errorf("%s:\n%s\n%s", name, a, b)
		}
	}
	if once, again := holds(first), holds(second); once != again {
		t.Errorf("written down again it is another one:\n%s\n%s", once, again)
	}
	if n := second.trade.platformID(); strings.Contains(book.written(), n) {
		t.Errorf("number %s is used again", n)
	}
	if err := second.AskAgain(waits); !errors.Is(err, ErrNoAsked) { // nobody listens: there is no address
		t.Errorf("asking again: %v", err)
	}
	if err := second.Pay("E1"); !errors.Is(err, ErrPaid) {
		t.Errorf("a paid order is paid again: %v", err)
	}
	if err := second.Restore(book.records); err == nil {
		t.Error("a simulator that holds something takes more")
	}
	for _, bad := range []Record{{"payment2 1", []byte(`{}`)}, {"payment 1", []byte(`{`)}, {"payment 1", nil}} {
		if err := New(Config{}).Restore([]Record{bad}); err == nil || !strings.Contains(err.Error(), bad.Key) {
			t.Errorf("record %q: %v", bad.Key, err)
		}
	}
}

// A reset is written down too. What cannot be written comes again with the next change.
func TestWhatIsForgottenIsNotKept(t *testing.T) {
	var book notebook
	s := newSim(t, Config{Keep: book.keep})
	for _, no := range []string{"E1", "E2"} {
		if err := s.AddPaid(no, 100, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	mustPush(t, s, orderPush(fetch(t, s), "1", "已支付", "1768634595000"))
	if w := book.written(); strings.Count(w, "\n") != 5 || !strings.Contains(w, "order 7 ") || !strings.Contains(w, "movement 1 ") {
		t.Errorf("written down:\n%s", w)
	}
	s.Reset()
	if w := book.written(); w != "sequence  2" {
		t.Errorf("after a reset:\n%s", w)
	}
	book.fails = errors.New("the disk is full")
	if err := s.AddPaid("E3", 100, time.Now()); err != nil {
		t.Fatal(err)
	}
	if book.fails = nil; strings.Contains(book.written(), "E3") {
		t.Error("it was written all the same")
	}
	if err := s.AddPaid("E4", 100, time.Now()); err != nil {
		t.Fatal(err)
	}
	isWrittenDown(t, s, &book)
}

// A callback tells of nothing that is not written down.
func TestACallbackComesAfterItsRecord(t *testing.T) {
	came := make(chan string, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- string(body)
		_, _ = io.WriteString(w, success)
	}))
	defer shop.Close()
	var slow atomic.Bool // the next write is
	var book notebook
	wrote := make(chan struct{}, 100)
	s := newSim(t, Config{NotifyURL: shop.URL, Trade: Trade{PlatformKey: testPlatformKey()}, Keep: func(changed []Record) error {
		defer func() { wrote <- struct{}{} }()
		if slow.CompareAndSwap(true, false) {
			select {
			case body := <-came:
				t.Errorf("a callback overtakes its record: %s", body)
				came <- body
			case <-time.After(50 * time.Millisecond): // what waits for nothing has come by then
			}
		}
		return book.keep(changed)
	}})
	s.bank.mu.Lock()
	s.bank.addPayment("E1", 100, time.Now()).ValidUntil = time.Now().Add(time.Hour)
	s.bank.mu.Unlock()
	v, err := tree([]byte(`{"outOrderNo":"T1","totalAmount":500,"skuList":[{"skuId":"s","type":401}]}`))
	if err != nil {
		t.Fatal(err)
	}
	s.trade.mu.Lock()
	s.makeOrder("tt1", "data", "open", &v, time.Now())
	s.trade.mu.Unlock()
	delivered := regexp.MustCompile(`"deliveries":[1-9]`)
	for before, do := range []func() error{
		func() error { return s.Pay("E1") },
		func() error { return s.PayTrade("T1", 0, 0) },
		func() error { _, err := s.AskRefund(AskedRefund{Order: "T1"}); return err },
	} {
		slow.Store(true)
		if err := do(); err != nil {
			t.Fatal(err)
		}
		<-came
		for len(delivered.FindAllString(book.written(), -1)) == before { // or that write is the slow one
			<-wrote
		}
	}
}

// No field is left out silently: whoever adds one to a record meets this list.
func TestARecordHasEveryField(t *testing.T) {
	for _, c := range []struct {
		record any
		fields int
	}{
		{orderRecord{}, 14}, {Payment{}, 21}, {Refund{}, 13}, {Settlement{}, 16}, {TradeOrder{}, 25}, {TradeRefund{}, 27}, {TradeSettlement{}, 20},
	} {
		if n := reflect.TypeOf(c.record).NumField(); n != c.fields {
			t.Errorf("%T has %d fields, and what is kept of it was written for %d: see saved.go", c.record, n, c.fields)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
