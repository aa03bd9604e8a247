package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

func newEnqueueRefund(p *process) *cobra.Command {
	r := tasks.RefundRequest{}
	cmd := &cobra.Command{
		Use:     "refund ORDER --no NUMBER --fen AMOUNT --reason TEXT",
		Short:   "Pay money of one order back; the same number is the same refund",
		Example: `  ordersync enqueue refund 1001 --no R1001-1 --fen 1999 --reason 用户取消订单`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.OrderID = args[0]
			if err := r.Validate(); err != nil {
				return byFlag(err, map[string]string{"out_refund_no": "--no", "amount_fen": "--fen", "reason": "--reason"})
			}
			return p.withCashier(cmd.Context(), r.OrderID, func(ctx context.Context, c desk.Cashier, orderID string) error {
				r.OrderID = orderID
				s, fresh, err := c.Refund(ctx, r)
				if err != nil {
					return refused(err)
				}
				return p.instructed(p.lang.T("refund %s", s.OutRefundNo), fresh, s.State)
			})
		},
	}
	cmd.Flags().StringVar(&r.OutRefundNo, "no", "", "out_refund_no: digits, letters, _ - *, at most 64")
	cmd.Flags().Int64Var(&r.AmountFen, "fen", 0, "amount in fen (分)")
	cmd.Flags().StringVar(&r.Reason, "reason", "", "shown to the buyer, at most 100 bytes")
	return cmd
}

func newEnqueueSettle(p *process) *cobra.Command {
	r := tasks.SettleRequest{}
	var receivers []string
	cmd := &cobra.Command{
		Use:     "settle ORDER --no NUMBER --desc TEXT",
		Short:   "Settle one order (结算及分账) once settle.after has passed since its payment",
		Example: `  ordersync enqueue settle 1001 --no S1001-1 --desc 订单分账 --to 70270395621615393650=300`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			r.OrderID = args[0]
			if r.Params, err = parseReceivers(receivers); err != nil {
				return err
			}
			if err := r.Validate(); err != nil {
				return byFlag(err, map[string]string{"out_settle_no": "--no", "desc": "--desc", "params": "--to"})
			}
			return p.withCashier(cmd.Context(), r.OrderID, func(ctx context.Context, c desk.Cashier, orderID string) error {
				r.OrderID = orderID
				s, fresh, err := c.Settle(ctx, r)
				if err != nil {
					return refused(err)
				}
				return p.instructed(p.lang.T("settlement %s", s.OutSettleNo), fresh, s.State)
			})
		},
	}
	cmd.Flags().StringVar(&r.OutSettleNo, "no", "", "out_settle_no: digits, letters, _ - *, at most 64")
	cmd.Flags().StringVar(&r.Desc, "desc", "", "settle_desc, at most 80 characters")
	cmd.Flags().BoolVar(&r.Finish, "finish", false, "close the order after this settlement")
	cmd.Flags().StringSliceVar(&receivers, "to", nil, "merchant_uid=fen of a receiver beside the seller; up to 4")
	return cmd
}

// byFlag names the flag by which a field of an instruction was given.
func byFlag(err error, flags map[string]string) error {
	var field *tasks.PayloadError
	if errors.As(err, &field) {
		for name, flag := range flags {
			if field.Field == name || strings.HasPrefix(field.Field, name+"[") || strings.HasPrefix(field.Field, name+".") {
				return usagef("%s: %s", flag, field.Reason)
			}
		}
	}
	return usageError{err}
}

func parseReceivers(texts []string) ([]tasks.Receiver, error) {
	var all []tasks.Receiver
	for _, t := range texts {
		uid, amount, ok := strings.Cut(t, "=")
		fen, err := strconv.ParseInt(amount, 10, 64)
		if !ok || err != nil {
			return nil, usagef("--to: want merchant_uid=fen, found %q", t)
		}
		all = append(all, tasks.Receiver{MerchantUID: uid, AmountFen: fen})
	}
	return all, nil
}

// withCashier hands the cashier over, and the key of the order that was named by its key or a number.
func (p *process) withCashier(ctx context.Context, order string, use func(ctx context.Context, c desk.Cashier, orderID string) error) error {
	return p.with(ctx, []string{"mysql.dsn", "redis.uri"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
		c, err := a.Cashier()
		if err != nil {
			return err
		}
		id, err := p.orderOf(ctx, a, order) // not the shop's only: a number that stands is answered when the order is gone
		if err != nil {
			return err
		}
		return use(ctx, c, id)
	}))
}

// refused says the numbers that the gateway puts into fields of their own.
func refused(err error) error {
	var exceeds *gateway.ExceedsError
	if errors.As(err, &exceeds) {
		return fmt.Errorf("--fen: %w: paid %d fen, refunded or being refunded %d, asked for %d", err, exceeds.PaidFen, exceeds.AlreadyFen, exceeds.AskedFen)
	}
	return err
}

func (p *process) instructed(what string, fresh bool, state string) error {
	said := "%s was known already, state %s"
	if fresh {
		said = "%s is written down, state %s"
	}
	_, err := fmt.Fprintln(p.out, p.lang.T(said, what, state))
	return err
}
