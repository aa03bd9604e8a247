package journeys

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
)

// The states of an order in the shop of these tests, and what Douyin calls them (shop.status says the words).
const (
	statePaid      = 10
	stateRedeemed  = 20
	stateRefunding = 30
	stateRefunded  = 40
)

var douyinStatus = map[int]int{statePaid: 1, stateRedeemed: 4, stateRefunding: 5, stateRefunded: 6}

// shopConfig says how this shop calls things: nothing is named as in the PHP class's schema.
const shopConfig = `
shop:
  tables: { order: tp_trade, user: tp_member, product: tp_goods, course: tp_lesson }
  columns:
    id: trade_id
    order_no: out_no
    user_id: member_id
    product_id: goods_id
    course_id: lesson_id
    price: unit_price
    amount: pay_amount
    create_time: add_time
    sn: trade_sn
    third_order_num: dy_trade_no
    status: state
    user: { id: member_id, openid: dy_openid }
    product: { id: goods_id, cover_img: thumb }
    course: { id: lesson_id, name: title }
  status: { 10: paid, 20: redeemed, 30: refunding, 40: refunded }
  filter: { channel: douyin }
  image_base_url: https://img.example.com/
`

// openIDMark begins every openid of the shop: it must not be seen in a log.
const openIDMark = "_000e2e-openid-"

// trades is the shop: what the tests did to it, so that Douyin's ledger can be held against it.
type trades struct {
	db    *gorm.DB
	state map[int]int // of every order that is Douyin's, by trade_id
}

// newTrades makes the tables.
func newTrades(t *testing.T, db *gorm.DB) *trades {
	t.Helper()
	s := &trades{db: db, state: map[int]int{}}
	money := "DECIMAL(10,2)"
	if db.Name() == "sqlite" {
		money = "TEXT"
	}
	for _, q := range []string{
		`CREATE TABLE tp_trade (trade_id BIGINT NOT NULL PRIMARY KEY, out_no VARCHAR(64) NOT NULL, member_id BIGINT NOT NULL,
			goods_id BIGINT NOT NULL, lesson_id BIGINT NOT NULL, unit_price ` + money + ` NOT NULL, pay_amount ` + money + ` NOT NULL,
			add_time BIGINT NOT NULL, trade_sn VARCHAR(64) NOT NULL, dy_trade_no VARCHAR(64), state INT NOT NULL, channel VARCHAR(16) NOT NULL)`,
		`CREATE INDEX tp_trade_add_time ON tp_trade (add_time)`,
		`CREATE TABLE tp_member (member_id BIGINT NOT NULL PRIMARY KEY, dy_openid VARCHAR(64))`,
		`CREATE TABLE tp_goods (goods_id BIGINT NOT NULL PRIMARY KEY, thumb VARCHAR(255))`,
		`CREATE TABLE tp_lesson (lesson_id BIGINT NOT NULL PRIMARY KEY, title VARCHAR(255))`,
		`INSERT INTO tp_member VALUES (1,'` + openIDMark + `1'), (2,'` + openIDMark + `2'), (3,'` + openIDMark + `3')`,
		`INSERT INTO tp_goods VALUES (1,'cover/1.jpg'), (2,'https://cdn.example.com/2.jpg')`,
		`INSERT INTO tp_lesson VALUES (1,'零基础学吉他'), (2,'书法楷书基础')`,
	} {
		s.exec(t, q)
	}
	return s
}

// sell makes n orders that are paid at this moment, and some of another channel beside them.
func (s *trades) sell(t *testing.T, n int) {
	t.Helper()
	s.sellAt(t, n, time.Now())
}

func (s *trades) sellAt(t *testing.T, n int, at time.Time) {
	t.Helper()
	const elsewhere = 1_000_000 // ids of orders that are not Douyin's begin behind it
	paidAt := at.Unix()
	first := len(s.state) + 1
	var rows []string
	for i := range n + n/20 {
		id, channel, thirdNo := first+i, "douyin", "NULL"
		if i >= n {
			id, channel = id+elsewhere, "wechat"
		} else {
			s.state[id] = statePaid
		}
		if no := dyTradeNo(id); no != "" {
			thirdNo = "'" + no + "'"
		}
		yuan := fmt.Sprintf("%d.%02d", fen(id)/100, fen(id)%100)
		rows = append(rows, fmt.Sprintf("(%d,'%s',%d,%d,%d,'%s','%s',%d,'%s',%s,%d,'%s')",
			id, outNo(id), id%3+1, id%2+1, id%2+1, yuan, yuan, paidAt, tradeSN(id), thirdNo, statePaid, channel))
	}
	for chunk := range slices.Chunk(rows, 500) {
		s.exec(t, "INSERT INTO tp_trade VALUES "+strings.Join(chunk, ","))
	}
}

func outNo(id int) string   { return fmt.Sprintf("DY%06d", id) }
func tradeSN(id int) string { return fmt.Sprintf("SN%06d", id) }
func fen(id int) int        { return 1 + id*7%100_000 }

// dyTradeNo is empty for every third order: its payment number is the sn.
func dyTradeNo(id int) string {
	if id%3 == 0 {
		return ""
	}
	return fmt.Sprintf("73980000%011d", id)
}

func (s *trades) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if err := s.db.WithContext(t.Context()).Exec(query, args...).Error; err != nil {
		t.Fatalf("the shop: %v", err)
	}
}

// count answers a SELECT COUNT(*).
func (s *trades) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := s.db.WithContext(t.Context()).Raw(query, args...).Row().Scan(&n); err != nil {
		t.Fatalf("the shop: %v", err)
	}
	return n
}

// ids are those of Douyin's orders that pick takes, in order.
func (s *trades) ids(pick func(id int) bool) []int {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.state)), func(id int) bool { return !pick(id) })
}

func everyOrder(int) bool { return true }

// set changes orders in one statement, as the shop would.
func (s *trades) set(t *testing.T, state int, ids []int) {
	t.Helper()
	s.exec(t, "UPDATE tp_trade SET state = ? WHERE trade_id IN ?", state, ids)
	for _, id := range ids {
		s.state[id] = state
	}
}
