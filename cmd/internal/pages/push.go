package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// maxForm bounds the body of a form: pageRows ids of 64 bytes, escaped, and some more.
const maxForm = 32 << 10

var (
	errBadForm    = &problem{http.StatusBadRequest, "This form is not one of these pages'."}
	errBadOrder   = &problem{http.StatusBadRequest, "This is no order id."}
	errNotInShop  = &problem{http.StatusNotFound, "The shop does not have this order."}
	errNoSelected = &problem{http.StatusBadRequest, "No order was selected."}
)

// pushOne asks for another push of one order, whatever its state, and leads back to it.
func (p *pages) pushOne(ctx context.Context, r *http.Request, _ lang) (view, error) {
	id := r.PathValue("id")
	if err := (tasks.PushOrder{OrderID: id}).Validate(); err != nil {
		return view{}, errBadOrder
	}
	if err := p.inShop(ctx, id); err != nil {
		return view{}, err
	}
	asked := p.Now()
	if err := p.ask(ctx, []string{id}); err != nil {
		return view{}, err
	}
	p.audit(ctx, "push").Str("order", id).Msg("admin")
	p.record(ctx, store.Act{Act: store.ActPush, OrderID: id, Orders: 1})
	return view{}, redirect(orderLink(id) + "?" + url.Values{askedParameter: {strconv.FormatInt(asked.UnixMilli(), 10)}}.Encode())
}

// inShop is errNotInShop where the shop does not have the order: asking for it would leave a row that
// nothing ever clears. A database that does not answer keeps nobody from asking.
func (p *pages) inShop(ctx context.Context, id string) error {
	if _, err := p.Store.LoadOrder(ctx, id); errors.Is(err, store.ErrOrderNotFound) {
		return errNotInShop
	}
	return nil
}

// pushMany asks for another push of the selected orders of a list, and leads back to the list. A whole
// filter is a job: see beginJob.
func (p *pages) pushMany(ctx context.Context, r *http.Request, _ lang) (view, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return view{}, errBadForm
	}
	in := r.PostForm
	form, err := p.readFilter(in)
	if err != nil || len(in["order"]) > pageRows {
		return view{}, errBadForm
	}
	n, err := p.pushSelected(ctx, in["order"])
	if err != nil {
		return view{}, err
	}
	return view{}, redirect(form.link("/failures", "asked", strconv.Itoa(n)))
}

func (p *pages) pushSelected(ctx context.Context, ids []string) (int, error) {
	if len(ids) == 0 {
		return 0, errNoSelected
	}
	for _, id := range ids {
		if err := (tasks.PushOrder{OrderID: id}).Validate(); err != nil {
			return 0, errBadOrder
		}
	}
	if err := p.ask(ctx, ids); err != nil {
		return 0, err
	}
	p.audit(ctx, "push").Int("count", len(ids)).Strs("orders", ids).Msg("admin")
	acts := make([]store.Act, len(ids))
	for i, id := range ids {
		acts[i] = store.Act{Act: store.ActPush, OrderID: id, Orders: int64(len(ids))}
	}
	p.record(ctx, acts...)
	return len(ids), nil
}

// ask makes orders due, durably, and puts them on the live queue, for a person waits. Without Redis the scheduler does it later,
// so that counts as done: an order that was never asked for has nothing that could be due, though, and then it is an error.
func (p *pages) ask(ctx context.Context, ids []string) error {
	if _, err := p.Store.MakeDue(ctx, ids); err != nil {
		return err
	}
	wanted := make([]tasks.Wanted, len(ids))
	for i, id := range ids {
		wanted[i].PushOrder = tasks.PushOrder{OrderID: id, Cause: tasks.CauseManual}
	}
	for i, result := range tasks.EnqueueMany(ctx, p.Queue, wanted) {
		if result.Err == nil {
			continue
		}
		id := wanted[i].OrderID
		_, asked, err := p.Store.Order(ctx, id)
		if err != nil || !asked {
			return errors.Join(result.Err, err)
		}
		p.Log.Warn().Err(result.Err).Str("order", id).Msg("admin: not enqueued; it is due, and the scheduler hands it over")
	}
	return nil
}

// audit begins the line that says who did what. The admin writes another one for the request as such.
func (p *pages) audit(ctx context.Context, what string) *zerolog.Event {
	who, _ := admin.SignedIn(ctx)
	return p.Log.Info().Str("audit", what).Str("user", who.Name)
}
