package store_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/store/servertest"
)

func TestLoadOrderReadsEverythingAPushNeeds(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 7, t0)
		exec(t, db, "UPDATE `order` SET third_order_num = 'T7', price = '0.07', amount = '99999999.99' WHERE id = 7")
		got, err := s.LoadOrder(t.Context(), "7")
		if err != nil {
			t.Fatal(err)
		}
		want := store.OrderSnapshot{
			System: store.Ecpay,
			Order: store.Order{
				ID: "7", OrderNo: "7", UserID: "7", ProductID: "7", CourseID: "7", Price: 7, Amount: 9999999999,
				CreateTime: time.Unix(t0.Unix(), 0), SN: "SN7", PaymentNo: "T7", Status: "1",
			},
			User:    store.User{Found: true, OpenID: "openid-7"},
			Lines:   []store.Line{{Title: "抖音课程 😀", Image: "https://img.example/1.png", Quantity: 1, Price: 7}},
			Refunds: store.RefundSummary{Paid: 9999999999},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestLoadOrderComparesIDsExactly(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 12, t0)
		for _, id := range []string{"12abc", "012", "12 ", " 12", "+12", "12.0", "1e1", "13", "", "18446744073709551616", "12' OR '1'='1"} {
			if _, err := s.LoadOrder(t.Context(), id); !errors.Is(err, store.ErrOrderNotFound) {
				t.Errorf("id %q: %v, want ErrOrderNotFound", id, err)
			}
		}
	})
}

// Whoever looks before he migrates sees what Douyin would be told.
func TestTheShopAloneIsReadWithoutOurTables(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		addOrder(t, db, 12, t0)
		s, err := store.New(db, store.Config{ShopOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		got, err := s.LoadOrder(t.Context(), "12")
		if err != nil || got.Order.ID != "12" || got.State.Seq != 0 || got.Refunds.Paid != got.Order.Amount || len(got.Lines) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestLoadOrderWithTextKeys(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		textKey := "VARCHAR(64)"
		for _, statement := range []string{
			"CREATE TABLE `order` (id " + textKey + " PRIMARY KEY, uid INT, product_id INT, course_id INT, price VARCHAR(20), amount VARCHAR(20), create_time INT, sn VARCHAR(64), third_order_num VARCHAR(64), status INT)",
			"CREATE TABLE dy_user (id INT PRIMARY KEY, openid VARCHAR(64))",
			"CREATE TABLE product (id INT PRIMARY KEY, cover_img VARCHAR(64))",
			"CREATE TABLE course (id INT PRIMARY KEY, name VARCHAR(64))",
			"INSERT INTO `order` VALUES ('Ab-7', 1, 1, 1, '1.00', '1.00', 1772352000, 'sn', '', 1)",
		} {
			exec(t, db, statement)
		}
		s := newStore(t, db, store.Config{})
		begin(t, s, "Ab-7", 0, t0)
		got, err := s.LoadOrder(t.Context(), "Ab-7")
		if err != nil || got.Order.ID != "Ab-7" || got.State.Seq != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		if got.User.Found || len(got.Lines) != 1 || !got.Lines[0].NoImage || !got.Lines[0].NoTitle {
			t.Errorf("rows that do not exist were found: %+v", got)
		}
		for _, id := range []string{"ab-7", "AB-7", "Ab-7 "} {
			if _, err := s.LoadOrder(t.Context(), id); !errors.Is(err, store.ErrOrderNotFound) {
				t.Errorf("id %q: %v, want ErrOrderNotFound", id, err)
			}
		}
	})
}

// The bug: beside a key of numbers the database takes a text for the number with which it begins, so an order without a buyer went to
// Douyin as one of user 0, and that of 12abc as one of user 12.
func TestATextFindsNoRowOfAnotherNumber(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		for _, statement := range []string{
			"CREATE TABLE `order` (id INT PRIMARY KEY, uid VARCHAR(64), product_id VARCHAR(64), course_id VARCHAR(64), price VARCHAR(20), amount VARCHAR(20), create_time INT, sn VARCHAR(64), third_order_num VARCHAR(64), status INT)",
			"CREATE TABLE dy_user (id BIGINT PRIMARY KEY, openid VARCHAR(64))",
			"CREATE TABLE product (id BIGINT PRIMARY KEY, cover_img VARCHAR(64))",
			"CREATE TABLE course (id BIGINT PRIMARY KEY, name VARCHAR(64))",
		} {
			exec(t, db, statement)
		}
		for _, id := range []string{"-1", "12", "9007199254740992"} {
			exec(t, db, "INSERT INTO dy_user VALUES (?, 'openid')", id)
			exec(t, db, "INSERT INTO product VALUES (?, 'https://img.example/1.png')", id)
			exec(t, db, "INSERT INTO course VALUES (?, 'title')", id)
		}
		for _, table := range []string{"dy_user", "product", "course"} { // 0 as a value would be the next number
			exec(t, db, "UPDATE "+table+" SET id = 0 WHERE id = -1")
		}
		s := newStore(t, db, store.Config{})
		for i, key := range []string{"12", "012", "12 ", "0", "", "abc", "12abc", "12.0", " 12", "9007199254740993", "13"} {
			id := i + 1
			exec(t, db, "INSERT INTO `order` VALUES (?, ?, ?, ?, '1.00', '1.00', 1772352000, '', '', 1)", id, key, key, key)
			got, err := s.LoadOrder(t.Context(), strconv.Itoa(id))
			if err != nil || len(got.Lines) != 1 {
				t.Fatalf("key %q: %+v, %v", key, got, err)
			}
			found := got.User.Found || !got.Lines[0].NoImage || !got.Lines[0].NoTitle
			if want := id <= 4; found && !want {
				t.Errorf("key %q has found a row: %+v", key, got)
			} else if want && !found && db.Name() != "sqlite" { // which compares a text with no number
				t.Errorf("key %q has found none: %+v", key, got)
			}
		}
	})
}

