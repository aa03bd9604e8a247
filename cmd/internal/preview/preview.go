package preview

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// Shop is what is read: a *store.Store.
type Shop interface {
	LoadOrder(ctx context.Context, orderID string) (store.OrderSnapshot, error)
	ShopOrderByNo(ctx context.Context, orderNo string) (store.OrderSnapshot, error)
	LeftOut(ctx context.Context, orderID string) (table string, there bool, err error)
	NewestOrders(ctx context.Context, since time.Time, most int) (store.Newest, error)
}

// ErrNoOrder: the shop has no such order, or its SELECT leaves it out and nobody can tell.
var ErrNoOrder = errors.New("the shop has no such order")

// newestRows bounds how many of the newest orders are looked through for their statuses.
const newestRows = 2000

// Desk makes previews.
type Desk struct {
	Shop  Shop
	Build *worker.Builder
	Keep  *worker.Keeper // of orders of trade; nil: nothing is told of them
	Unit  douyin.TimeUnit
	Now   func() time.Time
}

// Zoned is a Desk whose previews are shown in a time zone.
type Zoned struct {
	Desk
	Zone *time.Location // the shop's
}

// Preview is what would become of one order.
type Preview struct {
	ID     string // the shop's key
	Status string // the shop's own value; empty: none
	// Push is what Douyin would be told. It is filled as far as it could be made.
	Push douyin.OrderPush
	Unit douyin.TimeUnit // of Push.UpdateTime
	// Refused says why it could not be sent: a *store.ColumnError, a *douyin.FieldError. Nil: it could.
	Refused error
	// Ignored says why the order is not Douyin's business. Empty: it is.
	Ignored string
	// Kept says that Douyin keeps the order by itself, and what it would be told of its fulfilment.
	// Empty: the order is not one of trade.
	Kept string
	// Fulfil is the to_status that Douyin would be told, once the payment is known as paid.
	Fulfil string
	// Warnings are what looks wrong and keeps nothing from being sent.
	Warnings []string
}

// Sent tells whether a push would go out.
func (p Preview) Sent() bool { return p.Refused == nil && p.Ignored == "" && p.Kept == "" }

// Order previews the order with this key, or else with this order number. ErrNoOrder: there is none.
// Other errors are the database's.
func (d *Desk) Order(ctx context.Context, name string) (Preview, error) {
	s, err := d.Shop.LoadOrder(ctx, name)
	if errors.Is(err, store.ErrOrderNotFound) {
		s, err = d.Shop.ShopOrderByNo(ctx, name)
	} else if err == nil {
		_, err = d.Shop.ShopOrderByNo(ctx, s.Order.OrderNo) // two orders of one number are one to Douyin
		var column *store.ColumnError
		switch {
		case errors.Is(err, store.ErrOrderNotFound): // the number is empty, which Build says better
			err = nil
		case errors.As(err, &column) && column.Reason == cell.TwoOrders: // it names either; this one was asked for
			named := *column
			named.Row = s.Order.ID
			err = &named
		}
	}
	if errors.Is(err, store.ErrOrderNotFound) {
		return d.leftOut(ctx, name)
	}
	return d.preview(name, s, err)
}

// leftOut is the preview of an order that the shop's description does not have.
func (d *Desk) leftOut(ctx context.Context, name string) (Preview, error) {
	table, there, err := d.Shop.LeftOut(ctx, name)
	if err != nil {
		return Preview{}, err
	}
	if !there {
		return Preview{}, ErrNoOrder
	}
	return Preview{ID: name, Unit: d.Unit, Ignored: "table " + table + " has it, and shop.sql.order or shop.filter leaves it out"}, nil
}

// Newest previews the latest orders, as many as latest says, and behind them the newest order of each
// status that is not among them, by the shop's own values; the newest first. whole tells whether all
// orders of the shop were looked through. An order that is gone meanwhile, or that only
// shop.sql.changes has, is left out, and one of two rows is shown once.
func (d *Desk) Newest(ctx context.Context, latest int) (all []Preview, whole bool, err error) {
	newest, err := d.Shop.NewestOrders(ctx, time.Time{}, newestRows)
	if err != nil {
		return nil, false, err
	}
	seen, shown := map[string]bool{}, map[string]bool{}
	for _, o := range newest.Orders {
		if shown[o.ID] { // the shop's SELECT answers two rows for it, which its preview says
			continue
		}
		if seen[o.Status] && !o.Failed && len(all) >= latest {
			continue
		}
		s, err := d.Shop.LoadOrder(ctx, o.ID)
		if errors.Is(err, store.ErrOrderNotFound) {
			continue
		}
		p, err := d.preview(o.ID, s, err)
		if err != nil {
			return all, false, err
		}
		seen[o.Status], shown[o.ID] = true, true
		all = append(all, p)
		if len(all) == latest+mostStatuses {
			return all, false, nil
		}
	}
	return all, newest.Whole, nil
}

// mostStatuses bounds the previews of Newest, for a status that is a free text.
const mostStatuses = 50

// preview makes and checks the push of s; err is what LoadOrder said of it.
func (d *Desk) preview(id string, s store.OrderSnapshot, err error) (Preview, error) {
	p := Preview{ID: id, Status: s.Order.Status, Unit: d.Unit}
	if s.Order.ID != "" {
		p.ID = s.Order.ID
	}
	var column *store.ColumnError
	if err != nil && !errors.As(err, &column) {
		return p, err
	}
	if err != nil && s.Order.ID == "" { // nothing of it was read
		p.Refused = err
		return p, nil
	}
	if s.System == store.Trade {
		d.keep(&p, s)
		return p, nil
	}
	push, buildErr := d.Build.BuildOrderPush(s)
	var noWord *worker.NoWordError
	switch {
	case errors.As(buildErr, &noWord) && (err == nil || column.Reason != cell.TwoRows && column.Reason != cell.Statement):
		p.Ignored = ignored(noWord.Status)
		return p, nil
	case err != nil: // what could not be read at all comes before what is missing
		p.Refused = err
		return p, nil //nolint:nilerr // what is wrong with the order is the preview, and no failure
	case buildErr != nil:
		p.Refused = buildErr
		return p, nil //nolint:nilerr // likewise
	}
	var unfit *tasks.PayloadError
	if errors.As(tasks.PushOrder{OrderID: s.Order.ID}.Validate(), &unfit) { // as the sweep refuses it
		p.Refused = d.Build.Shop.Place("id", s.Order).Refused(cell.Unnameable, unfit.Reason)
		return p, nil
	}
	push.UpdateTime = d.Unit.Next(d.Now(), s.State.UpdateTime)
	p.Push, p.Refused = push, push.Validate()
	p.Warnings = warnings(s, push)
	return p, nil
}

// keep fills in what becomes of an order of trade.
func (d *Desk) keep(p *Preview, s store.OrderSnapshot) {
	p.Kept = "Douyin keeps this order by itself (通用交易系统)"
	if status, known := d.Build.ShopStatus(s.Order.Status); known {
		p.Fulfil = d.Keep.Word(status, s.State.Fulfilled, s.State.FulfilSent)
	}
	switch {
	case p.Fulfil != "":
		p.Kept += "; once its payment is known as paid, fulfill_push_status tells " + p.Fulfil
	case s.State.Fulfilled != "":
		p.Kept += "; fulfill_push_status has told " + s.State.Fulfilled
	}
}

func ignored(status string) string {
	if status == "" {
		return "its status is NULL or empty"
	}
	return fmt.Sprintf("its status %q has no word in shop.status", status)
}
