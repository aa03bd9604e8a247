package dev

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/embedded"
)

// ledger is the file in which Douyin's side is written down, a row for each thing that it holds.
type ledger struct{ db *gorm.DB }

// held has the rows in the order in which the things came.
const held = "CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, value BLOB NOT NULL)"

// ledger opens the file, until close is called.
func (f folder) ledger() (l ledger, closes func(), err error) {
	if err := f.current(); err != nil {
		return l, nil, err
	}
	if l.db, err = embedded.OpenFile(f.path(douyinFile)); err != nil {
		return l, nil, f.spoilt(douyinFile, err)
	}
	pool, err := l.db.DB()
	if err != nil {
		return l, nil, err
	}
	pool.SetMaxOpenConns(1) // who waits for its turn waits here, and does not ask SQLite again and again
	closes = func() { _ = pool.Close() }
	if err := l.db.Exec(held).Error; err != nil {
		closes()
		return l, nil, f.spoilt(douyinFile, err)
	}
	return l, closes, nil
}

// remember gives Douyin's side what was written down of it.
func (l ledger) remember(douyin *simulator.Server) error {
	var rows []struct{ Name, Value string }
	err := l.db.Raw("SELECT name, value FROM held ORDER BY id").Scan(&rows).Error
	if err == nil {
		records := make([]simulator.Record, len(rows))
		for i, row := range rows {
			records[i] = simulator.Record{Key: row.Name, Value: []byte(row.Value)}
		}
		err = douyin.Restore(records)
	}
	return err
}

// keep writes down what has changed at Douyin's side, all of it or nothing.
func (l ledger) keep(changed []simulator.Record) error {
	return l.db.Transaction(func(tx *gorm.DB) error {
		for _, r := range changed {
			do, args := "INSERT INTO held (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", []any{r.Key, r.Value}
			if r.Value == nil {
				do, args = "DELETE FROM held WHERE name = ?", []any{r.Key}
			}
			if err := tx.Exec(do, args...).Error; err != nil {
				return fmt.Errorf("%s: %w", r.Key, err)
			}
		}
		return nil
	})
}