func TestABadValueFailsItsOwnOrderOnly(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		if db.Name() != "sqlite" {
			exec(t, db, "ALTER TABLE `order` MODIFY price DECIMAL(12,4) NULL")
		} else {
			exec(t, db, "ALTER TABLE `order` DROP COLUMN price")
			exec(t, db, "ALTER TABLE `order` ADD COLUMN price TEXT")
		}
		s := newStore(t, db, store.Config{})
		for id, price := range map[int]any{1: "1.0100", 2: "1.0150", 3: "-0.01", 4: nil, 5: "7"} {
			addOrder(t, db, id, t0)
			exec(t, db, "UPDATE `order` SET price = ? WHERE id = ?", price, id)
		}
		want := map[string]cell.Reason{"1": "", "2": cell.PartOfFen, "3": cell.NegativeMoney, "4": cell.NullMoney, "5": ""}
		var wg sync.WaitGroup
		for id, reason := range want {
			wg.Go(func() {
				got, err := s.LoadOrder(context.Background(), id)
				if reason == "" {
					if err != nil || got.Order.Price == 0 {
						t.Errorf("order %s: %+v, %v", id, got.Order, err)
					}
					return
				}
				var column *store.ColumnError
				if !errors.As(err, &column) || *column != (store.ColumnError{Table: "order", Column: "price", Row: id, Reason: reason}) {
					t.Errorf("order %s: %v, want %s", id, err, reason)
				}
			})
		}
		wg.Wait()
	})
}

