package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

func newMigrate(p *process) *cobra.Command {
	var status, printSQL bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create and upgrade our tables in the shop's database; safe to run twice and by two processes at once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case status && printSQL:
				return usagef("--status, --print: want one of both")
			case printSQL:
				return p.printMigrations()
			case status:
				return p.with(cmd.Context(), []string{"mysql.dsn"}, p.migrationStatus)
			}
			return p.with(cmd.Context(), []string{"mysql.dsn"}, p.migrate)
		},
	}
	cmd.Flags().BoolVar(&status, "status", false, "list the migrations and when they were applied, and change nothing")
	cmd.Flags().BoolVar(&printSQL, "print", false, "print the SQL for a DBA, and connect to nothing")
	return cmd
}

func (p *process) migrate(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	applied, err := st.Migrate(ctx)
	for _, name := range applied {
		fmt.Fprintln(p.out, "applied", name)
	}
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Fprintln(p.out, "nothing to do: every migration was applied already")
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
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, m := range all {
		at := "not applied"
		if m.AppliedAt != nil {
			at = m.AppliedAt.Format(time.DateTime)
		}
		fmt.Fprintf(w, "%s\t%s\n", m.Name, at)
	}
	return w.Flush()
}

// printMigrations needs no database: the store is opened over an address that nothing dials.
func (p *process) printMigrations() error {
	db, err := store.Open("nobody@tcp(127.0.0.1:3306)/shop")
	if err != nil {
		return err
	}
	st, err := store.New(db, store.Config{})
	if err != nil {
		return err
	}
	defer st.Close()
	text, err := st.MigrationSQL()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, text)
	return err
}
