package dev

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/store/embedded"
)

// A run that ends while the sample shop is being made leaves nothing that the next one stumbles over.
func TestTheNextRunFinishesTheSampleShop(t *testing.T) {
	f := folder(t.TempDir())
	db, err := embedded.OpenFile(f.path(databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Exec("CREATE TABLE product (id INTEGER)").Error; err != nil { // in the way of what is made third
		t.Fatal(err)
	}
	if _, err := sampleshop.Open(t.Context(), db, ""); err == nil {
		t.Fatal("the shop is made: this tests nothing")
	}
	if err := db.Exec("DROP TABLE product").Error; err != nil {
		t.Fatal(err)
	}
	if pool, err := db.DB(); err != nil || pool.Close() != nil {
		t.Fatal(err)
	}

	addr := fourPorts(t)
	s := begin(t, addr, string(f), false)
	await(t, "the first orders", func() bool { return s.order(furnished(redeemed)) != "" })
	last := strconv.Itoa(1001 + int(fates))
	if s.order(last) != "" {
		t.Fatal("the first run has finished: this tests nothing")
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	again := begin(t, addr, string(f), false)
	await(t, "the last order", func() bool { return again.order(last) != "" })
	if row := again.order(furnished(paidByEcpay)); !strings.Contains(row, "SUCCESS") {
		t.Errorf("the first order is %q", row)
	}
	again.with(refundRow, "<td>"+last+"</td>", "TOAUDIT")
	if next := again.order(strconv.Itoa(1002 + int(fates))); next != "" {
		t.Errorf("an order more is there: %q", next)
	}
}

// A folder whose entries are spoilt is told of, and what to do; nothing opens a door with an empty key.
func TestSpoiltEntriesAreSaid(t *testing.T) {
	good, err := folder(t.TempDir()).entries()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(good) //nolint:gosec // of a test
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(good.Keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", "null", "[]", "{}", `{"token":"","password":""}`, `{"token":"a","password":"b","keys":null}`, `{"token":"a","password":"b","keys":{"App":"","Platform":""}}`,
		`{"token":"","password":"b","keys":` + string(keys) + `}`, `{"token":"a","password":"","keys":` + string(keys) + `}`, string(whole[:len(whole)/2]),
	} {
		f := folder(t.TempDir())
		if err := f.write(entriesFile, []byte(text)); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), Options{Addr: fourPorts(t), Dir: string(f), Payments: "trade", Out: io.Discard, Log: zerolog.Nop()})
		if err == nil || !strings.HasPrefix(err.Error(), f.path(entriesFile)) || !strings.Contains(err.Error(), "remove the folder") {
			t.Errorf("%.70s: got %v", text, err)
		}
		if made, _ := os.ReadDir(string(f)); len(made) != 2 { // the lock
			t.Errorf("%.70s: %v were made", text, made)
		}
	}
	f := folder(t.TempDir())
	if err := f.write(entriesFile, whole); err != nil {
		t.Fatal(err)
	}
	if again, err := f.entries(); err != nil || again.Token != good.Token || again.Password != good.Password || !again.Keys.App.Equal(good.Keys.App) {
		t.Errorf("whole entries: %v", err)
	}
}

// Two runs on one folder would each write down their own Douyin.
func TestAFolderIsOfOneRunAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	leave, err := folder(dir).take()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // a run that is not refused ends without an error
	defer cancel()
	err = Run(ctx, Options{Addr: fourPorts(t), Dir: dir, Payments: "trade", Out: io.Discard, Log: zerolog.Nop()})
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.Dir != dir || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("got %v", err)
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) != 1 {
		t.Errorf("the second run has made %v, %v", made, err)
	}
	leave()
	again, err := folder(dir).take()
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	again()
}

// A folder of which Douyin's side cannot be read is told of, by its name.
func TestASpoiltLedgerIsSaid(t *testing.T) {
	for _, name := range []string{douyinFile, earlierFile} {
		f := folder(t.TempDir())
		if err := f.write(name, []byte("this is no database, and has more bytes than its head needs: "+strings.Repeat("x", 200))); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), Options{Addr: fourPorts(t), Dir: string(f), Payments: "trade", Out: io.Discard, Log: zerolog.Nop()})
		if err == nil || !strings.Contains(err.Error(), f.path(name)) || !strings.Contains(err.Error(), "remove the folder") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What is whole, and cannot be opened, is not to be removed.
func TestAFileThatCannotBeOpenedIsNotToBeRemoved(t *testing.T) {
	for _, name := range []string{databaseFile, douyinFile} {
		f := folder(t.TempDir())
		if err := os.Mkdir(f.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), Options{Addr: fourPorts(t), Dir: string(f), Payments: "trade", Out: io.Discard, Log: zerolog.Nop()})
		if err == nil || !strings.Contains(err.Error(), f.path(name)) || strings.Contains(err.Error(), "remove") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Whoever develops may remove orders: what Douyin knows of them does not come again under the same
// number.
func TestOrdersThatWereRemovedAreNotMadeAgain(t *testing.T) {
	f := folder(t.TempDir())
	_, shop, err := f.shop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{shop: shop}
	if all, err := d.missing(t.Context()); err != nil || len(all) != int(fates)+1 {
		t.Fatalf("of a new shop %d orders are missing, %v", len(all), err)
	}
	for id := range int64(fates) + 1 {
		if err := shop.AddOrders(t.Context(), []sampleshop.Order{{ID: sampleshop.FirstID + id, UserID: 1, ProductID: 1, CourseID: 1, Amount: "1.00", Status: sampleshop.Paid, CreateTime: time.Now()}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := shop.Exec(t.Context(), "DELETE FROM {order} WHERE id > ?", sampleshop.FirstID); err != nil {
		t.Fatal(err)
	}
	if all, err := d.missing(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d orders are made again, %v", len(all), err)
	}
	if next, err := shop.NextID(t.Context()); err != nil || next != sampleshop.FirstID+int64(fates)+1 {
		t.Errorf("the next order is %d, %v", next, err)
	}
}
