package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// savedBooks are the ledgers as they are written down. Tokens, faults, counters of calls and the history
// of each order's pushes are not in them.
type savedBooks struct {
	orders []savedOrder
	bank   savedBank
	trade  savedTrade
}

// savedOrder is an orderRecord.
type savedOrder struct {
	ID          string               `json:"id"`
	Held        bool                 `json:"held"`
	Status      int8                 `json:"status"`
	Text        int8                 `json:"text"`
	UpdateTime  int64                `json:"update_time"`
	Digest      uint64               `json:"digest"`
	OpenID      string               `json:"open_id"`
	Payment     string               `json:"payment"`
	Backend     string               `json:"backend"`
	Detail      string               `json:"detail"`
	Counts      [len(results)]uint32 `json:"counts"`
	Lost        uint32               `json:"lost"`
	Regressions uint32               `json:"regressions"`
	LastRefusal int32                `json:"last_refusal"`
}

type savedBank struct {
	payments    []savedPayment
	refunds     []savedRefund
	settlements []savedSettlement
	movements   []Movement
	noticed     []Anomaly
	seq         int64
}

type savedPayment struct {
	Payment
	Subject     string `json:"subject"`
	Body        string `json:"body"`
	AppID       string `json:"app_id"`
	CPExtra     string `json:"cp_extra"`
	NotifyURL   string `json:"notify_url"`
	Token       string `json:"token"`
	Settlements int    `json:"settlements"`
	Refunds     int    `json:"refunds"`
}

type savedRefund struct {
	Refund
	CPExtra   string `json:"cp_extra"`
	NotifyURL string `json:"notify_url"`
}

type savedSettlement struct {
	Settlement
	Desc      string `json:"desc"`
	AsSent    string `json:"finish_as_sent"`
	CPExtra   string `json:"cp_extra"`
	NotifyURL string `json:"notify_url"`
}

// Restore gives a simulator that holds nothing yet what Config.Keep was given: the newest record of
// each key, in the order in which the keys first came. What was under way goes on: accepted refunds and
// settlements get their result, a refund that waits for the shop is put to it again. A callback that
// was not answered before is not delivered again.
func (s *Server) Restore(records []Record) error {
	var all savedBooks
	for _, r := range records {
		if err := all.read(r); err != nil {
			return fmt.Errorf("simulator: restore: record %q: %w", r.Key, err)
		}
	}
	if s.ledger.count.Load() > 0 || len(s.bank.paymentNos) > 0 || s.trade.count.Load() > 0 {
		return errors.New("simulator: restore: this simulator holds something already")
	}
	s.ledger.restore(all.orders)
	s.restoreBank(all.bank)
	return s.restoreTrade(all.trade)
}

// read adds one record.
func (all *savedBooks) read(r Record) error {
	b, t := &all.bank, &all.trade
	switch kind, _, _ := strings.Cut(r.Key, " "); kind {
	case keptOrder:
		return add(&all.orders, r.Value)
	case keptPayment:
		return add(&b.payments, r.Value)
	case keptRefund:
		return add(&b.refunds, r.Value)
	case keptSettlement:
		return add(&b.settlements, r.Value)
	case keptMovement:
		return add(&b.movements, r.Value)
	case keptAnomaly:
		return add(&b.noticed, r.Value)
	case keptSequence:
		return json.Unmarshal(r.Value, &b.seq)
	case keptTradeOrder:
		return add(&t.orders, r.Value)
	case keptTradeRefund:
		return add(&t.refunds, r.Value)
	case keptTradeSettlement:
		return add(&t.settlements, r.Value)
	case keptTradeMovement:
		return add(&t.movements, r.Value)
	case keptTradeViolation:
		return add(&t.noticed, r.Value)
	case keptTradeSequence:
		return json.Unmarshal(r.Value, &t.seq)
	}
	return errors.New("is of no kind that this version knows")
}

func add[T any](list *[]T, text []byte) error {
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*list = append(*list, one)
	return nil
}

// saved is the order of a name as it is written down; nil: it is not there. The caller holds the lock.
func (sh *shard) saved(n recordName) any {
	o := sh.orders[n.number]
	if o == nil {
		return nil
	}
	return savedOrder{
		n.number, o.held, o.status, o.text, o.updateTime, o.digest, o.openID, o.payment, o.backend, o.detail, o.counts, o.lost, o.regressions, o.lastRefusal,
	}
}

