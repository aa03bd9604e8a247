package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
)

// The alarms of callbacks that are kept for a person and do nothing else.
const (
	AlarmForeignApp    = "foreign_app"    // signed with our token, or by our platform key, and about another app
	AlarmUnknownType   = "unknown_type"   // of a type that nobody knows
	AlarmNotUnderstood = "not_understood" // its number, status or amount is none that is known
)

// AlarmUndelivered: the shop's own handler has not taken a callback in all the time that it is tried,
// which is seven days.
const AlarmUndelivered = "undelivered"

// CallbackAlarm is the table of callbacks, as far as they have an alarm of their own; their number is their id.
const CallbackAlarm AlarmTable = "callback"

// ownAlarms selects them: a callback that counts carries a copy of the alarm of what it is about.
const ownAlarms = "`alarm` IN ('" + AlarmForeignApp + "', '" + AlarmUnknownType + "', '" + AlarmNotUnderstood + "', '" + AlarmUndelivered + "')"

// compare gives a success that names another amount than the one told before a key of its own: it is news.
func (c *Callback) compare(tx *gorm.DB) error {
	if c.Status != statusSuccess || c.Amount == 0 {
		return nil
	}
	var before Fen
	var told bool
	if m, isMoney := callbackMoney(c.Type); isMoney {
		i, found, err := readInstruction(tx, m, c.Number, "")
		if err != nil {
			return err
		}
		before, told = i.Amount, found && i.State == MoneySucceeded && i.Amount != 0
	} else if c.Type == callbackPayment {
		p, found, err := readPayment(tx, c.Number)
		if err != nil {
			return err
		}
		before, told = p.Total, found
	}
	if !told || before == c.Amount {
		return nil
	}
	if c.Key == "" {
		c.Key = c.Type + ":" + c.Number + ":" + c.Status
	}
	c.Key += ":" + strconv.FormatInt(int64(c.Amount), 10)
	c.differs = true
	return nil
}

// keep stores a callback of which nothing else comes.
func (s *Store) keep(tx *gorm.DB, c Callback) (Accepted, error) {
	a := Accepted{Alarm: c.Kept}
	if old, err := s.deliveredAgain(tx, c); err != nil || old {
		return a, err
	}
	a.Fresh = true
	return a, s.insertCallback(tx, c, "", c.Kept)
}

// KeptCallback is a callback that a person has to look at.
type KeptCallback struct {
	ID         string // of its row, as RecentCallback.ID
	System     System
	Type       string    // as Douyin has it
	Number     string    // empty: it cannot be read
	Alarm      string    // AlarmForeignApp, AlarmUnknownType, AlarmNotUnderstood or AlarmUndelivered
	Note       string    // which app, type or field; with AlarmUndelivered what became of the last delivery
	ReceivedAt time.Time // its first delivery
}

// CallbackAlarms lists the callbacks with an alarm of their own that nobody has acknowledged, newest first.
func (s *Store) CallbackAlarms(ctx context.Context, limit int) ([]KeptCallback, error) {
	all, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (k KeptCallback, err error) {
		var received timestamp
		var delivery string
		err = rows.Scan(&k.ID, &k.System, &k.Type, &k.Number, &k.Alarm, &k.Note, &delivery, &received)
		if k.ReceivedAt = received.Time; k.Alarm == AlarmUndelivered {
			k.Note = delivery
		}
		return k, err
	}, "SELECT `id`, `system`, `type`, `number`, `alarm`, `note`, `forward_message`, `received_at` FROM `ordersync_callback` WHERE `ack_at` IS NULL AND "+
		ownAlarms+" ORDER BY `id` DESC LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("store: callback alarms: %w", err)
	}
	return all, nil
}

// countKept counts them, through the index on (ack_at, alarm).
func (s *Store) countKept(db *gorm.DB, c *Counts) error {
	alarms, err := collect(db, func(rows *sql.Rows) (AlarmCount, error) {
		a := AlarmCount{Table: string(CallbackAlarm)}
		return a, rows.Scan(&a.Alarm, &a.Count)
	}, "SELECT a.`alarm`, COUNT(*) FROM (SELECT `alarm` FROM `ordersync_callback` WHERE `ack_at` IS NULL AND "+ownAlarms+
		" LIMIT ?) a GROUP BY a.`alarm` ORDER BY a.`alarm`", BacklogLimit)
	c.Alarms = append(c.Alarms, alarms...)
	return err
}

// HandOnAgain lets a callback be handed to the shop's own handler once more, as if it had just come:
// what was wrong there is mended. known is false where there is no such callback, or its body is not
// kept.
func (s *Store) HandOnAgain(ctx context.Context, id int64) (known bool, err error) {
	n, err := s.exec(ctx, "UPDATE `ordersync_callback` SET `forward_due_at` = ?, `forward_attempts` = 0, `forwarded_at` = NULL, `forward_message` = '', "+
		"`alarm` = CASE WHEN `alarm` = '"+AlarmUndelivered+"' THEN '' ELSE `alarm` END WHERE `id` = ? AND `raw` IS NOT NULL", s.sql.time(s.Clock()), id)
	if err != nil {
		return false, fmt.Errorf("store: hand on again: %w", err)
	}
	return n > 0, nil
}
