package assembly

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func TestPartsAreBuiltOnceAndNeedOnlyTheirOwnKeys(t *testing.T) {
	cfg := configs.Default()
	cfg.MySQL.DSN = "u:p@tcp(127.0.0.1:1)/shop" // nobody listens: nothing connects before it is used
	a := New(cfg, zerolog.Nop())
	first, err := a.Store()
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Store()
	if err != nil || first != second {
		t.Errorf("Store() again = %p, %v, want the same %p", second, err, first)
	}
	if _, err := a.AsynqClient(); err == nil || !strings.Contains(err.Error(), "redis.uri: is required") {
		t.Errorf("error without redis.uri = %v", err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := first.LoadOrder(t.Context(), "1"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("the store after Close: %v, want ErrClosed", err)
	}
}

func TestTeardownIsInReverseAndLeavesNothingOut(t *testing.T) {
	a := New(configs.Default(), zerolog.Nop())
	var order []string
	broken := errors.New("broken")
	for _, name := range []string{"one", "two", "three"} {
		a.onClose(name, func(context.Context) error {
			order = append(order, name)
			if name == "two" {
				return broken
			}
			return nil
		})
	}
	err := a.Close(t.Context())
	if want := []string{"three", "two", "one"}; !reflect.DeepEqual(order, want) {
		t.Errorf("closed %v, want %v", order, want)
	}
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "close two") {
		t.Errorf("error = %v, want the broken part named", err)
	}
}

// A part may wait for a server that does not answer: it is named, left behind, and those after it
// are closed all the same.
func TestAPartThatDoesNotEndIsLeftBehind(t *testing.T) {
	a := New(configs.Default(), zerolog.Nop())
	closed := make(chan struct{})
	a.onClose("well", func(context.Context) error { close(closed); return nil })
	never := make(chan struct{})
	defer close(never)
	a.onClose("frozen", func(context.Context) error { <-never; return nil })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := a.Close(ctx); err == nil || !strings.Contains(err.Error(), "close frozen: it did not end in time") {
		t.Errorf("error = %v, want the part that did not end", err)
	}
	select {
	case <-closed:
	default:
		t.Error("the part behind it was not closed")
	}
}

func TestWhatWasHandedInIsUsedAndStaysOpen(t *testing.T) {
	db, rdb := servertest.DB(t), servertest.Redis(t)
	a := New(configs.Default(), zerolog.Nop(), WithDB(db), WithRedis(rdb))
	got, err := a.DB()
	if err != nil || got != db {
		t.Fatalf("DB() = %p, %v, want %p", got, err, db)
	}
	client, err := a.Redis()
	if err != nil || client != redis.UniversalClient(rdb) {
		t.Fatalf("Redis() = %v, %v", client, err)
	}
	if _, err := a.Store(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Ping(t.Context()).Err(); err != nil {
		t.Errorf("Close closed a Redis client that was handed in: %v", err)
	}
	if err := db.Exec("SELECT 1").Error; err != nil {
		t.Errorf("Close closed a database that was handed in: %v", err)
	}
}

func TestTheConfigIsCopied(t *testing.T) {
	cfg := configs.Default()
	a := New(cfg, zerolog.Nop())
	cfg.Douyin.BaseURL = "http://127.0.0.1:1"
	if got := a.douyinConfig().BaseURL; got != configs.Default().Douyin.BaseURL {
		t.Errorf("what the caller did to its config later made base_url %s", got)
	}
}

func TestDefaultNamesAreTheStoresDefaults(t *testing.T) {
	want := store.DefaultSchema()
	want.Columns.OrderNo = want.Columns.ID
	if got := schema(configs.Default().Shop); !reflect.DeepEqual(got, want) {
		t.Errorf("schema of the default config\n got %+v\nwant %+v", got, want)
	}
}

func TestNoGatheringIsNotTheStoresDefault(t *testing.T) {
	cfg := configs.Default()
	cfg.Worker.Gather = 0
	if got := storeConfig(cfg).Gather; got >= 0 {
		t.Errorf("Gather = %v, want it negative: 0 is the store's default of 2 ms", got)
	}
}

func TestConfigKnowsDouyinsWords(t *testing.T) {
	var pairs []string
	for s := range douyin.OrderStatus(20) {
		if s.Valid() {
			pairs = append(pairs, fmt.Sprintf("%d=%s", s, s))
		}
	}
	cfg, err := configs.Load("", []string{
		"ORDERSYNC_SHOP__STATUS=" + strings.Join(pairs, ","), "ORDERSYNC_DOUYIN__CODES=1=unavailable,2=throttled,3=unauthorized,4=rejected",
	})
	if err != nil {
		t.Fatal(err)
	}
	for value, word := range cfg.Shop.Status {
		if s, err := douyin.ParseOrderStatus(word); err != nil || strconv.Itoa(int(s)) != value {
			t.Errorf("%s = %s: %v, %v", value, word, s, err)
		}
	}
	want := map[int]douyin.Kind{1: douyin.Unavailable, 2: douyin.Throttled, 3: douyin.Unauthorized, 4: douyin.Rejected}
	if got := kinds(cfg.Douyin.Codes); !maps.Equal(got, want) {
		t.Errorf("codes = %v, want %v", got, want)
	}
}