func TestSchemaOfAnotherShop(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Tables = store.Tables{Order: "tp_orders", User: "tp_member", Product: "tp_goods", Course: "tp_lesson"}
	c := &schema.Columns
	c.ID, c.UserID, c.ProductID, c.CourseID, c.Price, c.Amount = "order_id", "member", "goods", "lesson", "unit", "total"
	c.CreateTime, c.SN, c.ThirdOrderNum, c.Status, c.OrderNo, c.UpdatedAt = "made", "serial", "", "", "out_order_no", "changed"
	c.User.ID, c.User.OpenID, c.Product.ID, c.Product.CoverImg, c.Course.ID, c.Course.Name = "mid", "oid", "gid", "pic", "lid", "titel$"
	schema.Filter = map[string]store.Values{"channel": {Texts: []string{"douyin"}}}
	schema.Money, schema.Time = store.InFen, store.Datetime
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		for _, statement := range []string{
			"CREATE TABLE tp_orders (order_id INTEGER PRIMARY KEY, member INTEGER, goods INTEGER, lesson INTEGER, unit INTEGER, total INTEGER, made DATETIME, serial VARCHAR(64), out_order_no VARCHAR(64), channel VARCHAR(20), changed DATETIME)",
			"CREATE TABLE tp_member (mid INTEGER PRIMARY KEY, oid VARCHAR(64))",
			"CREATE TABLE tp_goods (gid INTEGER PRIMARY KEY, pic VARCHAR(64))",
			"CREATE TABLE tp_lesson (lid INTEGER PRIMARY KEY, `titel$` VARCHAR(64))",
			"INSERT INTO tp_orders VALUES (1, 2, 3, 4, 5, 6, '2026-03-01 08:00:00', 'S', 'OUT-1', 'douyin', '2026-03-01 08:00:00'), (2, 2, 3, 4, 5, 6, '2026-03-01 08:00:00', 'S', 'OUT-2', 'wechat', '2026-03-01 08:00:00')",
			"INSERT INTO tp_member VALUES (2, 'oid')", "INSERT INTO tp_goods VALUES (3, 'pic')", "INSERT INTO tp_lesson VALUES (4, '课')",
		} {
			exec(t, db, statement)
		}
		s := newStore(t, db, store.Config{Schema: schema})
		got, err := s.LoadOrder(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		want := store.Order{ID: "1", OrderNo: "OUT-1", UserID: "2", ProductID: "3", CourseID: "4", Price: 5, Amount: 6, CreateTime: t0, SN: "S", PaymentNo: "S", Updated: strconv.FormatInt(t0.UnixMicro(), 10)}
		if !got.Order.CreateTime.Equal(t0) {
			t.Errorf("create time %v, want %v", got.Order.CreateTime, t0)
		}
		got.Order.CreateTime = t0
		if got.Order != want || got.User.OpenID != "oid" || got.Lines[0].Image != "pic" || got.Lines[0].Title != "课" {
			t.Errorf("got %+v", got)
		}
		if _, err := s.LoadOrder(t.Context(), "2"); !errors.Is(err, store.ErrOrderNotFound) {
			t.Errorf("the filter lets another channel's order through: %v", err)
		}
		page, err := s.MarkUnsynced(t.Context(), store.Scan{From: t0.Add(-time.Hour), To: t0.Add(time.Hour), Limit: 10, DueAt: t0})
		if err != nil || page.Read != 2 || page.Marked != 1 || !page.Done {
			t.Errorf("sweep: %+v, %v", page, err)
		}
	})
}

func TestSchemaRefusesWhatIsNoIdentifier(t *testing.T) {
	for _, name := range []string{"order; DROP TABLE x", "or`der", "a.b.c", "", "订单", strings.Repeat("x", 65)} {
		schema := store.DefaultSchema()
		schema.Tables.Order = name
		if schema.Validate() == nil {
			t.Errorf("table %q was accepted", name)
		}
		schema = store.DefaultSchema()
		schema.Filter = map[string]store.Values{name: {Null: true}}
		if schema.Validate() == nil {
			t.Errorf("filter column %q was accepted", name)
		}
	}
}