func (l *ledger) restore(all []savedOrder) {
	addIf := func(n *atomic.Int64, yes bool) {
		if yes {
			n.Add(1)
		}
	}
	for _, o := range all {
		sh := l.shard([]byte(o.ID))
		sh.mu.Lock()
		sh.orders[o.ID] = &orderRecord{
			held: o.Held, status: o.Status, text: o.Text, updateTime: o.UpdateTime, digest: o.Digest, openID: o.OpenID, payment: o.Payment,
			backend: o.Backend, detail: o.Detail, counts: o.Counts, lost: o.Lost, regressions: o.Regressions, lastRefusal: o.LastRefusal,
		}
		sh.mu.Unlock()
		l.count.Add(1)
		addIf(&l.held, o.Held)
		l.back.Add(int64(o.Regressions))
	}
}

// names are all that the bank holds and a reset forgets. The caller holds the lock.
func (b *bank) names() (out []recordName) {
	for _, no := range b.paymentNos {
		out = append(out, recordName{keptPayment, no})
	}
	for _, no := range b.refundNos {
		out = append(out, recordName{keptRefund, no})
	}
	for _, no := range b.settleNos {
		out = append(out, recordName{keptSettlement, no})
	}
	for i := range b.movements {
		out = append(out, nth(keptMovement, i))
	}
	for i := range b.noticed {
		out = append(out, nth(keptAnomaly, i))
	}
	return out
}

// saved is what a name names as it is written down; nil: it is not there. The caller holds the lock.
func (b *bank) saved(n recordName) any {
	switch n.kind {
	case keptPayment:
		if p := b.payments[n.number]; p != nil {
			return savedPayment{*p, p.subject, p.body, p.appID, p.cpExtra, p.notifyURL, p.token, p.settlements, p.refunds}
		}
	case keptRefund:
		if r := b.refunds[n.number]; r != nil {
			return savedRefund{*r, r.cpExtra, r.notifyURL}
		}
	case keptSettlement:
		if st := b.settlements[n.number]; st != nil {
			return savedSettlement{*st, st.desc, st.finish, st.cpExtra, st.notifyURL}
		}
	case keptMovement:
		return at(b.movements, n.number)
	case keptAnomaly:
		return at(b.noticed, n.number)
	case keptSequence:
		return b.seq
	}
	return nil
}

func (s *Server) restoreBank(all savedBank) {
	b := s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	b.movements, b.noticed, b.seq = all.movements, all.noticed, max(b.seq, all.seq)
	for _, one := range all.payments {
		p := one.Payment
		p.subject, p.body, p.appID, p.cpExtra, p.notifyURL, p.token = one.Subject, one.Body, one.AppID, one.CPExtra, one.NotifyURL, one.Token
		p.settlements, p.refunds = one.Settlements, one.Refunds
		b.payments[p.OutOrderNo], b.paymentNos = &p, append(b.paymentNos, p.OutOrderNo)
	}
	for _, one := range all.refunds {
		r := one.Refund
		r.cpExtra, r.notifyURL = one.CPExtra, one.NotifyURL
		b.refunds[r.OutRefundNo], b.refundNos = &r, append(b.refundNos, r.OutRefundNo)
		if p := b.payments[r.OutOrderNo]; p != nil && r.Status == Processing {
			s.settleLater(&call{}, opRefundResult, opCallbackRefund, r.OutRefundNo, func(fails bool) delivery { return s.finishRefund(p, &r, fails) })
		}
	}
	for _, one := range all.settlements {
		st := one.Settlement
		st.desc, st.finish, st.cpExtra, st.notifyURL = one.Desc, one.AsSent, one.CPExtra, one.NotifyURL
		b.settlements[st.OutSettleNo], b.settleNos = &st, append(b.settleNos, st.OutSettleNo)
		if p := b.payments[st.OutOrderNo]; p != nil && st.Status == Processing {
			s.settleLater(&call{}, opSettleResult, opCallbackSettle, st.OutSettleNo, func(fails bool) delivery { return s.finishSettlement(p, &st, fails) })
		}
	}
}
