package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

func newMigrate(p *process) *cobra.Command {
	var status, printSQL, down bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create and upgrade our tables in the shop's database; safe to run twice and by two processes at once",
		Example: "  ordersync migrate --print | mysql shop     # by the hand of a DBA; nothing is printed where nothing is to be done\n" +
			"  ordersync migrate --down                   # takes the newest migration back, with its data, and asks first",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			run, require := p.migrate, []string{"mysql.dsn"}
			switch {
			case status && printSQL || status && down || printSQL && down:
				return usagef("--status, --print, --down: want one of them")
			case printSQL:
				run, require = p.printMigrations, nil
			case status:
				run = p.migrationStatus
			case down:
				run = p.migrateDown
			}
			return p.with(cmd.Context(), require, run)
		},
	}
	cmd.Flags().BoolVar(&status, "status", false, "list the migrations and when they were applied, and change nothing")
	cmd.Flags().BoolVar(&printSQL, "print", false, "print the SQL of what is pending for a DBA, and change nothing")
	cmd.Flags().BoolVar(&down, "down", false, "take the newest migration back, with the data in it; asks first")
	return cmd
}

func (p *process) migrate(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	applied, err := st.Migrate(ctx)
	for _, name := range applied {
		fmt.Fprintln(p.out, p.lang.T("applied %s", name))
	}
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Fprintln(p.out, p.lang.T("nothing to do: every migration was applied already"))
	}
	return nil
}

func (p *process) migrationStatus(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	all, err := st.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	w := p.lang.Table(p.out)
	for _, m := range all {
		at := p.lang.T("not applied")
		if m.AppliedAt != nil {
			at = p.moment(m.AppliedAt)
		}
		w.Row(m.Name, at)
	}
	return w.Flush()
}

// printMigrations prints what the database lacks. Without mysql.dsn there is none to ask: what is printed is for a new one, and
// stops in one that has our tables.
func (p *process) printMigrations(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	if cfg.MySQL.DSN == "" {
		return p.printAllMigrations()
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	script, names, err := st.PendingSQL(ctx)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		fmt.Fprintln(p.out, "-- nothing to do: every migration was applied already")
		return nil
	}
	fmt.Fprintf(p.out, "-- ordersync: %s\n%s", strings.Join(names, ", "), script)
	return nil
}

// printAllMigrations opens the store over an address that nothing dials.
func (p *process) printAllMigrations() error {
	db, err := store.Open("nobody@tcp(127.0.0.1:3306)/shop")
	if err != nil {
		return err
	}
	st, err := store.New(db, store.Config{})
	if err != nil {
		return err
	}
	defer st.Close()
	script, err := st.FreshSQL()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "-- ordersync: all migrations, as no mysql.dsn is set. They stop in a database that has some of them.\n%s", script)
	return nil
}

// migrateDown shows what goes and wants the database's name before it takes a migration back.
func (p *process) migrateDown(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	newest, down, err := st.Newest(ctx)
	if err != nil {
		return err
	}
	if newest.AppliedAt == nil {
		fmt.Fprintln(p.out, p.lang.T("nothing to take back: no migration is applied"))
		return nil
	}
	database, err := st.Database(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.lang.T("%s was applied %s. To take it back, this runs in the database %s, and what is in these tables and columns is lost:",
		newest.Name, p.moment(newest.AppliedAt), database))
	fmt.Fprintf(p.out, "\n%s\n\n", down)
	fmt.Fprint(p.errOut, p.lang.T("Type the database's name to go on: "))
	typed, err := firstLine(p.in)
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed) != database {
		return errors.New("--down: the database's name was not given, so nothing was changed")
	}
	if err := st.TakeBack(ctx, newest); err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.lang.T("taken back %s", newest.Name))
	return nil
}
