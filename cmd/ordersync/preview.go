package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/preview"
	"github.com/ordersync/ordersync/configs"
)

// latestShown is how many of the newest orders are shown, whatever their status.
const latestShown = 10

func newPreview(p *process) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "preview [ORDER]",
		Short: "What Douyin would be told of an order, or of the newest ones; sends nothing",
		Long: "Builds what Douyin would be told of an order from the shop's rows, checks it as a push does, and prints it. Nothing is sent or written.\n" +
			"ORDER is the shop's key, or else its order number. Without one: the ten newest, and the newest of each\n" +
			"other status. Exit code 1 where one could not be sent.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.quiet = true
			return p.with(cmd.Context(), []string{"mysql.dsn"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				desk, err := a.Preview(ctx)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					return p.previewNewest(ctx, desk, asJSON)
				}
				found, err := desk.Order(ctx, args[0])
				switch {
				case errors.Is(err, preview.ErrNoOrder):
					return fmt.Errorf("order %q: the shop has none with this key or number", args[0])
				case err != nil:
					return err
				}
				return p.printPreviews(desk, asJSON, found)
			}))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print order_detail as it would be sent, the open_id masked, and the warnings")
	return cmd
}

func (p *process) previewNewest(ctx context.Context, desk preview.Zoned, asJSON bool) error {
	all, _, err := desk.Newest(ctx, latestShown)
	if err != nil {
		return err
	}
	if len(all) == 0 && !asJSON {
		_, err := fmt.Fprintln(p.out, p.lang.T("the shop has no orders that are Douyin's business"))
		return err
	}
	if asJSON {
		return errors.Join(p.printJSON(append([]preview.Preview{}, all...)), refusedOne(all))
	}
	return p.printPreviews(desk, false, all...)
}

// printPreviews prints previews, and ends the command with code 1 where one could not be sent.
func (p *process) printPreviews(desk preview.Zoned, asJSON bool, all ...preview.Preview) error {
	for i, one := range all {
		if asJSON {
			if err := p.printJSON(one); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(p.out)
		}
		if err := one.Print(p.out, p.lang, desk.Zone); err != nil {
			return err
		}
	}
	return refusedOne(all)
}

// refusedOne is the error of the first that could not be sent, and tells how many there are.
func refusedOne(all []preview.Preview) error {
	var first error
	refused := 0
	for _, one := range all {
		if one.Refused == nil {
			continue
		}
		if refused++; first == nil {
			first = fmt.Errorf("order %s could not be sent: %s", one.ID, one.Why())
		}
	}
	if refused > 1 {
		return fmt.Errorf("%w (and %d others)", first, refused-1)
	}
	return first
}
