package worker

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// lingering is a Douyin whose first answer comes when the test says so. It keeps the update times
// in the order of their arrival.
type lingering struct {
	mu      sync.Mutex
	times   []int64
	arrived chan struct{} // the first call is there
	answer  chan struct{}
}

func (l *lingering) PushOrder(_ context.Context, o douyin.OrderPush) (douyin.Receipt, error) {
	l.mu.Lock()
	l.times = append(l.times, o.UpdateTime)
	first := len(l.times) == 1
	l.mu.Unlock()
	if first {
		close(l.arrived)
		<-l.answer
	}
	return douyin.Receipt{HTTPStatus: 200}, nil
}

func (l *lingering) calls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.times)
}

// TestOneAttemptAtATimeWhateverTheClocksOfTheHosts: a host whose clock was two minutes ahead took
// another one's attempt, which was on its way, for one that had died, and Douyin got an older push
// after a newer one.
func TestOneAttemptAtATimeWhateverTheClocksOfTheHosts(t *testing.T) {
	for _, ahead := range []time.Duration{2 * time.Minute, 20 * time.Minute, -20 * time.Minute} {
		t.Run(fmt.Sprint(ahead), func(t *testing.T) {
			db := servertest.DB(t)
			if db.Name() == "sqlite" {
				return // it has no clock of its own; ORDERSYNC_TEST_SERVERS=required makes this a failure
			}
			servertest.CreateShop(t, db)
			bank := &lingering{arrived: make(chan struct{}), answer: make(chan struct{})}
			host := func(ahead time.Duration) *PushHandler {
				st, err := store.New(db, store.Config{Now: func() time.Time { return time.Now().Add(ahead) }})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(st.Close)
				if _, err := st.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				return &PushHandler{Orders: st, Line: &Line{Slots: NewSlots(8), Douyin: bank}, Build: testBuilder(), Now: st.Clock, Log: zerolog.Nop()}
			}
			one, other := host(0), host(ahead)
			for _, q := range []string{
				"INSERT INTO `dy_user` (id, openid) VALUES (7,'openid-7')", "INSERT INTO `product` (id, cover_img) VALUES (8,'https://img.example.com/8.jpg')",
				"INSERT INTO `course` (id, name) VALUES (9,'书法')",
				fmt.Sprintf("INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES (123,7,8,9,'19.99','19.99',%d,'SN1','',1)", time.Now().Unix()),
			} {
				if err := db.Exec(q).Error; err != nil {
					t.Fatal(err)
				}
			}
			first := make(chan error, 1)
			go func() { first <- one.ProcessTask(t.Context(), pushTask(t)) }()
			<-bank.arrived
			err := other.ProcessTask(t.Context(), pushTask(t))
			if !Postponed(err) || bank.calls() != 1 {
				t.Errorf("while an attempt is on its way the other host makes call %d: %v", bank.calls(), err)
			}
			close(bank.answer)
			if err := <-first; err != nil {
				t.Fatal(err)
			}
			if err := other.ProcessTask(t.Context(), pushTask(t)); err != nil || bank.calls() != 1 {
				t.Errorf("%d calls, %v: Douyin holds the order", bank.calls(), err)
			}
		})
	}
}
