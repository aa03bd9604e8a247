package desk

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// road is Redis: it keeps the types of tasks, or is down.
type road struct {
	took  []string
	tasks []*asynq.Task
	down  error
}

func (r *road) EnqueueContext(_ context.Context, t *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	if r.down != nil {
		return nil, r.down
	}
	r.took, r.tasks = append(r.took, t.Type()), append(r.tasks, t)
	return &asynq.TaskInfo{}, nil
}

// The text of settle_params is signed: what the store writes is what Douyin's own client would.
func TestASettlementIsWrittenDownAsDouyinTakesIt(t *testing.T) {
	l := lookup(t)
	c := Cashier{Store: l.Store, Queue: &road{}, SettleAfter: time.Hour}
	_, fresh, err := c.Settle(t.Context(), tasks.SettleRequest{
		OutSettleNo: "S1", OrderID: "1", Desc: "分账", CPExtra: "a&b",
		Params: []tasks.Receiver{{MerchantUID: "7044", AmountFen: 30}, {MerchantUID: "a&<b>", AmountFen: 1}},
	})
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	i, _, err := l.Store.Instruction(t.Context(), store.Settlement, "S1")
	if err != nil {
		t.Fatal(err)
	}
	want, err := douyin.EncodeReceivers([]douyin.Receiver{{MerchantUID: "7044", Amount: 30}, {MerchantUID: "a&<b>", Amount: 1}})
	if err != nil || i.Params != want || i.Options != `{"cp_extra":"a\u0026b"}` {
		t.Errorf("written down %s and %s, want %s, %v", i.Params, i.Options, want, err)
	}
	status, _, err := l.SettlementStatus(t.Context(), "S1")
	if err != nil || len(status.Params) != 2 || status.Params[1] != (tasks.Receiver{MerchantUID: "a&<b>", AmountFen: 1}) {
		t.Errorf("shown %+v, %v", status, err)
	}
}

// MySQL is the truth and Redis the road: a refund is taken also while the road is closed.
func TestARefundIsTakenWithoutRedis(t *testing.T) {
	l := lookup(t)
	for number, queue := range map[string]*road{"R1": {}, "R2": {down: errors.New("connection refused")}} {
		c := Cashier{Store: l.Store, Queue: queue}
		status, fresh, err := c.Refund(t.Context(), tasks.RefundRequest{OutRefundNo: number, OrderID: "1", AmountFen: 1, Reason: "wish"})
		if err != nil || !fresh || status.State != "new" {
			t.Errorf("%s: %+v, %v, %v", number, status, fresh, err)
		}
		if want := []string{tasks.TypeRefund, tasks.TypePushOrder}; queue.down == nil && !slices.Equal(queue.took, want) {
			t.Errorf("%s: enqueued %v, want %v", number, queue.took, want)
		}
	}
}
