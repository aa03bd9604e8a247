package loadtest

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// plainHandler is the straightforward way: the order, its user, its product and its course by four GORM reads, one call, one
// insert. It neither looks again nor announces anything; it is the yardstick, not a proposal.
type plainHandler struct {
	db     *gorm.DB
	client *douyin.Client
}

type plainOrder struct {
	ID            int64
	UID           int64 `gorm:"column:uid"`
	ProductID     int64
	CourseID      int64
	Price         string
	Amount        string
	CreateTime    int64
	SN            string `gorm:"column:sn"`
	ThirdOrderNum string
	Status        int
}

func (plainOrder) TableName() string { return "order" }

type plainUser struct {
	ID     int64
	Openid string
}

func (plainUser) TableName() string { return "dy_user" }

type plainProduct struct {
	ID       int64
	CoverImg string
}

func (plainProduct) TableName() string { return "product" }

type plainCourse struct {
	ID   int64
	Name string
}

func (plainCourse) TableName() string { return "course" }

type plainLog struct {
	ID      int64
	OrderID string `gorm:"size:64;index"`
	Status  int
	LogID   string `gorm:"size:128"`
	At      time.Time
}

func (plainLog) TableName() string { return "plain_log" }

func (h *plainHandler) prepare(ctx context.Context) error {
	if err := h.db.WithContext(ctx).AutoMigrate(&plainLog{}); err != nil {
		return fmt.Errorf("loadtest: %w", err)
	}
	return nil
}

func (h *plainHandler) handle(ctx context.Context, t *asynq.Task) error {
	p, err := tasks.ParsePushOrder(t)
	if err != nil {
		return err
	}
	db := h.db.WithContext(ctx)
	var (
		order   plainOrder
		user    plainUser
		product plainProduct
		course  plainCourse
	)
	if err := db.First(&order, "id = ?", p.OrderID).Error; err != nil {
		return err
	}
	if err := db.First(&user, "id = ?", order.UID).Error; err != nil {
		return err
	}
	if err := db.First(&product, "id = ?", order.ProductID).Error; err != nil {
		return err
	}
	if err := db.First(&course, "id = ?", order.CourseID).Error; err != nil {
		return err
	}
	price, err := store.ParseYuan(order.Price)
	if err != nil {
		return err
	}
	push := samplePush(p.OrderID)
	push.OpenID, push.PaymentOrderNo = user.Openid, order.ThirdOrderNum
	push.Detail.CreateTime, push.Detail.TotalPrice = order.CreateTime*1000, int64(price)
	push.Detail.Items[0].Img, push.Detail.Items[0].Title, push.Detail.Items[0].Price = product.CoverImg, course.Name, int64(price)
	receipt, err := h.client.PushOrder(ctx, push)
	if err != nil {
		return err
	}
	return db.Create(&plainLog{OrderID: p.OrderID, Status: int(push.Status), LogID: receipt.LogID, At: time.Now()}).Error
}

// samplePush is a push of the usual size.
func samplePush(orderID string) douyin.OrderPush {
	return douyin.OrderPush{
		OpenID: "_000sample-open-id-0001", Status: douyin.Paid, UpdateTime: time.Now().UnixMilli(), PaymentOrderNo: "7398000000000000001",
		Detail: douyin.OrderDetail{
			OrderID: orderID, CreateTime: 1768634594000, Amount: 1, TotalPrice: 1999, DetailURL: "pages/course/course",
			Items: []douyin.OrderItem{{Img: "https://cdn.example.com/cover/1.jpg", Title: "零基础学吉他", SubTitle: "零基础学吉他", Amount: 1, Price: 1999}},
		},
	}
}
