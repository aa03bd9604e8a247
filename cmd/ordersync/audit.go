package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/cut"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// auditPage is how many refunds are read at once.
const auditPage = 100

func newAudit(p *process) *cobra.Command {
	var agree, asJSON bool
	var deny string
	cmd := &cobra.Command{
		Use:   "audit [NUMBER --agree | NUMBER --deny WORDS]",
		Short: "The shop's word on a refund that a buyer asked Douyin for; without a number: those that wait for one",
		Long: "Without a word Douyin agrees by itself at the deadline. The first word counts: the same one again is harmless, another one is refused.\n" +
			"A worker tells Douyin; `ordersync status ORDER` shows what became of it.",
		Example: "  ordersync audit\n  ordersync audit DY7384 --agree\n  ordersync audit DY7384 --deny 商品已使用",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			denied := cmd.Flags().Changed("deny")
			if len(args) == 0 {
				if agree || denied {
					return usagef("--agree, --deny: want the number of a refund")
				}
				return p.withStore(cmd.Context(), func(ctx context.Context, a desk.Audits) error { return p.listAudits(ctx, a, asJSON) })
			}
			switch {
			case agree == denied:
				return usagef("--agree, --deny: want one of both")
			case asJSON:
				return usagef("--json: goes with the list, not with a word")
			}
			r := tasks.AuditRequest{OutRefundNo: args[0], Agree: &agree, DenyMessage: deny}
			if denied && deny == "" {
				return usagef("--deny: want words for the buyer, who reads them")
			}
			if err := r.Validate(); err != nil {
				return usageError{err}
			}
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				audits, err := a.Audits()
				if err != nil {
					return err
				}
				s, fresh, err := audits.Audit(ctx, r, desk.ByShell)
				if errors.Is(err, gateway.ErrNoRefund) {
					return fmt.Errorf("refund %q: no refund has this number", r.OutRefundNo)
				}
				if err != nil {
					return fmt.Errorf("refund %q: %w", r.OutRefundNo, err)
				}
				return p.instructed(p.lang.T("the word on refund %s", s.OutRefundNo), fresh, p.lang.T("%s, audit %s", s.State, s.Audit))
			}))
		},
	}
	cmd.Flags().BoolVar(&agree, "agree", false, "agree: Douyin pays the money back")
	cmd.Flags().StringVar(&deny, "deny", "", "deny, with these words for the buyer, at most 512 bytes")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as GET /v1/refunds?audit=needed answers it, in one page")
	return cmd
}

// withStore is for what asks nothing of Redis.
func (p *process) withStore(ctx context.Context, use func(context.Context, desk.Audits) error) error {
	return p.with(ctx, []string{"mysql.dsn"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
		st, err := a.Store()
		if err != nil {
			return err
		}
		return use(ctx, desk.Audits{Store: st})
	}))
}

func (p *process) listAudits(ctx context.Context, a desk.Audits, asJSON bool) error {
	all, next := []gateway.RefundStatus{}, ""
	for {
		page, after, err := a.AuditsNeeded(ctx, next, auditPage)
		if err != nil {
			return err
		}
		all, next = append(all, page...), after
		if next == "" {
			break
		}
	}
	if asJSON {
		return p.printJSON(gateway.RefundPage{Refunds: all})
	}
	if len(all) == 0 {
		fmt.Fprintln(p.out, p.lang.T("no refund waits for a word"))
		return nil
	}
	w := p.lang.Table(p.out)
	w.Text(p.lang.T("number\torder\tfen\tfrom\tdeadline\tleft\treason"))
	for _, r := range all {
		deadline, left := "", ""
		if r.Deadline != nil {
			deadline, left = p.moment(r.Deadline), p.lang.T("over")
			if d := r.Deadline.Sub(a.Store.Clock()); d > 0 {
				left = d.Truncate(time.Minute).String()
			}
		}
		w.Row(r.OutRefundNo, r.OrderID, r.AmountFen, r.Origin, deadline, left, cut.Line(r.Reason))
	}
	return w.Flush()
}
