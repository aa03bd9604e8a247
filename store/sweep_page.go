package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

const (
	// firstStride is how much time the first statement of a range covers.
	firstStride = time.Hour
	// leastStride is the finest that a shop's times go.
	leastStride = time.Second
	// mostStride is as good as no bound.
	mostStride = 10 * 365 * 24 * time.Hour
	// slowPage is when a statement has read too much for the rows that it found.
	slowPage = time.Second
	// stridesPerPage bounds the statements of one page.
	stridesPerPage = 16
)

// stride is how much time one statement of the sweep covers. A bound of LIMIT alone is none for some
// SELECTs: MySQL makes every row of the range before it cuts it, where there is a subquery in the
// list, and every server where the rows are grouped, sorted out or joined from several SELECTs.
type stride struct {
	mu    sync.Mutex
	width time.Duration // 0: firstStride
}

func (w *stride) next() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.width == 0 {
		w.width = firstStride
	}
	return w.width
}

// learn is told of a statement over some time. It halves the stride where that was full, or where the
// statement was slow for the rows that it found, and widens it where little was in a whole stride. A
// slow statement that found few rows reads the table: the next one has to cover more and not less.
func (w *stride) learn(covered time.Duration, rows, limit int, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case rows >= limit, took > slowPage && rows > limit/10:
		w.width = max(leastStride, min(w.width, covered)/2)
	case rows < limit/4 && covered >= w.width:
		w.width = min(mostStride, w.width*4)
	}
}

// strides are those of the two time columns.
type strides struct{ updated, created stride }

func (s *strides) of(q Scan) *stride {
	if q.ByCreateTime {
		return &s.created
	}
	return &s.updated
}

// shopOrder is an order as the sweep sees it.
type shopOrder struct {
	shop.Seen
	failed bool // nothing but its key can be read: whoever pushes it hears why
}

// pageRead is a page that is being read.
type pageRead struct {
	*Store
	reading *shopReading
	q       Scan
	limit   int
	orders  []shopOrder
	page    ScanPage
	failed  int  // strides that could not be read
	least   bool // the stride is the finest
}

// readPage reads by keyset, in strides of time. Status and filter are judged in Go: as conditions they
// would let one statement read on until it has found enough.
func (s *Store) readPage(ctx context.Context, q Scan) ([]shopOrder, ScanPage, error) {
	r, err := s.reading(ctx)
	if err != nil {
		return nil, ScanPage{}, err
	}
	p := &pageRead{Store: s, reading: r, q: q, limit: q.Limit}
	if p.limit <= 0 {
		p.limit = s.cfg.BatchSize
	}
	if err := p.run(ctx); err != nil {
		return nil, p.page, fmt.Errorf("store: read orders: %w", err)
	}
	return p.orders, p.page, nil
}

func (p *pageRead) run(ctx context.Context) error {
	stride := p.strides.of(p.q)
	at := p.q.After
	for range stridesPerPage {
		bounds, covered := p.bounds(at, stride.next())
		asked := p.limit - p.page.Read
		p.least = covered == leastStride
		began := time.Now()
		rows, next, err := p.stride(ctx, bounds, asked)
		switch {
		case err == nil:
		case !oneOrder(err) || covered == 0:
			return err
		case covered > leastStride: // a row fails the statement before its key can be read: others can
			stride.learn(covered, asked, asked, 0)
			continue
		default:
			if p.failed++; p.failed > stridesPerPage/2 {
				return err
			}
			p.page.Unreadable++
		}
		if asked == p.limit && err == nil && covered > 0 {
			stride.learn(covered, rows, asked, time.Since(began))
		}
		if next != (shop.Key{}) {
			p.page.Next = next
		}
		switch {
		case rows == asked && next == (shop.Key{}):
			return p.reading.ErrNoPlace(rows)
		case rows == asked:
			return nil
		case bounds.Before.IsZero():
			p.page.Done = true
			return nil
		}
		at = shop.Key{Time: bounds.Before}
		p.page.Next = at
	}
	return nil
}

// bounds is one stride from a place on, and how much time it covers; 0: it has no end.
func (p *pageRead) bounds(at shop.Key, width time.Duration) (q shop.Range, covered time.Duration) {
	q = shop.Range{From: p.q.From, To: p.q.To, ByCreateTime: p.q.ByCreateTime, After: at}
	from := p.q.From
	if at.Time.After(from) {
		from = at.Time
	}
	if from.IsZero() || q.To.IsZero() {
		return q, 0
	}
	end := from.Add(width).Truncate(leastStride)
	if !end.After(from) {
		end = end.Add(leastStride)
	}
	if end.After(q.To) {
		return q, max(leastStride, q.To.Sub(from))
	}
	q.Before = end
	return q, width
}

// stride reads one stride and tells how many rows it had, and the place of the last that has one.
func (p *pageRead) stride(ctx context.Context, q shop.Range, limit int) (rows int, next shop.Key, err error) {
	seen, err := p.see(ctx, q, limit)
	if err != nil {
		return 0, next, err
	}
	for _, o := range seen {
		p.page.Unreadable += o.Faults
		if !o.At.IsZero() { // a row whose time cannot be read is no place to go on from
			next = shop.Key{Time: o.At, ID: o.ID}
		}
		known := o.failed || p.q.Statuses == nil || slices.Contains(p.q.Statuses, o.Status)
		if o.Douyins && known && checkOrderID(o.ID) == nil {
			p.orders = append(p.orders, o)
		}
	}
	p.page.Read += len(seen)
	return len(seen), next, nil
}

// see runs the statement of a stride. Where a row fails it, the keys are read alone, and the rest of
// the orders in parts; one that fails by itself has nothing but its key then.
func (p *pageRead) see(ctx context.Context, q shop.Range, limit int) (seen []shopOrder, err error) {
	read := func(bare bool) error {
		seen = nil
		statement, err := p.reading.Page(q, limit, bare)
		if err != nil {
			return err
		}
		return p.reading.ReadPage(ctx, p.querier(ctx), statement, func(o shop.Seen) { seen = append(seen, shopOrder{Seen: o}) })
	}
	err = read(false)
	if err == nil || !oneOrder(err) {
		return seen, err
	}
	if read(true) != nil {
		if p.least {
			if orders, ok := p.apart(ctx, q, limit); ok {
				return orders, nil
			}
		}
		return nil, err
	}
	whole := make([]*shopOrder, len(seen))
	for i := range seen {
		whole[i] = &seen[i]
	}
	err = nil
	parts := parts[*shopOrder]{
		run: func(orders []*shopOrder) error {
			some := make([]*shop.Seen, len(orders))
			for i, o := range orders {
				some[i] = &o.Seen
			}
			return p.reading.Statuses(ctx, p.querier(ctx), some)
		},
		apart: oneOrder,
		fail: func(o *shopOrder, failed error) {
			if oneOrder(failed) {
				o.Status, o.Updated, o.failed = "", "", true
			} else {
				err = failed
			}
		},
	}
	parts.do(whole)
	return seen, err
}
