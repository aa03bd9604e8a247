package desk

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks/gateway"
)

var platform = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// ofTrade is a verified callback with its headers and its body.
func ofTrade(t testing.TB, kind, msg string) (trade.Callback, http.Header, []byte) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"version": "3.0", "msg": msg, "type": kind})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("1708586777\nnonce\n" + string(body) + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, platform(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{
		"Byte-Timestamp": {"1708586777"}, "Byte-Nonce-Str": {"nonce"}, "Byte-Signature": {base64.StdEncoding.EncodeToString(signature)},
		"Byte-Logid": {"L1"}, "Authorization": {"Bearer x"}, "Byte-Long": {strings.Repeat("x", maxHeaders)},
	}
	c, err := trade.VerifyCallback(h, body, &platform().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return c, h, body
}

// Who has opened what, by Douyin's numbers of it, and under which number it is kept.
func TestWhatACallbackOfTradeSaysInTheStoresWords(t *testing.T) {
	t.Parallel()
	const refund = `{"app_id":"tt1","order_id":"O1","refund_id":"9","status":"SUCCESS","refund_total_amount":1`
	const asked = `{"app_id":"tt1","order_id":"O1","out_order_no":"T1","refund_id":"9","refund_total_amount":1,"need_refund_audit":1`
	const settle = `{"app_id":"tt1","order_id":"O1","status":"SUCCESS","settle_amount":1,"settle_id":"7308352427978230016"`
	for _, c := range []struct {
		kind, msg      string
		origin         store.Origin
		number, opened string // looked up first; kept under
	}{
		{"refund", refund + `,"refund_type":1,"out_refund_no":"DY9"}`, store.OriginUser, "DY9", "DY9"},
		{"refund", refund + `,"refund_type":4}`, store.OriginService, "", "DY9"},
		{"refund", refund + `,"refund_type":3,"out_refund_no":"default-1"}`, store.OriginExpiry, "default-1", "DY9"},
		{"refund", refund + `,"refund_type":2,"out_refund_no":"PHP-1"}`, store.OriginOurs, "PHP-1", "PHP-1"},
		{"refund", refund + `,"refund_type":2}`, store.OriginOurs, "", "DY9"},
		{"refund", refund + `}`, store.OriginOther, "", "DY9"},
		{"refund", refund + `,"out_refund_no":"PHP-1"}`, store.OriginOurs, "PHP-1", "PHP-1"},
		{"refund", refund + `,"out_refund_no":"DY9"}`, store.OriginOther, "DY9", "DY9"},
		{"pre_create_refund", asked + `,"refund_source":1}`, store.OriginUser, "", "DY9"},
		{"pre_create_refund", asked + `,"refund_source":4}`, store.OriginService, "", "DY9"},
		{"pre_create_refund", asked + `,"refund_source":3}`, store.OriginExpiry, "", "DY9"},
		{"pre_create_refund", asked + `,"refund_source":2}`, store.OriginOther, "", "DY9"},
		{"pre_create_refund", asked + `,"refund_source":7}`, store.OriginOther, "", "DY9"},
		{"settle", settle + `,"out_settle_no":"7308352427978230016","is_auto_settle":true}`, store.OriginAuto, "7308352427978230016", "7308352427978230016"},
		{"settle", settle + `,"out_settle_no":"7308352427978230016"}`, store.OriginAuto, "7308352427978230016", "7308352427978230016"},
		{"settle", settle + `}`, store.OriginAuto, "7308352427978230016", "7308352427978230016"},
		{"settle", settle + `,"out_settle_no":"S1"}`, store.OriginOurs, "S1", "S1"},
	} {
		verified, _, _ := ofTrade(t, c.kind, c.msg)
		if verified.Unread != "" {
			t.Fatalf("%s: unread %s", c.msg, verified.Unread)
		}
		news := TradeCallbacks{}.news(verified)
		if c.kind == "pre_create_refund" {
			TradeCallbacks{}.ask(verified, &news)
		}
		if news.Number != c.number || news.Opened.Number != c.opened || news.Opened.Origin != c.origin || news.Opened.DouyinOrderID != "O1" || news.Amount != 1 {
			t.Errorf("%s %s: %q, %+v", c.kind, c.msg, news.Number, news.Opened)
		}
	}
}

// A callback that is late tells when its refund has ended: what was agreed to in time is not overtime
// because of it. A time that is none is not told.
func TestACallbackTellsWhenItWasSo(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]time.Time{`1772697600000`: time.UnixMilli(1772697600000), `"1772697600"`: time.Unix(1772697600, 0), `0`: {}, `99999999e12`: {}} {
		for kind, msg := range map[string]string{
			"refund": `"refund_id":"9","refund_total_amount":1`, "settle": `"settle_id":"9","settle_amount":1`,
		} {
			c, _, _ := ofTrade(t, kind, `{"app_id":"tt1","order_id":"O1","status":"SUCCESS","event_time":`+told+`,`+msg+`}`)
			if news := (TradeCallbacks{}).news(c); !news.FinishedAt.Equal(want) {
				t.Errorf("%s, %s: %v, want %v", kind, told, news.FinishedAt, want)
			}
		}
	}
}

func TestAQuestionsDeadlineReasonsAndItems(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for msg, want := range map[string]time.Time{
		`"refund_audit_deadline":1772697600000`:                                   time.UnixMilli(1772697600000),
		`"create_refund_time":1772352000000`:                                      time.UnixMilli(1772352000000).Add(72 * time.Hour),
		`"create_refund_time":1772352000000,"refund_audit_deadline":99999999e12`:  time.UnixMilli(1772352000000).Add(72 * time.Hour),
		`"refund_audit_deadline":0`:                                               now.Add(72 * time.Hour),
		`"create_refund_time":4102444799000`:                                      now.Add(72 * time.Hour), // ahead of us by far
		`"refund_reason":["a","b"],"refund_description":"c","currency":"DIAMOND"`: now.Add(72 * time.Hour),
	} {
		c, _, _ := ofTrade(t, "pre_create_refund", `{"app_id":"tt1","order_id":"O1","out_order_no":"T1","refund_id":"9","refund_total_amount":5,`+
			`"refund_item_detail":{"item_order_quantity":1,"item_order_detail":[{"item_order_id":"I1","refund_amount":5}]},`+msg+`}`)
		news := TradeCallbacks{}.news(c)
		news.At = now
		TradeCallbacks{}.ask(c, &news)
		if !news.Asked.NeedsAudit || !news.Asked.Deadline.Equal(want) || !news.Asked.DueAt.Equal(now.Add(askAfterAudit)) {
			t.Errorf("%s: %+v", msg, news.Asked)
		}
		if strings.Contains(msg, "DIAMOND") && (news.Opened.Text != "a; b; c" || news.Opened.Currency != "DIAMOND") || news.Opened.Items != `[{"item_order_id":"I1","refund_amount":5}]` {
			t.Errorf("%s: %+v", msg, news.Opened)
		}
	}
}

// What is signed is taken: another app's, one of an unknown type, one that cannot be read, of which
// only the question about a refund gets more than success.
func TestWhateverIsSignedIsKept(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		st, err := store.New(db, store.Config{Schema: store.DefaultSchema()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		desk := TradeCallbacks{
			Callbacks: Callbacks{Store: st, AppID: "tt1", Forward: true, Ended: func(store.Money, store.MoneyState) {}, Log: zerolog.New(&log)},
			Answer:    func(r RefundAsked) ([]byte, error) { return []byte("answer " + r.OutRefundNo), nil },
		}
		const openID = "open-id-of-the-buyer"
		for _, c := range []struct {
			kind, msg, answer string
			result            gateway.CallbackResult
			alarm             string
		}{
			{"payment", `{"app_id":"tt2","out_order_no":"1","order_id":"O1","status":"SUCCESS","total_amount":1}`, "", gateway.CallbackForeign, store.AlarmForeignApp},
			{"pre_create_refund", `{"app_id":"tt2","open_id":"` + openID + `","refund_id":"9","order_id":"O1","out_order_no":"1","refund_total_amount":1}`, "", gateway.CallbackForeign, store.AlarmForeignApp},
			{"sign_callback", `{"app_id":"tt1"}`, "", gateway.CallbackMalformed, store.AlarmUnknownType},
			{"refund", `{"app_id":"tt1","status":"SUCCESS"}`, "", gateway.CallbackMalformed, store.AlarmNotUnderstood},
			{"pre_create_refund", `{"app_id":"tt1","open_id":"` + openID + `","refund_id":"8","order_id":"O1","out_order_no":"1"}`, "answer DY8", gateway.CallbackMalformed, store.AlarmNotUnderstood},
			{"pre_create_refund", `{"app_id":"tt1","open_id":"` + openID + `","refund_id":"7","order_id":"O1","out_order_no":"1","refund_total_amount":1}`, "answer DY7", gateway.CallbackAccepted, ""},
			{"pre_create_refund", `{"app_id":"tt1","order_id":"O1"}`, "", gateway.CallbackMalformed, store.AlarmNotUnderstood},
		} {
			before, err := st.CallbackAlarms(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				verified, h, body := ofTrade(t, c.kind, c.msg)
				answer, result, err := desk.AcceptTrade(t.Context(), verified, h, body)
				if err != nil || string(answer) != c.answer || result != c.result {
					t.Errorf("%s: %q, %s, %v", c.msg, answer, result, err)
				}
			}
			after, err := st.CallbackAlarms(t.Context(), 100)
			if err != nil || len(after)-len(before) != map[bool]int{true: 0, false: 1}[c.alarm == ""] || c.alarm != "" && after[0].Alarm != c.alarm {
				t.Errorf("%s: alarms %+v, %v", c.msg, after, err)
			}
		}
		due, err := st.ClaimForwards(t.Context(), time.Now().Add(time.Minute), time.Now().Add(time.Hour), 100)
		if err != nil || len(due) != 7 {
			t.Fatalf("%d to forward, %v", len(due), err)
		}
		for _, f := range due {
			var h http.Header
			if err := json.Unmarshal([]byte(f.Headers), &h); err != nil {
				t.Fatal(err)
			}
			if _, err := trade.VerifyCallback(h, f.Raw, &platform().PublicKey); err != nil {
				t.Errorf("the shop cannot verify %s: %v", f.Type, err)
			}
			if h.Get("Byte-Logid") != "L1" || h.Get("Authorization") != "" || h.Get("Byte-Long") != "" {
				t.Errorf("headers %v", h)
			}
		}
		if strings.Contains(log.String(), openID) {
			t.Errorf("the log holds an open_id: %s", &log)
		}
	})
}
