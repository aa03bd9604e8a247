package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// Whatever a command waits for, it ends after the signal: the wait is bounded for all of them in
// one place.
func TestACommandThatHeedsNoSignalIsLeftBehind(t *testing.T) {
	ctx, signal := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	p := &process{environ: secrets, errOut: io.Discard, most: time.Millisecond}
	err := p.with(ctx, nil, func(context.Context, *configs.Config, *assembly.Assembly) error {
		signal()
		<-never
		return errors.New("it came back")
	})
	if err == nil || !strings.Contains(err.Error(), "did not end in time") {
		t.Errorf("with says %v", err)
	}
}
