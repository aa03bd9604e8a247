package journeys

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/tasks"
)

// ledger is what GET /_sim/ledger says, as far as these tests read it.
type ledger struct {
	Regressions int
	Orders      []struct {
		OrderID        string `json:"order_id"`
		Held           bool
		Status         int    `json:"order_status"`
		PaymentOrderNo string `json:"payment_order_no"`
		Detail         struct {
			TotalPrice int `json:"total_price"`
		} `json:"order_detail"`
		Pushes, Accepted, Refused int
	}
}

// simStats is what GET /_sim/stats says, likewise.
type simStats struct {
	Held  int
	Calls map[string]struct{ Faults map[string]int }
}

// faulted is how many calls met a fault of this kind.
func (s simStats) faulted(kind string) (n int) {
	for _, c := range s.Calls {
		n += c.Faults[kind]
	}
	return n
}

// shopToken is the shop's bearer token of every gateway that takes callbacks here.
const shopToken = canary + "-of-the-shop"

// exchange makes one HTTP call; a nil answer is not read.
func exchange(ctx context.Context, method, url string, ask, answer any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var body io.Reader
	if ask != nil {
		text, err := json.Marshal(ask)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+shopToken)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer got.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(got.Body)
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	return got.StatusCode, err
}

// sim asks the simulator's control interface.
func (s *stack) sim(ctx context.Context, method, path string, ask, answer any) error {
	status, err := exchange(ctx, method, "http://"+s.douyin.addr+"/_sim/"+path, ask, answer)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("/_sim/%s: HTTP %d", path, status)
	}
	return err
}

// faults puts a plan of the simulator's in force; none ends it.
func (s *stack) faults(rules ...map[string]any) {
	s.t.Helper()
	if err := s.sim(s.t.Context(), http.MethodPost, "faults", map[string]any{"faults": rules}, nil); err != nil {
		s.t.Fatal(err)
	}
}

// slow makes Douyin take that long for every push, so that orders are seen on their way.
func (s *stack) slow(d time.Duration) {
	s.t.Helper()
	s.faults(map[string]any{"op": "order.push", "kind": "latency", "delay_ms": d.Milliseconds()})
}

func (s *stack) stats() (st simStats) {
	s.t.Helper()
	if err := s.sim(s.t.Context(), http.MethodGet, "stats", nil, &st); err != nil {
		s.t.Fatal(err)
	}
	return st
}

// push asks for orders over HTTP, batch by batch, as a shop does: what was not acknowledged is asked again, under the same
// revision, until it is. The answer comes when all of it is acknowledged.
func (s *stack) push(ids []int, revision string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		batch := min(500, len(ids)/4+1)
		for chunk := range slices.Chunk(ids, batch) {
			if err := s.pushBatch(chunk, revision); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	return ended
}

func (s *stack) pushBatch(ids []int, revision string) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	bell := time.NewTicker(often)
	defer bell.Stop()
	for {
		left, err := s.ask(ctx, ids, revision)
		if len(left) == 0 {
			return nil
		}
		ids = left
		select {
		case <-bell.C:
		case <-ctx.Done():
			return fmt.Errorf("%d orders are not acknowledged: %w", len(ids), cmp.Or(err, ctx.Err()))
		}
	}
}

// ask sends one batch and returns what is not known to be queued.
func (s *stack) ask(ctx context.Context, ids []int, revision string) (left []int, err error) {
	orders := make([]map[string]string, len(ids))
	for i, id := range ids {
		orders[i] = map[string]string{"order_id": strconv.Itoa(id), "revision": revision, "cause": "paid"}
	}
	var answer struct {
		Results []struct{ Status string }
	}
	status, err := exchange(ctx, http.MethodPost, "http://"+s.app.Load().addr+"/v1/orders/push", map[string]any{"orders": orders}, &answer)
	if err != nil {
		return ids, err
	}
	if len(answer.Results) != len(ids) {
		return ids, fmt.Errorf("HTTP %d with %d answers for %d orders", status, len(answer.Results), len(ids))
	}
	for i, r := range answer.Results {
		if r.Status != "queued" && r.Status != "known" {
			left, err = append(left, ids[i]), errors.New(r.Status)
		}
	}
	return left, err
}

// finish waits for a push.
func (s *stack) finish(pushed <-chan error) {
	s.t.Helper()
	if err := <-pushed; err != nil {
		s.t.Fatal(err)
	}
}

