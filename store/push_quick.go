package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/gather"
	"github.com/ordersync/ordersync/tasks/cut"
)

// errRowMoved: a row was not as the quick way takes it to be. The batch has to go by the row.
var errRowMoved = errors.New("store: a row is not as it was when its order was read")

// writeBegins announces attempts. The first at an order, and later ones before which nothing is
// open, go the quick way, which reads no row: what they must find is known. The rest goes by the
// row in the same transaction. The statement itself finds one that is not as it looks, or that
// meets another one of the same order. Example: the snapshot said seq 4, and somebody else has
// announced 5 since; then the UPDATE finds no row of seq 4, and the whole batch goes by the row.
func (s *Store) writeBegins(ctx context.Context, calls []*gather.Call[*Begin, int64]) error {
	quick := func() error {
		var first, later []*Begin
		var byRow []*gather.Call[*Begin, int64]
		for _, c := range calls {
			switch b := c.Key; {
			case s.sql.sqlite: // in the process there are no round trips to save
				byRow = append(byRow, c)
			case b.Fulfil != "" || s.cfg.Trade.On && b.Exists && !b.Decided: // rare, and more than these write
				byRow = append(byRow, c)
			case b.Seq == 0 && !b.Exists:
				c.Value, c.Err = 1, nil
				first = append(first, b)
			case b.Exists && b.Open == 0:
				c.Value, c.Err = b.Seq+1, nil
				later = append(later, b)
			default:
				byRow = append(byRow, c)
			}
		}
		if len(first) == len(calls) { // one statement is a transaction
			return s.insertFirst(s.db.WithContext(ctx), first)
		}
		return s.transaction(ctx, func(tx *gorm.DB) error {
			if err := s.insertFirst(tx, first); err != nil {
				return err
			}
			if err := s.sql.updateLater(tx, later); err != nil {
				return err
			}
			return s.beginRows(tx, byRow)
		})
	}
	return s.quickOrByRow(ctx, quick, func(tx *gorm.DB) error { return s.beginRows(tx, calls) })
}

// writePushes records attempts. Those that succeeded go the quick way, the rest by the row.
func (s *Store) writePushes(ctx context.Context, calls []*gather.Call[*Push, bool]) error {
	quick := func() error {
		var pushed []*Push
		var byRow []*gather.Call[*Push, bool]
		for _, c := range calls {
			p := c.Key
			if !s.sql.sqlite && p.Outcome == Pushed && p.Seq > 0 && p.DueAt == nil && p.Kind == "" && p.Code == 0 && p.Message == "" {
				pushed = append(pushed, p)
			} else {
				byRow = append(byRow, c)
			}
		}
		sortByOrder(pushed, func(p *Push) string { return p.OrderID })
		alike := groups(pushed, toldBy)
		if len(alike) == 1 && len(byRow) == 0 {
			// One statement is a transaction. Where it did not find all of its rows, those that it
			// found stand: see row.holds.
			return s.sql.updateAlikePushed(s.db.WithContext(ctx), pushed)
		}
		return s.transaction(ctx, func(tx *gorm.DB) error {
			for _, pushes := range alike {
				if err := s.sql.updateAlikePushed(tx, pushes); err != nil {
					return err
				}
			}
			return s.recordRows(tx, byRow)
		})
	}
	return s.quickOrByRow(ctx, quick, func(tx *gorm.DB) error { return s.recordRows(tx, calls) })
}

