package store

import (
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// errExtraordinary: a row was not as the ordinary way takes it to be. Nothing of the batch stands.
var errExtraordinary = errors.New("store: a row is not as it was when its order was read")

// ordinary are the writes of a batch whose rows are not read first, because what they must find is known: the first attempt
// at an order, a later one, and an attempt that succeeded.
type ordinary struct {
	first, later []*Begin
	pushed       []*Push
}

// partition takes the ordinary writes out of a batch. One that is not, or that meets another one of the same order, is found
// by applyOrdinary.
func (s *Store) partition(calls []*call[write, int64]) (o ordinary, careful []*call[write, int64]) {
	if s.sql.sqlite { // in the process there are no round trips to save
		return o, calls
	}
	for _, c := range calls {
		b, p := c.key.begin, c.key.push
		switch {
		case b != nil && b.Seq == 0 && !b.Exists:
			c.value, c.err = 1, nil
			o.first = append(o.first, b)
		case b != nil && b.Exists && b.Open == 0:
			c.value, c.err = b.Seq+1, nil
			o.later = append(o.later, b)
		case p != nil && p.Outcome == Pushed && p.Seq > 0 && p.DueAt == nil && p.Kind == "" && p.Code == 0 && p.Message == "":
			o.pushed = append(o.pushed, p)
		default:
			careful = append(careful, c)
		}
	}
	byOrder := func(a, b *Begin) int { return strings.Compare(a.OrderID, b.OrderID) }
	slices.SortFunc(o.first, byOrder) // everybody locks in the same order
	slices.SortFunc(o.later, byOrder)
	slices.SortFunc(o.pushed, func(a, b *Push) int { return strings.Compare(a.OrderID, b.OrderID) })
	return o, careful
}

// firstColumns are what the first attempt at an order writes; the others have their defaults.
var firstColumns = []string{"order_id", "order_no", "seq", "open_attempts", "started_at", "update_time", "outcome", "due_at", "created_at", "updated_at"}

// applyOrdinary writes them, all or, with an error, what the caller must roll back. errExtraordinary: a row was not as
// expected.
func (s *Store) applyOrdinary(tx *gorm.DB, o ordinary) error {
	if len(o.first) > 0 {
		if err := s.sql.insertFirst(tx, o.first); err != nil {
			return err
		}
	}
	for _, alike := range groups(o.later, func(b *Begin) int64 { return b.Seq }) {
		if err := s.sql.updateLater(tx, alike); err != nil {
			return err
		}
	}
	type told struct {
		seq        int64
		status     int
		shopStatus string
	}
	for _, alike := range groups(o.pushed, func(p *Push) told { return told{p.Seq, p.Status, p.ShopStatus} }) {
		if err := s.sql.updatePushed(tx, alike); err != nil {
			return err
		}
	}
	return nil
}

func (d dialect) insertFirst(tx *gorm.DB, begins []*Begin) error {
	args := make([]any, 0, len(begins)*len(firstColumns))
	for _, b := range begins {
		at := d.time(b.At)
		args = append(args, b.OrderID, clip(b.OrderNo, maxID), 1, 1, at, b.UpdateTime, string(Sending), d.time(b.DueAt), at, at)
	}
	_, err := execIn(tx, "INSERT INTO `ordersync_order` ("+columnList("", firstColumns)+") VALUES "+tuples(len(begins), len(firstColumns)), args)
	if duplicate(err) {
		return errExtraordinary
	}
	return err
}

// updateLater announces further attempts at orders that all have had as many.
func (d dialect) updateLater(tx *gorm.DB, begins []*Begin) error {
	u := update{ids: make([]any, len(begins))}
	no, started, sent, due := make([]any, len(begins)), make([]any, len(begins)), make([]any, len(begins)), make([]any, len(begins))
	for i, b := range begins {
		u.ids[i], no[i], started[i], sent[i], due[i] = b.OrderID, clip(b.OrderNo, maxID), d.time(b.At), b.UpdateTime, d.time(b.DueAt)
	}
	u.each("order_no", no)
	u.each("started_at", started)
	u.each("updated_at", started)
	u.each("update_time", sent)
	u.each("due_at", due)
	u.all("`seq` = `seq` + 1, `open_attempts` = `open_attempts` + 1, `digest` = '', `outcome` = 'sending', `failed_at` = NULL")
	return u.run(tx, "`seq` = ?", begins[0].Seq)
}

// updatePushed records attempts that succeeded and tell Douyin the same status.
func (d dialect) updatePushed(tx *gorm.DB, pushes []*Push) error {
	u := update{ids: make([]any, len(pushes))}
	digest, logID, at := make([]any, len(pushes)), make([]any, len(pushes)), make([]any, len(pushes))
	for i, p := range pushes {
		u.ids[i], digest[i], logID[i], at[i] = p.OrderID, clip(p.Digest, maxDigest), clip(p.LogID, maxLogID), d.time(p.At)
	}
	u.each("digest", digest)
	u.each("log_id", logID)
	u.each("pushed_at", at)
	u.each("updated_at", at)
	first := pushes[0]
	u.all("`status` = ?, `shop_status` = ?", first.Status, clip(first.ShopStatus, maxStatus))
	u.all("`outcome` = 'pushed', `open_attempts` = GREATEST(`open_attempts` - 1, 0), `kind` = '', `code` = 0, `message` = '', `attempts` = 0, `due_at` = NULL, `failed_at` = NULL")
	return u.run(tx, "`seq` = ? AND `outcome` = 'sending'", first.Seq)
}

// update is an UPDATE of several rows of ordersync_order, each with values of its own: a third cheaper for MariaDB than an
// INSERT that finds every key there already.
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

// run fails with errExtraordinary unless all of the rows are there and meet the condition.
func (u *update) run(tx *gorm.DB, condition string, args ...any) error {
	args = append(append(u.args, u.ids...), args...)
	found, err := execIn(tx, "UPDATE `ordersync_order` FORCE INDEX (PRIMARY) SET "+strings.Join(u.sets, ", ")+
		" WHERE `order_id` IN ("+places(len(u.ids))+") AND "+condition, args)
	if err == nil && found != int64(len(u.ids)) { // Open sets clientFoundRows
		err = errExtraordinary
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
