package pages

import (
	"context"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/store"
)

// recordTime bounds the write of what somebody did: it must not hold up the page that tells of it.
const recordTime = 2 * time.Second

// record writes down who did what. The log has a line of it already, so a database that does not
// take it is a line of the log and no error of the act, which is done.
func (p *pages) record(ctx context.Context, acts ...store.Act) {
	who, _ := admin.SignedIn(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	for _, a := range acts {
		a.Who, a.Address, a.At = who.Name, who.Address, p.Now()
		if err := p.Store.RecordAct(ctx, a); err != nil {
			p.Log.Error().Err(err).Str("act", a.Act).Str("user", a.Who).Msg("admin: what was done cannot be written down")
			return // the others neither
		}
	}
}

// actNames are the acts as texts of the word list.
var actNames = map[string]string{
	store.ActPush: "pushed again", store.ActAcknowledge: "alarm acknowledged", store.ActJob: "job begun", store.ActHandOn: "callback handed on again", store.ActAudit: "word on a refund",
	store.ActSignIn: "signed in", store.ActSignInFailed: "sign-in refused", store.ActSignOut: "signed out", store.ActQueues: "queues changed",
}

func actName(act string) string {
	if name, ok := actNames[act]; ok {
		return name
	}
	return act
}
