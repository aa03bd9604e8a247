package assembly

import (
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// branches are what each payment system has for each kind of instruction.
type branches map[store.Money]map[store.System]worker.Branch

// moneyHandlers are the workers' handlers of refunds and settlements. What a payment system needs
// is configured or not: the instructions of one that is not wait, and say why. Where none is, there
// are no handlers at all.
func (a *Assembly) moneyHandlers(h *worker.Handlers) error {
	missing := missingForMoney(a.cfg)
	for system, why := range missing {
		a.log.Warn().Str("system", string(system)).Msg(why + ": its refunds and settlements are not carried out")
	}
	if len(missing) == len(store.Systems()) {
		return nil
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	gate, err := a.Gate()
	if err != nil {
		return err
	}
	changed, err := a.pushAgain(tasks.CauseRefund)
	if err != nil {
		return err
	}
	all := branches{store.Refund: {}, store.Settlement: {}}
	if missing[store.Ecpay] == "" {
		if err := a.addEcpay(all, gate); err != nil {
			return err
		}
	}
	if missing[store.Trade] == "" {
		bank, err := a.addTrade(all, gate, st)
		if err != nil {
			return err
		}
		h.Refunds = &worker.RefundsHandler{Rows: st, Bank: bank, Now: time.Now, Log: a.log}
	}
	traces := a.tracing()
	rows, answers := traces.Instructions(st), traces.Answers(a.metrics.Answers(st))
	move := func(m store.Money) *worker.MoneyHandler {
		for system, branch := range all[m] {
			all[m][system] = traces.Bank(m, branch)
		}
		return &worker.MoneyHandler{
			Money: m, Rows: rows, Answers: answers, Banks: all[m], Missing: missing, Gate: a.watchedGate(gate),
			Polls: a.polls, Grace: a.grace, Now: st.Clock, Log: a.log,
		}
	}
	refund := move(store.Refund)
	refund.Changed = changed
	h.Refund, h.Settle = refund, move(store.Settlement)
	return nil
}

// missingForMoney says of each payment system whose instructions cannot be carried out what the
// configuration lacks.
func missingForMoney(cfg *configs.Config) map[store.System]string {
	missing := map[store.System]string{}
	if cfg.Douyin.Salt == "" {
		missing[store.Ecpay] = "douyin.salt is not set"
	}
	switch d := cfg.Douyin; {
	case !cfg.TradeOn():
		missing[store.Trade] = "nothing of douyin.trade is set"
	case d.AppID == "" || d.Secret == "":
		missing[store.Trade] = "douyin.app_id or douyin.secret is not set"
	}
	return missing
}

// addEcpay adds the branches of guaranteed payment. The ungated client is for handlers that pass
// the gate before they announce a request.
func (a *Assembly) addEcpay(all branches, g *gate.Gate) error {
	client, err := a.Douyin()
	if err != nil {
		return err
	}
	ungated, err := a.UngatedDouyin()
	if err != nil {
		return err
	}
	unwell := sick(g, douyin.OpRefundCreate)
	all[store.Refund][store.Ecpay] = worker.Branch{Bank: worker.Refunds{Sending: ungated, Douyin: client}, Ops: worker.RefundOps(), Sick: unwell}
	all[store.Settlement][store.Ecpay] = worker.Branch{Bank: worker.Settlements{Sending: ungated, Douyin: client}, Ops: worker.SettlementOps(), Sick: unwell}
	return nil
}

// addTrade adds the branches of trade. The bank of refunds also hears of those that Douyin opened.
func (a *Assembly) addTrade(all branches, g *gate.Gate, st *store.Store) (worker.TradeRefunds, error) {
	client, err := a.Trade()
	if err != nil {
		return worker.TradeRefunds{}, err
	}
	ungated, err := a.UngatedTrade()
	if err != nil {
		return worker.TradeRefunds{}, err
	}
	unwell := sick(g, trade.OpRefundCreate)
	bank := worker.TradeRefunds{
		Rows: st, Sending: ungated, Douyin: client, Page: refundPage(a.cfg.Douyin.Trade), FirstPoll: a.firstPoll(), Now: st.Clock,
	}
	all[store.Refund][store.Trade] = worker.Branch{Bank: bank, Ops: worker.TradeRefundOps(), Sick: unwell, TooEarly: time.Minute}
	all[store.Settlement][store.Trade] = worker.Branch{
		Bank: worker.TradeSettlements{Rows: st, Sending: ungated, Douyin: client}, Ops: worker.TradeSettlementOps(), Sick: unwell,
	}
	return bank, nil
}

// refundPage is the page that shows a refund, as the answers to pre_create_refund have it.
func refundPage(cfg configs.Trade) worker.Page {
	page, _ := RefundPage(cfg)
	return worker.Page(page)
}
