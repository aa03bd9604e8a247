// Package sampleshop makes a shop as the PHP class knew it: orders, users, products and courses, in the demo's database or on
// a real MySQL for load tests and end-to-end tests. Nothing of it is part of a production process.
package sampleshop

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// The status values of the sample shop. Words is what shop.status says of them.
const (
	Unpaid       = 0
	Paid         = 1
	Cancelled    = 2
	Redeemed     = 4
	Refunding    = 5
	Refunded     = 6
	RefundFailed = 8
	Draft        = 99 // has no word of Douyin's
)

// Words maps the sample shop's status values to the words of shop.status.
func Words() map[string]string {
	return map[string]string{
		"0": "unpaid", "1": "paid", "2": "cancelled", "4": "redeemed", "5": "refunding", "6": "refunded", "8": "refund_failed",
	}
}

// insertBatch keeps a statement well below MySQL's max_allowed_packet.
const insertBatch = 500

// Shop is the four tables. Their columns are the PHP class's.
type Shop struct {
	db     *gorm.DB
	prefix string
}

// Order is one order of the shop. Zero UserID, ProductID and CourseID name the sample rows 1, 1 and 1.
type Order struct {
	ID                          int64
	UserID, ProductID, CourseID int64
	Amount                      string // yuan, also the price
	Status                      int
	CreateTime                  time.Time
}

// Create makes the tables with their sample rows; prefix goes before every table name ("" or "tp_"). On SQLite money is TEXT,
// because SQLite would make a float of a DECIMAL.
func Create(ctx context.Context, db *gorm.DB, prefix string) (*Shop, error) {
	s := &Shop{db: db.WithContext(ctx), prefix: prefix}
	id, money := "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", "DECIMAL(10,2)"
	if db.Name() == "sqlite" {
		id, money = "INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT"
	}
	for _, q := range []string{
		`CREATE TABLE ` + s.table("order") + ` (id ` + id + `, uid BIGINT NOT NULL, product_id BIGINT NOT NULL, course_id BIGINT NOT NULL,
			price ` + money + ` NOT NULL, amount ` + money + ` NOT NULL, create_time BIGINT NOT NULL, sn VARCHAR(64) NOT NULL,
			third_order_num VARCHAR(64) NOT NULL DEFAULT '', status INT NOT NULL)`,
		`CREATE INDEX ` + prefix + `order_create_time ON ` + s.table("order") + ` (create_time)`,
		`CREATE TABLE ` + s.table("dy_user") + ` (id ` + id + `, openid VARCHAR(64))`,
		`CREATE TABLE ` + s.table("product") + ` (id ` + id + `, cover_img VARCHAR(512))`,
		`CREATE TABLE ` + s.table("course") + ` (id ` + id + `, name VARCHAR(512))`,
	} {
		if err := s.db.Exec(q).Error; err != nil {
			return nil, fmt.Errorf("sample shop: %w", err)
		}
	}
	users, products, courses := make([]string, 50), make([]string, 10), make([]string, 10)
	for i := range users {
		users[i] = fmt.Sprintf("(%d,'_000sample-open-id-%04d')", i+1, i+1)
	}
	for i := range products {
		products[i] = fmt.Sprintf("(%d,'https://cdn.example.com/cover/%d.jpg')", i+1, i+1)
		courses[i] = fmt.Sprintf("(%d,'%s')", i+1, titles[i%len(titles)])
	}
	for table, rows := range map[string][]string{"dy_user": users, "product": products, "course": courses} {
		if err := s.db.Exec("INSERT INTO " + s.table(table) + " VALUES " + strings.Join(rows, ",")).Error; err != nil {
			return nil, fmt.Errorf("sample shop: %w", err)
		}
	}
	return s, nil
}

// Open is the sample shop that is in db already, or else makes it. On SQLite it is made as a whole or
// not at all, however this process ends.
func Open(ctx context.Context, db *gorm.DB, prefix string) (*Shop, error) {
	s := &Shop{db: db.WithContext(ctx), prefix: prefix}
	if s.db.Migrator().HasTable(prefix + "course") {
		return s, nil
	}
	return s, s.db.Transaction(func(tx *gorm.DB) error {
		_, err := Create(ctx, tx, prefix)
		return err
	})
}

// FirstID is that of a new shop's first order.
const FirstID = 1001

// NextID is a key that no order has ever had, of a shop on SQLite: Douyin may know one that was
// removed.
func (s *Shop) NextID(ctx context.Context) (id int64, err error) {
	err = s.db.WithContext(ctx).Raw("SELECT COALESCE(MAX(seq) + 1, ?) FROM sqlite_sequence WHERE name = ?", FirstID, s.prefix+"order").Row().Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("sample shop: %w", err)
	}
	return id, nil
}

var titles = []string{"零基础学吉他", "手机摄影入门", "家常菜三十道", "儿童绘画启蒙", "晨间瑜伽课", "咖啡拉花艺术", "书法楷书基础", "短视频剪辑", "园艺种植指南", "普通话正音"}

func (s *Shop) table(name string) string { return "`" + s.prefix + name + "`" }

// AddOrders inserts orders in few statements.
func (s *Shop) AddOrders(ctx context.Context, orders []Order) error {
	for len(orders) > 0 {
		n := min(len(orders), insertBatch)
		rows := make([]string, n)
		args := make([]any, 0, 9*n)
		for i, o := range orders[:n] {
			rows[i] = "(?,?,?,?,?,?,?,?,?,?)"
			args = append(args, o.ID, or1(o.UserID), or1(o.ProductID), or1(o.CourseID), o.Amount, o.Amount, o.CreateTime.Unix(),
				fmt.Sprintf("SN%012d", o.ID), fmt.Sprintf("73980000%011d", o.ID), o.Status)
		}
		q := "INSERT INTO " + s.table("order") +
			" (id,uid,product_id,course_id,price,amount,create_time,sn,third_order_num,status) VALUES " + strings.Join(rows, ",")
		if err := s.db.WithContext(ctx).Exec(q, args...).Error; err != nil {
			return fmt.Errorf("sample shop: %w", err)
		}
		orders = orders[n:]
	}
	return nil
}

func or1(id int64) int64 {
	if id == 0 {
		return 1
	}
	return id
}

// SetStatus changes the status of orders, as the shop would.
func (s *Shop) SetStatus(ctx context.Context, status int, ids ...int64) error {
	err := s.db.WithContext(ctx).Exec("UPDATE "+s.table("order")+" SET status = ? WHERE id IN ?", status, ids).Error
	if err != nil {
		return fmt.Errorf("sample shop: %w", err)
	}
	return nil
}

// Exec runs a statement of the shop's own; {order}, {dy_user}, {product} and {course} stand for its tables.
func (s *Shop) Exec(ctx context.Context, query string, args ...any) error {
	for _, t := range []string{"order", "dy_user", "product", "course"} {
		query = strings.ReplaceAll(query, "{"+t+"}", s.table(t))
	}
	if err := s.db.WithContext(ctx).Exec(query, args...).Error; err != nil {
		return fmt.Errorf("sample shop: %w", err)
	}
	return nil
}
