package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
)

// snapshot is the ledgers as they are written down. Tokens, faults, counters of calls and the history
// of each order's pushes are not in it.
type snapshot struct {
	Version int          `json:"version"`
	Orders  []savedOrder `json:"orders"`
	Bank    savedBank    `json:"bank"`
	Trade   savedTrade   `json:"trade"`
}

// snapshotVersion changes with the meaning of a field.
const snapshotVersion = 1

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
	Payments    []savedPayment    `json:"payments"`
	Refunds     []savedRefund     `json:"refunds"`
	Settlements []savedSettlement `json:"settlements"`
	Movements   []Movement        `json:"movements"`
	Noticed     []Anomaly         `json:"noticed"`
	Seq         int64             `json:"seq"`
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

// Snapshot writes the ledgers down, for Restore. It holds open_ids: keep it where they may be.
func (s *Server) Snapshot() ([]byte, error) {
	return json.Marshal(snapshot{snapshotVersion, s.ledger.save(), s.bank.save(), s.trade.save()})
}

// Restore gives a simulator that holds nothing yet what Snapshot has written. What was under way goes
// on: accepted refunds and settlements get their result, a refund that waits for the shop is put to it
// again. A callback that was not answered before is not delivered again.
func (s *Server) Restore(text []byte) error {
	var all snapshot
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("simulator: snapshot: %w", err)
	}
	if all.Version != snapshotVersion {
		return fmt.Errorf("simulator: snapshot: version %d, want %d", all.Version, snapshotVersion)
	}
	if s.ledger.count.Load() > 0 || len(s.bank.paymentNos) > 0 || s.trade.count.Load() > 0 {
		return errors.New("simulator: snapshot: this simulator holds something already")
	}
	s.ledger.restore(all.Orders)
	s.restoreBank(all.Bank)
	return s.restoreTrade(all.Trade)
}

func (l *ledger) save() []savedOrder {
	out := []savedOrder{}
	for i := range l.shards {
		sh := &l.shards[i]
		sh.mu.Lock()
		for id, o := range sh.orders {
			out = append(out, savedOrder{
				id, o.held, o.status, o.text, o.updateTime, o.digest, o.openID, o.payment, o.backend, o.detail, o.counts, o.lost, o.regressions, o.lastRefusal,
			})
		}
		sh.mu.Unlock()
	}
	return out
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

func (b *bank) save() savedBank {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := savedBank{Movements: b.movements, Noticed: b.noticed, Seq: b.seq}
	for _, no := range b.paymentNos {
		p := b.payments[no]
		out.Payments = append(out.Payments, savedPayment{*p, p.subject, p.body, p.appID, p.cpExtra, p.notifyURL, p.token, p.settlements, p.refunds})
	}
	for _, no := range b.refundNos {
		r := b.refunds[no]
		out.Refunds = append(out.Refunds, savedRefund{*r, r.cpExtra, r.notifyURL})
	}
	for _, no := range b.settleNos {
		st := b.settlements[no]
		out.Settlements = append(out.Settlements, savedSettlement{*st, st.desc, st.finish, st.cpExtra, st.notifyURL})
	}
	return out
}

func (s *Server) restoreBank(all savedBank) {
	b := s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	b.movements, b.noticed, b.seq = all.Movements, all.Noticed, all.Seq
	for _, one := range all.Payments {
		p := one.Payment
		p.subject, p.body, p.appID, p.cpExtra, p.notifyURL, p.token = one.Subject, one.Body, one.AppID, one.CPExtra, one.NotifyURL, one.Token
		p.settlements, p.refunds = one.Settlements, one.Refunds
		b.payments[p.OutOrderNo], b.paymentNos = &p, append(b.paymentNos, p.OutOrderNo)
	}
	for _, one := range all.Refunds {
		r := one.Refund
		r.cpExtra, r.notifyURL = one.CPExtra, one.NotifyURL
		b.refunds[r.OutRefundNo], b.refundNos = &r, append(b.refundNos, r.OutRefundNo)
		if p := b.payments[r.OutOrderNo]; p != nil && r.Status == Processing {
			s.settleLater(&call{}, opRefundResult, opCallbackRefund, r.OutRefundNo, func(fails bool) delivery { return s.finishRefund(p, &r, fails) })
		}
	}
	for _, one := range all.Settlements {
		st := one.Settlement
		st.desc, st.finish, st.cpExtra, st.notifyURL = one.Desc, one.AsSent, one.CPExtra, one.NotifyURL
		b.settlements[st.OutSettleNo], b.settleNos = &st, append(b.settleNos, st.OutSettleNo)
		if p := b.payments[st.OutOrderNo]; p != nil && st.Status == Processing {
			s.settleLater(&call{}, opSettleResult, opCallbackSettle, st.OutSettleNo, func(fails bool) delivery { return s.finishSettlement(p, &st, fails) })
		}
	}
}
