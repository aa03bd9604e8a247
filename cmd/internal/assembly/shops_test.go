package assembly

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/worker"
)

const shops = "../../../configs/shops/"

// expectedOrder is what Douyin must be told of an order; see configs/shops/testdata.
type expectedOrder struct {
	OrderStatus    int            `json:"order_status"`
	Status         string         `json:"status"`
	OrderID        string         `json:"order_id"`
	OpenID         string         `json:"open_id"`
	PaymentOrderNo string         `json:"payment_order_no"`
	Created        int64          `json:"created"` // seconds after the load
	Amount         int            `json:"amount"`
	TotalPrice     int64          `json:"total_price"`
	Items          []expectedItem `json:"item_list"`

	NotPushed string   `json:"not_pushed"`
	Refused   []string `json:"refused"`
	Column    string   `json:"column"` // "a|b": one of them
	Why       string   `json:"why"`
}

type expectedItem struct {
	Title  string `json:"title"`
	Img    string `json:"img"`
	Amount int    `json:"amount"`
	Price  int64  `json:"price"`
}

// sampleLayout is a shop of configs/shops/testdata in a database of its own, read as configs/shops
// says.
type sampleLayout struct {
	db       *gorm.DB
	store    *store.Store
	cfg      *configs.Config
	build    *worker.Builder
	loaded   time.Time
	expected map[string]expectedOrder
	exec     func(statement string)
}