func TestACancelledCallerDoesNotFailTheOthers(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		addOrder(t, db, 1, t0)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				ctx := t.Context()
				if i%2 == 0 {
					ctx = gone
				}
				_, err := s.LoadOrder(ctx, "1")
				if i%2 == 0 && !errors.Is(err, context.Canceled) && err != nil || i%2 == 1 && err != nil {
					t.Errorf("caller %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := newStore(t, servertest.SQLite(t), store.Config{})
	s.Close()
	if _, err := s.LoadOrder(t.Context(), "1"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("load: %v", err)
	}
	if _, err := s.RecordPush(t.Context(), store.Push{OrderID: "1"}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("record: %v", err)
	}
}

// One id that the shop's key cannot hold is an order that is not there, and fails nobody else of its batch.
func TestAForeignIDFailsNobodyElse(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		set := ""
		if db.Name() != "sqlite" {
			set = " CHARACTER SET latin1"
		}
		for _, statement := range []string{
			"CREATE TABLE `order` (id VARCHAR(64)" + set + " PRIMARY KEY, no VARCHAR(64)" + set + ", uid INT, product_id INT, course_id INT, " +
				"price VARCHAR(20), amount VARCHAR(20), create_time INT, sn VARCHAR(64), third_order_num VARCHAR(64), status INT)",
			"CREATE TABLE dy_user (id INT PRIMARY KEY, openid VARCHAR(64))",
			"CREATE TABLE product (id INT PRIMARY KEY, cover_img VARCHAR(64))",
			"CREATE TABLE course (id INT PRIMARY KEY, name VARCHAR(64))",
		} {
			exec(t, db, statement)
		}
		schema := store.DefaultSchema()
		schema.Columns.OrderNo = "no"
		s := newStore(t, db, store.Config{Schema: schema})
		ids := []string{"é-1"}
		for i := range 30 {
			ids = append(ids, "A-"+strconv.Itoa(i))
		}
		for _, id := range ids {
			exec(t, db, "INSERT INTO `order` VALUES (?, ?, 1, 1, 1, '1.00', '1.00', 1772352000, 'sn', '', 1)", id, "no-"+id)
		}
		foreign := []string{"订单😀", "订", "\xff\xfe", "A-1\xff"}
		for range 3 { // a batch is not refused again and again either
			var wg sync.WaitGroup
			for _, id := range append(foreign, ids...) {
				wg.Go(func() {
					_, err := s.LoadOrder(t.Context(), id)
					if want := slices.Contains(foreign, id); want != errors.Is(err, store.ErrOrderNotFound) || !want && err != nil {
						t.Errorf("order %q: %v", id, err)
					}
				})
			}
			wg.Wait()
		}
		for _, no := range foreign {
			if _, err := s.ShopOrderByNo(t.Context(), "no-"+no); !errors.Is(err, store.ErrOrderNotFound) {
				t.Errorf("order number %q: %v, want ErrOrderNotFound", no, err)
			}
			if found, err := s.FindOrders(t.Context(), no); err != nil || len(found) != 0 {
				t.Errorf("search for %q: %v, %v", no, found, err)
			}
		}
	})
}

// The same with a shop that is said in a SELECT, whose columns have a character set that nobody
// asked for: such an order was refused, with the database's words, as if the shop had it.
func TestAForeignIDIsNoOrderOfASelect(t *testing.T) {
	schema := store.Schema{Time: store.Unix, SQL: store.ShopSQL{
		Order: "SELECT id, no AS order_no, 'o' AS openid, 1 AS status, 1 AS amount, 1772352000 AS create_time, 't' AS title, '/p' AS image FROM o",
	}}
	servertest.EachMySQL(t, func(t *testing.T, db *gorm.DB, _ string) {
		exec(t, db, "CREATE TABLE o (id VARCHAR(64) PRIMARY KEY, no VARCHAR(64)) CHARACTER SET latin1")
		exec(t, db, "INSERT INTO o VALUES ('é-1', 'é-1'), ('A-1', 'A-1')")
		s := newStore(t, db, store.Config{Schema: schema})
		for id, there := range map[string]bool{"é-1": true, "A-1": true, "订": false, "A-😀": false} {
			if _, err := s.LoadOrder(t.Context(), id); there != (err == nil) || !there && !errors.Is(err, store.ErrOrderNotFound) {
				t.Errorf("order %s: %v", id, err)
			}
			if _, err := s.ShopOrderByNo(t.Context(), id); there != (err == nil) || !there && !errors.Is(err, store.ErrOrderNotFound) {
				t.Errorf("order number %s: %v", id, err)
			}
			if _, _, err := s.LeftOut(t.Context(), id); err != nil {
				t.Errorf("is order %s left out: %v", id, err)
			}
		}
	})
}

// What only the database can tell costs its own order too: here a view that fails for one row.
func TestARowThatFailsTheSELECTFailsAlone(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		for id := 1; id <= 30; id++ {
			addOrder(t, db, id, t0)
		}
		exec(t, db, "INSERT INTO course (id, name) VALUES (117, 'twin')")
		exec(t, db, "ALTER TABLE `order` RENAME TO raw_order")
		exec(t, db, "CREATE VIEW `order` AS SELECT r.id, r.uid, r.product_id, (SELECT c.id FROM course c WHERE c.id % 100 = r.course_id) AS course_id, "+
			"r.price, r.amount, r.create_time, r.sn, r.third_order_num, r.status FROM raw_order r")
		var wg sync.WaitGroup
		for id := 1; id <= 30; id++ {
			wg.Go(func() {
				_, err := s.LoadOrder(t.Context(), strconv.Itoa(id))
				if bad := id == 17; bad != (err != nil) || bad && !strings.Contains(err.Error(), "1242") {
					t.Errorf("order %d: %v", id, err)
				}
			})
		}
		wg.Wait()
	})
}
