package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
)

// glance prints how the whole system is. Where a part could not be read the command fails, after it
// has printed the others.
func (p *process) glance(ctx context.Context, a *assembly.Assembly, asJSON bool) error {
	reader, err := a.Glance()
	if err != nil {
		return err
	}
	g := reader.Read(ctx)
	if asJSON {
		err = p.printJSON(g)
	} else {
		err = g.Print(p.out, p.lang, p.zone)
	}
	if err == nil && len(g.Missing) > 0 {
		err = fmt.Errorf("%d parts could not be read: %w", len(g.Missing), errors.New(strings.Join(g.Missing, "; ")))
	}
	return err
}