// loadOnMariaDB is loadLayout in a database of its own; nil where there is no MariaDB.
func loadOnMariaDB(t *testing.T, name string) *sampleLayout {
	t.Helper()
	dsn := servertest.MySQLDSN(t)
	if dsn == "" {
		return nil // ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	return loadLayout(t, dsn, name, nil)
}

// loadLayout makes the shop's tables in the empty database at dsn, and reads the shop as change
// (nil: nothing) leaves its configuration.
func loadLayout(t *testing.T, dsn, name string, change func(*configs.Config)) *sampleLayout {
	t.Helper()
	s := &sampleLayout{loaded: time.Unix(time.Now().Unix(), 0)}
	var file struct {
		Settings struct {
			ImageBaseURL string `json:"image_base_url"`
		} `json:"settings"`
		Orders map[string]expectedOrder `json:"orders"`
	}
	text, err := os.ReadFile(shops + "testdata/" + name + ".expected.json")
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.expected = file.Orders
	s.cfg, err = configs.Load(shops+name+".yaml", []string{"ORDERSYNC_SHOP__IMAGE_BASE_URL=" + file.Settings.ImageBaseURL, "ORDERSYNC_MYSQL__DSN=" + dsn}, ShopTexts)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s.cfg)
	}
	script, err := os.ReadFile(shops + "testdata/" + name + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	many, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	many.MultiStatements = true
	loader, err := store.Open(many.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := loader.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	if _, err := pool.ExecContext(t.Context(), fmt.Sprintf("SET @t = %d;", s.loaded.Unix())+"\n"+string(script)); err != nil {
		t.Fatalf("%s.sql: %v", name, err)
	}

	s.reopen(t)
	s.exec = func(statement string) {
		t.Helper()
		if err := s.db.Exec(statement).Error; err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return s
}

// reopen reads the shop as s.cfg says now.
func (s *sampleLayout) reopen(t *testing.T) {
	t.Helper()
	db, err := store.Open(s.cfg.MySQL.DSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	s.db = db
	if s.store, err = store.New(db, storeConfig(s.cfg)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.store.Close()
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	if _, err := s.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.build, err = builder(s.cfg); err != nil {
		t.Fatal(err)
	}
}

// TestTheReadyMadeLayoutsTellWhatTheyShould goes from the SELECTs to what is built for Douyin, for
// each row of the three shops.
func TestTheReadyMadeLayoutsTellWhatTheyShould(t *testing.T) {
	for _, name := range []string{"shopxo", "courses", "java"} {
		t.Run(name, func(t *testing.T) {
			servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
				s := loadLayout(t, dsn, name, nil)
				page, err := s.store.ReadOrders(t.Context(), store.Scan{
					Statuses: shopStatuses(s.cfg.Shop), From: s.loaded.Add(-24 * time.Hour), To: s.loaded, ByCreateTime: true, Limit: 100,
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range s.store.CheckShop(t.Context()) {
					if !f.OK && !f.Minor {
						t.Errorf("doctor: %+v", f)
					}
				}
				for id, want := range s.expected {
					if swept := slices.Contains(page.IDs, id); swept != (want.NotPushed == "") {
						t.Errorf("order %s (%s%s): found by the sweep: %v", id, want.Why, want.NotPushed, swept)
					}
					push, err := s.push(t, id)
					s.compare(t, id, want, push, err)
				}
			})
		})
	}
}

// ShopXO has no index on its times: doctor says so, and names the table and the column behind the
// SELECT.
func TestDoctorNamesTheIndexBehindASelect(t *testing.T) {
	servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
		s := loadLayout(t, dsn, "shopxo", nil)
		var cures []string
		for _, f := range s.store.CheckShop(t.Context()) {
			if f.OK != (f.Cure == "") {
				t.Errorf("%+v", f)
			}
			cures = append(cures, f.What+" → "+f.Cure)
		}
		if all := strings.Join(cures, "\n"); !strings.Contains(all, "CREATE INDEX upd_time ON `sxo_order` (`upd_time`)") {
			t.Errorf("no cure names sxo_order (upd_time):\n%s", all)
		}
	})
}

// javashop's server writes in UTC. Read with loc=Asia/Shanghai its orders are eight hours old:
// doctor says so, with the key.
func TestDoctorComparesTheTimesOfALayoutWithNow(t *testing.T) {
	for name, cures := range map[string]map[string]string{
		"java":    {"UTC": "", "Asia%2FShanghai": "set loc in mysql.dsn to the zone in which the shop writes its times, which seems to be UTC"},
		"shopxo":  {"UTC": "", "Asia%2FShanghai": ""}, // seconds have no zone
		"courses": {"UTC": ""},
	} {
		for loc, cure := range cures {
			t.Run(name+" in "+loc, func(t *testing.T) {
				servertest.EachMySQL(t, func(t *testing.T, _ *gorm.DB, dsn string) {
					s := loadLayout(t, dsn+"?loc="+loc, name, nil)
					var columns int
					for _, f := range s.store.CheckTimes(t.Context()) {
						if strings.HasPrefix(f.What, "the newest create_time") || strings.HasPrefix(f.What, "the newest updated_at") {
							columns++
						}
						if f.OK != (cure == "") || !strings.Contains(f.Cure, cure) {
							t.Errorf("%+v, want %q", f, cure)
						}
					}
					if want := map[string]int{"java": 2, "shopxo": 2, "courses": 1}[name]; columns != want {
						t.Errorf("%d columns were compared with now, want %d", columns, want)
					}
				})
			})
		}
	}
}

func (s *sampleLayout) push(t *testing.T, id string) (douyin.OrderPush, error) {
	t.Helper()
	snapshot, err := s.store.LoadOrder(t.Context(), id)
	if err != nil {
		return douyin.OrderPush{}, err
	}
	push, err := s.build.BuildOrderPush(snapshot)
	if err != nil {
		return push, err
	}
	push.UpdateTime = time.Now().UnixMilli()
	return push, push.Validate()
}

func (s *sampleLayout) compare(t *testing.T, id string, want expectedOrder, push douyin.OrderPush, err error) {
	t.Helper()
	var column *store.ColumnError
	var noWord *worker.NoWordError
	switch {
	case want.NotPushed != "":
		if !errors.Is(err, store.ErrOrderNotFound) && !errors.As(err, &noWord) {
			t.Errorf("order %s (%s): %v, want nothing of it", id, want.NotPushed, err)
		}
		return
	case want.Refused != nil:
		if !errors.As(err, &column) || !slices.Contains(strings.Split(want.Column, "|"), column.Column) || !strings.Contains(err.Error(), id) {
			t.Errorf("order %s (%s): %v, want it refused for its %s", id, want.Why, err, want.Column)
		}
		return
	case err != nil:
		t.Errorf("order %s (%s): %v", id, want.Why, err)
		return
	}
	got := expectedOrder{
		OrderStatus: int(push.Status), Status: push.Status.Text(), OrderID: push.Detail.OrderID, OpenID: push.OpenID, PaymentOrderNo: push.PaymentOrderNo,
		Created: push.Detail.CreateTime/1000 - s.loaded.Unix(), Amount: push.Detail.Amount, TotalPrice: push.Detail.TotalPrice, Why: want.Why,
	}
	for _, i := range push.Detail.Items {
		got.Items = append(got.Items, expectedItem{i.Title, i.Img, i.Amount, i.Price})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("order %s (%s):\ngot  %+v\nwant %+v", id, want.Why, got, want)
	}
}
