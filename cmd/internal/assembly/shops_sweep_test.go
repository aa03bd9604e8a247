package assembly

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/worker"
)

// sweptShop is what happens in one of the shops while everything runs and nobody enqueues anything.
type sweptShop struct {
	name    string // of configs/shops
	rewrite func(q *configs.ShopSQL)
	first   []string                // statements before the first sweep
	refused map[string]refusedOrder // by key: orders that first adds, or makes fail in another way
	changes map[string]changedOrder // by key
	mends   map[string]mendedOrder  // by key: of all that are refused
}

// refusedOrder is an order that must be refused for a column, in words that have part.
type refusedOrder struct{ column, part string }

// changedOrder is what the shop does to an order, and what that makes of what Douyin must be told.
type changedOrder struct {
	statement string
	becomes   func(*expectedOrder)
}

// mendedOrder is what lets a refused order go, and what Douyin is told of it then.
type mendedOrder struct{ statement, orderNo, openID, title string }

var sweptShops = map[string]sweptShop{
	"shopxo": {
		name: "shopxo",
		changes: map[string]changedOrder{
			"102": { // upd_time was 0
				"UPDATE sxo_order SET status = 4, upd_time = UNIX_TIMESTAMP() WHERE id = 102",
				func(o *expectedOrder) { o.OrderStatus, o.Status = 4, "已核销" },
			},
			"107": {
				"UPDATE sxo_order SET total_price = 49, upd_time = UNIX_TIMESTAMP() WHERE id = 107",
				func(o *expectedOrder) { o.TotalPrice = 4900 },
			},
		},
		mends: map[string]mendedOrder{
			"108": {
				"INSERT INTO sxo_user_platform (user_id, platform, toutiao_openid) VALUES (9, 'toutiao', '_000sxo-nine')",
				"PL1008", "_000sxo-nine", "茶杯",
			},
			"111": {"UPDATE sxo_order_detail SET title = '盖碗' WHERE order_id = 111", "PL1012", "_000sxo-seven", "盖碗"},
			"113": {"UPDATE sxo_order_detail SET images = 'static/55.png' WHERE order_id = 113", "PL1013", "_000sxo-eight", "茶杯"},
		},
	},
	"courses": { // nothing tells of a change but the status
		name: "courses",
		first: []string{
			"INSERT INTO eb_store_order SELECT 214, 'wx2141', '', uid, special_id, '[{broken', total_num, total_price, pay_price, " +
				"paid, status, refund_status, refund_price, is_channel, is_del, add_time FROM eb_store_order WHERE id = 203",
		},
		refused: map[string]refusedOrder{"214": {"rows", "JSON"}},
		changes: map[string]changedOrder{
			"201": {
				"UPDATE eb_store_order SET paid = 1, trade_no = '74000000000000201' WHERE id = 201",
				func(o *expectedOrder) {
					o.OrderStatus, o.Status, o.PaymentOrderNo = 1, "已支付", "74000000000000201"
				},
			},
			"202": {
				"UPDATE eb_store_order SET status = 2 WHERE id = 202",
				func(o *expectedOrder) { o.OrderStatus, o.Status = 4, "已核销" },
			},
		},
		mends: map[string]mendedOrder{
			"211": {
				"INSERT INTO eb_wechat_user (id, uid, user_type, routine_openid) VALUES (9, 23, 'douyin', '_000eb-23')",
				"wx2111", "_000eb-23", "摄影入门：从光圈到构图",
			},
			"212": {"INSERT INTO eb_special VALUES (99, '篆刻', 'uploads/99.jpg', '', 5)", "wx2121", "_000eb-22", "篆刻"},
			"214": {
				`UPDATE eb_store_order SET cart_info = '[{"id":13,"num":1,"price":"9.90"}]' WHERE id = 214`,
				"wx2141", "_000eb-22", "手冲咖啡",
			},
		},
	},
	"java": {
		name: "java",
		changes: map[string]changedOrder{
			"1859731842360115208": { // updated_at was NULL; the database fills it in
				"UPDATE t_order SET status = 'REFUNDED' WHERE id = 1859731842360115208",
				func(o *expectedOrder) { o.OrderStatus, o.Status = 6, "已退款" },
			},
			"1859731842360115202": {
				"UPDATE t_order SET status = 'FINISHED' WHERE id = 1859731842360115202",
				func(o *expectedOrder) { o.OrderStatus, o.Status = 4, "已核销" },
			},
		},
		mends: javaMends,
	},
	"java with a scalar subquery": { // which MySQL runs for all rows of a sweep's range, before it cuts the page
		name: "java",
		rewrite: func(q *configs.ShopSQL) {
			q.Order = strings.NewReplacer("LEFT JOIN user_social u ON u.user_id = o.user_id AND u.platform = 'DOUYIN'", "", "u.open_id AS openid",
				"(SELECT u.open_id FROM user_social u WHERE u.user_id = o.user_id AND u.platform = 'DOUYIN') AS openid").Replace(q.Order)
		},
		refused: map[string]refusedOrder{"1859731842360115212": {"rows", "1242"}},
		mends:   javaMends,
	},
}

