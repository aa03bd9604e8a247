package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// A database that is frozen takes connections and says nothing: a command ends with a cure instead of
// hanging for as long.
func TestACommandDoesNotHangAtAFrozenDatabase(t *testing.T) {
	t.Parallel()
	frozen, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = frozen.Close() })
	p := process{environ: []string{"ORDERSYNC_MYSQL__DSN=shop@tcp(" + frozen.Addr().String() + ")/shop"}}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err = p.with(ctx, []string{"mysql.dsn"}, answering(func(context.Context, *configs.Config, *assembly.Assembly) error {
		t.Error("the command began")
		return nil
	}))
	if err == nil || !strings.Contains(err.Error(), "MySQL does not answer") || !strings.Contains(err.Error(), "Check mysql.dsn") {
		t.Errorf("%v, want a word about MySQL and a cure", err)
	}
}