// awaitHeld waits until Douyin holds so many orders, and says how many they are.
func (s *stack) awaitHeld(n int) {
	s.t.Helper()
	s.await(fmt.Sprintf("%d orders at Douyin", n), func(ctx context.Context) (bool, string, error) {
		var st simStats
		err := s.sim(ctx, http.MethodGet, "stats", nil, &st)
		return st.Held >= n, strconv.Itoa(st.Held), err
	})
}

// awaitReady waits until GET /readyz answers so.
func (s *stack) awaitReady(want int) {
	s.t.Helper()
	s.await(fmt.Sprintf("/readyz answers %d", want), func(ctx context.Context) (bool, string, error) {
		status, err := exchange(ctx, http.MethodGet, "http://"+s.app.Load().addr+"/readyz", nil, nil)
		return status == want, strconv.Itoa(status), err
	})
}

// awaitNewest waits until Douyin holds the newest state of every order.
func (s *stack) awaitNewest() {
	s.t.Helper()
	s.await("Douyin holds every order's newest state", func(ctx context.Context) (bool, string, error) {
		l, err := s.read(ctx)
		if err != nil {
			return false, "", err
		}
		missing, old := 0, 0
		example := ""
		for id, state := range s.shop.state {
			switch found, ok := l[outNo(id)]; {
			case !ok:
				missing++
				example = outNo(id)
			case found != douyinStatus[state]:
				old++
				example = outNo(id)
			}
		}
		return missing+old == 0, fmt.Sprintf("%d missing, %d old, such as %s", missing, old, example), nil
	})
}

// read is the status of every order that Douyin holds.
func (s *stack) read(ctx context.Context) (map[string]int, error) {
	var l ledger
	if err := s.sim(ctx, http.MethodGet, "ledger", nil, &l); err != nil {
		return nil, err
	}
	status := make(map[string]int, len(l.Orders))
	for _, o := range l.Orders {
		if o.Held {
			status[o.OrderID] = o.Status
		}
	}
	return status, nil
}

// awaitBooks waits until our own table says of every order that it is done: nothing open, nothing due.
func (s *stack) awaitBooks() {
	s.t.Helper()
	s.await("ordersync_order is settled", func(ctx context.Context) (bool, string, error) {
		var settled, all int
		err := s.shop.db.WithContext(ctx).Raw("SELECT COALESCE(SUM(CASE WHEN outcome = 'pushed' AND due_at IS NULL AND open_attempts = 0 THEN 1 ELSE 0 END), 0), COUNT(*) "+
			"FROM ordersync_order").Row().Scan(&settled, &all)
		return settled == all && all == len(s.shop.state), fmt.Sprintf("%d of %d rows are settled, for %d orders", settled, all, len(s.shop.state)), err
	})
}

// checkLedger holds Douyin's ledger against the shop: every order with its content, no other, and none ever made older.
func (s *stack) checkLedger() ledger {
	s.t.Helper()
	var l ledger
	if err := s.sim(s.t.Context(), http.MethodGet, "ledger", nil, &l); err != nil {
		s.t.Fatal(err)
	}
	if l.Regressions != 0 {
		s.t.Errorf("%d pushes made an order older", l.Regressions)
	}
	if len(l.Orders) != len(s.shop.state) {
		s.t.Errorf("Douyin knows %d orders, want %d: those of other channels are not its business", len(l.Orders), len(s.shop.state))
	}
	for _, o := range l.Orders {
		var id int
		if _, err := fmt.Sscanf(o.OrderID, "DY%d", &id); err != nil || s.shop.state[id] == 0 {
			s.t.Errorf("Douyin knows order %q, which is not one of its own", o.OrderID)
			continue
		}
		payment := cmp.Or(dyTradeNo(id), tradeSN(id))
		if o.Status != douyinStatus[s.shop.state[id]] || o.Detail.TotalPrice != fen(id) || o.PaymentOrderNo != payment || o.Refused > 0 {
			s.t.Errorf("order %d at Douyin: %+v; want status %d, %d fen, payment %s, none refused", id, o, douyinStatus[s.shop.state[id]], fen(id), payment)
		}
	}
	return l
}

// repeats is how many pushes there were beyond one for each order.
func (l ledger) repeats() (n int) {
	for _, o := range l.Orders {
		n += o.Pushes - 1
	}
	return n
}

// inQueues counts asynq's tasks in one state ("active", "archived") over all queues.
func (s *stack) inQueues(state string) (n int64) {
	s.t.Helper()
	for _, q := range tasks.Queues() {
		key := "asynq:{" + q + "}:" + state
		count := s.rdb.ZCard
		if state == "active" {
			count = s.rdb.LLen
		}
		got, err := count(s.t.Context(), key).Result()
		if err != nil {
			s.t.Fatal(err)
		}
		n += got
	}
	return n
}
