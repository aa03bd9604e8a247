package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// TradeConfig says how orders of trade are told from those of ecpay. The zero value: nothing of trade
// is configured, and every order is one of ecpay that has not been decided otherwise before.
type TradeConfig struct {
	On    bool      // anything of trade is configured
	Since time.Time // orders created since then are of trade; zero: none by that. Schema.Trade goes first
}

// TradeOn tells whether anything of trade is configured.
func (s *Store) TradeOn() bool { return s.cfg.Trade.On }

// systemSigns are what one order's system is decided by.
type systemSigns struct {
	stored  System // in the order's row; empty: it was not decided
	pushed  bool   // the order centre has taken it
	refunds bool   // it has refunds, and no system: they are from before trade
	payment System // of the payment that has its number; empty: there is none
	byShop  sql.NullBool
	created time.Time
}

// decide is the system of an order. What stands in its row holds. Else its payment tells, made through
// ordersync or heard of; else what was done with the order before anybody decided, which was ecpay's;
// else Schema.Trade, where the shop has it, and Since where it has not.
func (c TradeConfig) decide(schema Schema, e systemSigns) System {
	switch {
	case e.stored != "":
		return e.stored
	case !c.On:
		return Ecpay
	case e.payment != "":
		return e.payment
	case e.pushed, e.refunds:
		return Ecpay
	case len(schema.Trade) > 0 && e.byShop.Bool:
		return Trade
	case !c.Since.IsZero() && !e.created.IsZero() && !e.created.Before(c.Since):
		return Trade
	}
	return Ecpay
}

// decideSystem writes down that a payment of system proves the system of an order whose row is locked.
// What stands there from a guess (Schema.Trade, Since, or none) gives way, as long as no instruction
// about the order's money and no payment of the other system under its number exists. Where one does,
// the order stays what it is, and contradicts says so. A row that changes counts as begun once more, so
// that an attempt made from what was known before is superseded.
func (s *Store) decideSystem(tx *gorm.DB, orderID, outOrderNo string, system System) (contradicts bool, err error) {
	states, err := readStates(tx, []string{orderID}, "", "")
	if err != nil {
		return false, err
	}
	stands := states[orderID]
	stands.OrderID = orderID
	if stands.System == system {
		return false, nil
	}
	if contradicts, err = s.provenOther(tx, stands, outOrderNo, system); err != nil {
		return false, err
	}
	switch {
	case contradicts && stands.System != "":
		return true, nil
	case contradicts:
		system = otherThan(system)
	}
	return contradicts, tx.Exec("UPDATE `ordersync_order` SET `system` = ?, `seq` = `seq` + 1 WHERE `order_id` = ?", string(system), orderID).Error
}

func otherThan(system System) System {
	if system == Ecpay {
		return Trade
	}
	return Ecpay
}

// provenOther tells whether more than a guess speaks for another system of an order than the one that
// the payment of outOrderNo has: an instruction about money, or a payment under another number that the
// order's row has.
func (s *Store) provenOther(tx *gorm.DB, o OrderState, outOrderNo string, system System) (bool, error) {
	other := string(otherThan(system))
	var found int
	err := tx.Raw("SELECT EXISTS (SELECT 1 FROM `ordersync_refund` WHERE `order_id` = ? AND `system` = ?) "+
		"OR EXISTS (SELECT 1 FROM `ordersync_settlement` WHERE `order_id` = ? AND `system` = ?) "+
		"OR EXISTS (SELECT 1 FROM `ordersync_payment` WHERE `out_order_no` = ? AND `out_order_no` <> ? AND `system` = ?)",
		o.OrderID, other, o.OrderID, other, o.OrderNo, outOrderNo, other).Row().Scan(&found)
	if err != nil {
		return false, fmt.Errorf("store: system of order: %w", err)
	}
	return found != 0, nil
}

// contradictsSystem is the alarm's text.
func contradictsSystem(proof System) string {
	return "its payment is one of " + string(proof) + ", and its order is dealt with in " + string(otherThan(proof)) + " already"
}

// fixSystem writes the system of an order that has none into its row, which is locked, and returns the
// one that holds. order is as it was read before.
func (s *Store) fixSystem(tx *gorm.DB, orderID string, order System) (System, error) {
	if !s.cfg.Trade.On {
		return order, nil
	}
	states, err := readStates(tx, []string{orderID}, "", "")
	if err != nil {
		return "", err
	}
	if stands := states[orderID].System; stands != "" || order == "" {
		return stands, nil
	}
	return order, tx.Exec("UPDATE `ordersync_order` SET `system` = ? WHERE `order_id` = ?", string(order), orderID).Error
}

// provePayment tells the order of a payment, whose row is locked, which system it is of. Where that
// contradicts what stands, the payment gets an alarm, unless it has one.
func (s *Store) provePayment(tx *gorm.DB, p *Payment, orderID string) error {
	system := cmp.Or(p.System, Ecpay)
	contradicts, err := s.decideSystem(tx, orderID, p.OutOrderNo, system)
	if err != nil || !contradicts || p.Alarm != "" {
		return err
	}
	p.raise(AlarmContradiction, contradictsSystem(system))
	return s.alarmPayment(tx, p.OutOrderNo, p.Alarm, p.Message)
}

// proveTrade tells the orders of a payment that was made here which system they are of, where their rows
// guess another one. An order without a row, or whose row does not know yet, finds the payment when it is
// read.
func (s *Store) proveTrade(ctx context.Context, p *Payment) error {
	ids, err := collect(s.db.WithContext(ctx), scanID,
		"SELECT `order_id` FROM `ordersync_order` WHERE `order_no` = ? AND `system` = ?", p.OutOrderNo, string(otherThan(p.System)))
	for _, id := range ids {
		if err == nil {
			err = s.underOrderLock(ctx, id, func(tx *gorm.DB) error { return s.provePayment(tx, p, id) })
		}
	}
	return err
}