// quickOrByRow runs a batch the quick way, and then by the row where a row was not as expected;
// again when it lost a deadlock or a race. Without an error every call has its answer.
func (s *Store) quickOrByRow(ctx context.Context, quick func() error, byRow func(tx *gorm.DB) error) error {
	err := afterRace.do(ctx, func() error {
		err := quick()
		if errors.Is(err, errRowMoved) {
			err = s.transaction(ctx, byRow)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: write order state: %w", err)
	}
	return nil
}

// firstColumns are what the first attempt at an order writes; the others have their defaults.
var firstColumns = []string{"order_id", "order_no", "seq", "open_attempts", "started_at", "update_time", "outcome", "due_at", "created_at", "updated_at"}

// insertFirst announces the first attempts at orders. errRowMoved, here as in updateLater and
// updateAlikePushed: a row was not as expected. An INSERT has then written nothing, an UPDATE the
// rows that it found.
func (s *Store) insertFirst(tx *gorm.DB, begins []*Begin) error {
	if len(begins) == 0 {
		return nil
	}
	sortByOrder(begins, func(b *Begin) string { return b.OrderID })
	columns, d := firstColumns, s.sql
	if s.cfg.Trade.On {
		columns = append(slices.Clip(columns), "system")
	}
	args := make([]any, 0, len(begins)*len(columns))
	for _, b := range begins {
		at := d.time(b.At)
		args = append(args, b.OrderID, cut.To(b.OrderNo, maxID), 1, 1, at, b.UpdateTime, string(Sending), d.time(b.DueAt), at, at)
		if s.cfg.Trade.On {
			args = append(args, string(b.System))
		}
	}
	_, err := execIn(tx, "INSERT INTO `ordersync_order` ("+columnList("", columns)+") VALUES "+tuples(len(begins), len(columns)), args)
	if duplicate(err) {
		return errRowMoved
	}
	return err
}

// updateLater announces further attempts at orders.
func (d dialect) updateLater(tx *gorm.DB, begins []*Begin) error {
	sortByOrder(begins, func(b *Begin) string { return b.OrderID })
	for _, alike := range groups(begins, func(b *Begin) int64 { return b.Seq }) {
		if err := d.updateAlikeLater(tx, alike); err != nil {
			return err
		}
	}
	return nil
}

func (d dialect) updateAlikeLater(tx *gorm.DB, begins []*Begin) error {
	u := update{ids: make([]any, len(begins))}
	no, started, sent, due := make([]any, len(begins)), make([]any, len(begins)), make([]any, len(begins)), make([]any, len(begins))
	for i, b := range begins {
		u.ids[i], no[i], started[i], sent[i], due[i] = b.OrderID, cut.To(b.OrderNo, maxID), d.time(b.At), b.UpdateTime, d.time(b.DueAt)
	}
	u.each("order_no", no)
	u.each("started_at", started)
	u.each("updated_at", started)
	u.each("update_time", sent)
	u.each("due_at", due)
	u.all("`seq` = `seq` + 1, `open_attempts` = `open_attempts` + 1, `digest` = '', `outcome` = 'sending', `failed_at` = NULL")
	return u.run(tx, "`seq` = ?", begins[0].Seq)
}

// told is what attempts have in common that one statement records.
type told struct {
	seq        int64
	status     int
	shopStatus string
}

func toldBy(p *Push) told { return told{p.Seq, p.Status, p.ShopStatus} }

// updateAlikePushed records attempts that succeeded and told Douyin alike.
func (d dialect) updateAlikePushed(tx *gorm.DB, pushes []*Push) error {
	u := update{ids: make([]any, len(pushes))}
	digest, logID, at, updated := make([]any, len(pushes)), make([]any, len(pushes)), make([]any, len(pushes)), make([]any, len(pushes))
	hasUpdated := false
	for i, p := range pushes {
		u.ids[i], digest[i], logID[i], at[i] = p.OrderID, cut.To(p.Digest, maxDigest), cut.To(p.LogID, maxLogID), d.time(p.At)
		updated[i], hasUpdated = cut.To(p.ShopUpdated, maxKind), hasUpdated || p.ShopUpdated != ""
	}
	u.each("digest", digest)
	u.each("log_id", logID)
	u.each("pushed_at", at)
	if hasUpdated { // else it is empty already
		u.each("shop_updated", updated)
	}
	first, last := pushes[0], slices.MaxFunc(pushes, func(a, b *Push) int { return a.At.Compare(b.At) })
	u.all("`status` = ?, `shop_status` = ?, `updated_at` = ?", first.Status, cut.To(first.ShopStatus, maxStatus), d.time(last.At))
	u.all("`outcome` = 'pushed', `open_attempts` = GREATEST(`open_attempts` - 1, 0), `kind` = '', `code` = 0, `message` = '', `attempts` = 0, `due_at` = NULL, `failed_at` = NULL, `untold_at` = NULL")
	return u.run(tx, "`seq` = ? AND `outcome` = 'sending'", first.Seq)
}

// update is an UPDATE of several rows of ordersync_order, each with values of its own: a third
// cheaper for MariaDB than an INSERT that finds every key there already.
type update struct {
	ids  []any
	sets []string
	args []any
}

// each gives every row its own value: values are in the order of ids.
func (u *update) each(column string, values []any) {
	u.sets = append(u.sets, quote(column)+" = ELT(FIELD(`order_id`, "+places(len(u.ids))+"), "+places(len(values))+")")
	u.args = append(append(u.args, u.ids...), values...)
}

func (u *update) all(assignments string, args ...any) {
	u.sets = append(u.sets, assignments)
	u.args = append(u.args, args...)
}

// run fails with errRowMoved unless all of the rows are there and meet the condition.
func (u *update) run(tx *gorm.DB, condition string, args ...any) error {
	args = append(append(u.args, u.ids...), args...)
	found, err := execIn(tx, "UPDATE `ordersync_order` FORCE INDEX (PRIMARY) SET "+strings.Join(u.sets, ", ")+
		" WHERE `order_id` IN ("+places(len(u.ids))+") AND "+condition, args)
	if err == nil && found != int64(len(u.ids)) { // Open sets clientFoundRows
		err = errRowMoved
	}
	return err
}

// mostAlike bounds a statement whose cost grows with the square of its rows.
const mostAlike = 64

// groups are the writes that have the same key, in their order, at most mostAlike together.
func groups[T any, K comparable](writes []T, key func(T) K) [][]T {
	var all [][]T
	last := map[K]int{}
	for _, w := range writes {
		k := key(w)
		if i, ok := last[k]; ok && len(all[i]) < mostAlike {
			all[i] = append(all[i], w)
			continue
		}
		last[k] = len(all)
		all = append(all, []T{w})
	}
	return all
}