var javaMends = map[string]mendedOrder{
	"1859731842360115211": {
		"UPDATE user_social SET open_id = '_000java-33' WHERE user_id = 1859731842360000033",
		"1859731842360115211", "_000java-33", "数据线",
	},
	"1859731842360115212": {
		"DELETE FROM user_social WHERE open_id = '_000java-34b'", "1859731842360115212", "_000java-34a", "数据线",
	},
	"1859731842360115213": {
		"UPDATE t_order_item SET deleted_at = NULL WHERE order_id = 1859731842360115213", "1859731842360115213", "_000java-31", "数据线",
	},
}

// TestTheSweepAloneTellsDouyinOfEachLayout goes from the shop's rows to Douyin's ledger: each row
// is told as its expected.json says, once; changes come over; what was refused goes when it is
// mended and asked for again.
func TestTheSweepAloneTellsDouyinOfEachLayout(t *testing.T) {
	for name, shop := range sweptShops {
		t.Run(name, func(t *testing.T) {
			servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
				s := runLayout(t, dsn, shop)
				s.check(t)
				s.change(t)
				s.mend(t)
				s.checkPushes(t)
			})
		})
	}
}

// sweptLayout is such a shop with a scheduler, a worker and Douyin's stand-in.
type sweptLayout struct {
	*sampleLayout
	sweptShop
	bank *simulator.Server
}

// runLayout starts everything.
func runLayout(t *testing.T, dsn string, shop sweptShop) *sweptLayout {
	t.Helper()
	s := &sweptLayout{sweptShop: shop}
	s.bank = simulator.New(simulator.Config{AppID: "tt1", Secret: "secret"})
	t.Cleanup(func() { _ = s.bank.Close() })
	douyin := httptest.NewServer(s.bank)
	t.Cleanup(douyin.Close)
	s.sampleLayout = loadLayout(t, dsn, shop.name, func(cfg *configs.Config) {
		cfg.Douyin.BaseURL, cfg.Douyin.AppID, cfg.Douyin.Secret = douyin.URL, "tt1", "secret"
		cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = 100*time.Millisecond, 0
		if shop.rewrite != nil {
			shop.rewrite(&cfg.Shop.SQL)
		}
	})
	for _, statement := range shop.first {
		s.exec(statement)
	}
	a := New(s.cfg, zerolog.Nop(), WithDB(s.db), WithRedis(servertest.Redis(t)), WithBackoff(worker.Backoff{Scale: 1e-3}))
	start(t, a)
	return s
}

// check waits until everything is told, and holds it against expected.json.
func (s *sweptLayout) check(t *testing.T) {
	t.Helper()
	told, refused := 0, 0
	for id, want := range s.expected {
		switch {
		case want.NotPushed != "":
		case want.Refused != nil:
			if _, otherwise := s.refused[id]; !otherwise {
				refused++
			}
		default:
			told++
		}
	}
	refused += len(s.refused)
	s.awaitRows(t, store.Pushed, told)
	s.awaitRows(t, store.Refused, refused)
	if held := s.bank.Stats().Held; held != told || len(s.bank.Ledger().Orders) != told {
		t.Errorf("Douyin holds %d orders and knows %d, want %d", held, len(s.bank.Ledger().Orders), told)
	}
	for id, want := range s.expected {
		_, otherwise := s.refused[id]
		switch o, known := s.row(t, id); {
		case want.NotPushed != "":
			if known {
				t.Errorf("order %s (%s) is %s, want nothing of it", id, want.NotPushed, o.Outcome)
			}
		case otherwise:
		case want.Refused != nil:
			s.checkRefused(t, id, refusedOrder{column: want.Column})
		default:
			s.checkTold(t, want)
		}
	}
	for id, want := range s.refused {
		s.checkRefused(t, id, want)
	}
}

// change lets the shop change orders, and waits for the sweep.
func (s *sweptLayout) change(t *testing.T) {
	t.Helper()
	for id, c := range s.changes {
		s.exec(c.statement)
		want := s.expected[id]
		c.becomes(&want)
		s.expected[id] = want
	}
	for id := range s.changes {
		want := s.expected[id]
		awaitFor(t, "the change of order "+id+" at Douyin", func() bool {
			o, _ := s.bank.Order(want.OrderID)
			return o.Status == want.OrderStatus && o.Detail != nil && o.Detail.TotalPrice == want.TotalPrice
		})
		s.checkTold(t, want)
	}
}

