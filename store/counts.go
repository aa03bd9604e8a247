package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// BacklogLimit bounds what Counts counts of everything but orders that are due (CountLimit), orders
// that failed (FailureWindow) and rows of the log: a number as large means "that many or more".
const BacklogLimit = 10_000

// Backlog is work that waits.
type Backlog struct {
	Count  int64     // 0: none does
	Oldest time.Time // since when the oldest of them waits; zero: none does
}

// OpenMoney is one state of the refunds or settlements that have not ended.
type OpenMoney struct {
	Money Money
	State MoneyState // new, sending or submitted, or one that this version does not know
	Backlog
}

// AlarmCount is how many rows a person has to look at for one reason: those that nobody has
// acknowledged.
type AlarmCount struct {
	Table string // an AlarmTable
	Alarm string // which one
	Count int64  // above 0
}

// Counts are what metrics show of the database.
type Counts struct {
	Unsynced Unsynced
	Failed   map[Outcome]int64 // refused and gave_up; of FailureWindow orders, those that failed last
	Open     []OpenMoney       // states without a row are left out
	Held     []HeldMoney       // what Douyin's refusal of the configuration holds up
	Alarms   []AlarmCount      // alarms without a row are left out
	// Refunds whose deadline runs: without a word of the shop's, and with one that Douyin does not have.
	AuditsUnsaid, AuditsSaid OpenAudits

	Outbox    Backlog   // rows that were not handed over yet
	OutboxBad int64     // rows that were put aside, whether somebody has acknowledged them or not
	Forwards  Backlog   // callbacks that the shop's own handler has not answered yet
	LogRows   int64     // ids of ordersync_log, from its first to its last one, used or not
	LogOldest time.Time // of its first row; zero: it is empty
}

// Counts reads how much waits at now. Each statement goes through an index and reads a bounded
// number of rows, so it may be asked every few seconds, however large the tables are.
func (s *Store) Counts(ctx context.Context, now time.Time) (c Counts, err error) {
	db := s.db.WithContext(ctx)
	if c.Unsynced, err = s.CountUnsynced(ctx, now); err != nil {
		return Counts{}, err
	}
	for _, read := range []func(*gorm.DB, *Counts) error{s.countFailed, s.countOpen, s.countHeld, s.countAudits, s.countAlarms, s.countKept, s.countRelays, s.countLog} {
		if err := read(db, &c); err != nil {
			return Counts{}, fmt.Errorf("store: counts: %w", err)
		}
	}
	return c, nil
}

// countFailed names its index: where a large part of a small table has failed, servers would rather
// read the whole table, and keep to it when it has grown.
func (s *Store) countFailed(db *gorm.DB, c *Counts) error {
	c.Failed = map[Outcome]int64{Refused: 0, GaveUp: 0}
	_, err := collect(db, func(rows *sql.Rows) (struct{}, error) {
		var outcome string
		var n int64
		err := rows.Scan(&outcome, &n)
		c.Failed[Outcome(outcome)] = n
		return struct{}{}, err
	}, "SELECT f.`outcome`, COUNT(*) FROM (SELECT `outcome` FROM `ordersync_order` "+s.sql.failedIndex()+" WHERE `failed_at` IS NOT NULL ORDER BY `failed_at` DESC LIMIT ?) f GROUP BY f.`outcome`",
		FailureWindow)
	return err
}

// countOpen reads the instructions that come back at some time: those are the ones that have not
// ended.
func (s *Store) countOpen(db *gorm.DB, c *Counts) error {
	for _, m := range []Money{Refund, Settlement} {
		open, err := collect(db, func(rows *sql.Rows) (o OpenMoney, err error) {
			var oldest timestamp
			err = rows.Scan(&o.State, &o.Count, &oldest)
			o.Money, o.Oldest = m, oldest.Time
			return o, err
		}, "SELECT o.`state`, COUNT(*), MIN(o.`since`) FROM (SELECT `state`, "+ledgers[m].since+" AS `since` FROM "+quote(ledgers[m].table)+
			" WHERE `due_at` IS NOT NULL ORDER BY `due_at` LIMIT ?) o GROUP BY o.`state` ORDER BY o.`state`", BacklogLimit)
		if err != nil {
			return err
		}
		c.Open = append(c.Open, open...)
	}
	return nil
}

func (s *Store) countHeld(db *gorm.DB, c *Counts) (err error) {
	c.Held, err = heldMoney(db)
	return err
}

func (s *Store) countAlarms(db *gorm.DB, c *Counts) error {
	for _, table := range AlarmTables() {
		if table == CallbackAlarm { // countKept: its alarm is a note, too, of what became of it
			continue
		}
		alarms, err := collect(db, func(rows *sql.Rows) (AlarmCount, error) {
			a := AlarmCount{Table: string(table)}
			return a, rows.Scan(&a.Alarm, &a.Count)
		}, "SELECT a.`alarm`, COUNT(*) FROM (SELECT `alarm` FROM "+quote("ordersync_"+string(table))+" WHERE `ack_at` IS NULL AND `alarm` > '' LIMIT ?) a GROUP BY a.`alarm` ORDER BY a.`alarm`", BacklogLimit)
		if err != nil {
			return err
		}
		c.Alarms = append(c.Alarms, alarms...)
	}
	return nil
}

// countRelays reads what is to be handed on: the outbox to asynq, callbacks to the shop.
func (s *Store) countRelays(db *gorm.DB, c *Counts) error {
	var outbox, forward timestamp
	err := db.Raw("SELECT COUNT(*), MIN(o.`created_at`) FROM (SELECT "+s.sql.stamped("`created_at`")+" AS `created_at` FROM `ordersync_outbox` ORDER BY `id` LIMIT ?) o", BacklogLimit).
		Row().Scan(&c.Outbox.Count, &outbox)
	if err != nil {
		return err
	}
	err = db.Raw("SELECT COUNT(*) FROM (SELECT `no` FROM `ordersync_outbox_bad` LIMIT ?) b", BacklogLimit).Row().Scan(&c.OutboxBad)
	if err != nil {
		return err
	}
	err = db.Raw("SELECT COUNT(*), MIN(f.`received_at`) FROM (SELECT `received_at` FROM `ordersync_callback` WHERE `forward_due_at` IS NOT NULL ORDER BY `forward_due_at` LIMIT ?) f", BacklogLimit).
		Row().Scan(&c.Forwards.Count, &forward)
	c.Outbox.Oldest, c.Forwards.Oldest = outbox.Time, forward.Time
	return err
}

// countLog reads both ends of the log: counting it would read it.
func (s *Store) countLog(db *gorm.DB, c *Counts) error {
	var first, last sql.NullInt64
	var oldest timestamp
	err := db.Raw("SELECT (SELECT MIN(`id`) FROM `ordersync_log`), (SELECT MAX(`id`) FROM `ordersync_log`), (SELECT `at` FROM `ordersync_log` ORDER BY `id` LIMIT 1)").
		Row().Scan(&first, &last, &oldest)
	if err != nil || !first.Valid {
		return err
	}
	c.LogRows, c.LogOldest = last.Int64-first.Int64+1, oldest.Time
	return nil
}