// mend mends what is refused, and asks for it as `retry --order` does.
func (s *sweptLayout) mend(t *testing.T) {
	t.Helper()
	for id, m := range s.mends {
		s.exec(m.statement)
		if page, err := s.store.RequestRetry(t.Context(), store.RetryFilter{OrderID: id}); err != nil || len(page.Due) != 1 {
			t.Fatalf("retry --order %s: %+v, %v", id, page, err)
		}
	}
	for id, m := range s.mends {
		awaitFor(t, "order "+id+" at Douyin, mended", func() bool {
			o, _ := s.row(t, id)
			return o.Outcome == store.Pushed
		})
		o, _ := s.bank.Order(m.orderNo)
		if !o.Held || o.OpenID != m.openID || len(o.Detail.Items) != 1 || o.Detail.Items[0].Title != m.title {
			t.Errorf("order %s, mended: %+v %+v", id, o, o.Detail)
		}
	}
	if rows := s.rows(t, store.Refused); rows != 0 {
		t.Errorf("%d orders are refused still", rows)
	}
}

// checkPushes counts: one for each order, and one more for each change.
func (s *sweptLayout) checkPushes(t *testing.T) {
	t.Helper()
	changed := slices.Collect(maps.Keys(s.changes))
	for i, id := range changed {
		changed[i] = s.expected[id].OrderID
	}
	l := s.bank.Ledger()
	for _, o := range l.Orders {
		want := 1
		if slices.Contains(changed, o.OrderID) {
			want = 2
		}
		if o.Pushes != want || o.Accepted != want {
			t.Errorf("order %s was pushed %d times and accepted %d times, want %d", o.OrderID, o.Pushes, o.Accepted, want)
		}
	}
	if l.Regressions != 0 {
		t.Errorf("%d pushes made an order older", l.Regressions)
	}
}

func (s *sweptLayout) checkTold(t *testing.T, want expectedOrder) {
	t.Helper()
	o, known := s.bank.Order(want.OrderID)
	if !known || o.Detail == nil {
		t.Errorf("Douyin does not know order %s (%s)", want.OrderID, want.Why)
		return
	}
	got := expectedOrder{
		OrderStatus: o.Status, Status: o.StatusText, OrderID: o.Detail.OrderID, OpenID: o.OpenID, PaymentOrderNo: o.PaymentOrderNo,
		Created: o.Detail.CreateTime/1000 - s.loaded.Unix(), Amount: int(o.Detail.Amount), TotalPrice: o.Detail.TotalPrice, Why: want.Why,
	}
	for _, i := range o.Detail.Items {
		got.Items = append(got.Items, expectedItem{i.Title, i.Img, int(i.Amount), i.Price})
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || o.Detail.Status != want.Status {
		t.Errorf("Douyin was told\n%+v, want\n%+v", got, want)
	}
}

func (s *sweptLayout) checkRefused(t *testing.T, id string, want refusedOrder) {
	t.Helper()
	o, _ := s.row(t, id)
	names := func(column string) bool {
		return strings.HasPrefix(o.Message, fmt.Sprintf("%s of order %q: ", column, id))
	}
	if o.Outcome != store.Refused || !slices.ContainsFunc(strings.Split(want.column, "|"), names) || !strings.Contains(o.Message, want.part) {
		t.Errorf("order %s is %s: %s; want it refused for its %s (%s)", id, o.Outcome, o.Message, want.column, want.part)
	}
}

func (s *sweptLayout) row(t *testing.T, id string) (o store.OrderState, known bool) {
	t.Helper()
	o, known, err := s.store.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return o, known
}

// awaitRows waits until so many orders have an outcome and are not due again.
func (s *sweptLayout) awaitRows(t *testing.T, outcome store.Outcome, want int) {
	t.Helper()
	awaitFor(t, fmt.Sprintf("%d orders are %s", want, outcome), func() bool { return s.rows(t, outcome) >= want })
	if rows := s.rows(t, outcome); rows != want {
		t.Errorf("%d orders are %s, want %d", rows, outcome, want)
	}
}

func (s *sweptLayout) rows(t *testing.T, outcome store.Outcome) (n int) {
	t.Helper()
	if err := s.db.WithContext(t.Context()).Raw("SELECT COUNT(*) FROM ordersync_order WHERE outcome = ? AND due_at IS NULL", outcome).
		Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
