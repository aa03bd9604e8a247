package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// asked opens a refund of order 1 that a buyer asked for.
func (s *site) asked(t *testing.T, number string, left time.Duration) {
	t.Helper()
	deadline := time.Now().Add(left)
	_, err := s.store.HearTradeRefund(t.Context(), store.TradeRefund{
		Number: number, RefundID: number[2:], OutOrderNo: "1", Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 990, Reason: "不想要了 <b>",
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: time.Now(), DueAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWordOnARefundIsSaidOnThePages(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		s.asked(t, "DYlater", 60*time.Hour)
		s.asked(t, "DYsoon", 5*time.Hour)
		s.asked(t, "DYover", -time.Minute)
		omar, vera := s.as(t, "omar"), s.as(t, "vera")
		vera.sees("/", `href="/audits"`, "<b>3</b> refunds that wait for a word")
		body := vera.sees("/audits", "4 h left", "2 days left", "The deadline is over", "不想要了 &lt;b&gt;", "9.90 yuan", "the buyer")
		if over, soon, later := strings.Index(body, "DYover"), strings.Index(body, "DYsoon"), strings.Index(body, "DYlater"); over > soon || soon > later {
			t.Error("the nearest deadline is not first")
		}
		if strings.Contains(body, "<form method=\"post\" action=\"/audits\"") {
			t.Error("a viewer gets the form")
		}
		agree := url.Values{"number": {"DYsoon"}, "word": {"agree"}, "sure": {"1"}}
		if _, status := vera.post("/audits", agree); status != http.StatusForbidden {
			t.Errorf("a viewer agrees: %d", status)
		}
		if body := omar.sees("/audits", `name="words"`, `name="sure"`); strings.Count(body, `value="deny"`) != 2 { // none where the deadline is over
			t.Errorf("forms:\n%s", body)
		}
		for _, c := range []struct {
			form   url.Values
			status int
			says   string
		}{
			{url.Values{"number": {"DYsoon"}, "word": {"agree"}}, 400, "Tick the box"},
			{url.Values{"number": {"DYsoon"}, "word": {"perhaps"}, "sure": {"1"}}, 400, "not one of these pages"},
			{url.Values{"number": {"DYsoon"}, "word": {"deny"}, "words": {" "}, "sure": {"1"}}, 400, "needs words"},
			{url.Values{"number": {"DYsoon"}, "word": {"deny"}, "words": {strings.Repeat("字", 171)}, "sure": {"1"}}, 400, "needs words"},
			{url.Values{"number": {"DY nobody"}, "word": {"agree"}, "sure": {"1"}}, 400, "not one of these pages"},
			{url.Values{"number": {"DYnobody"}, "word": {"agree"}, "sure": {"1"}}, 404, "No refund has this number"},
			{url.Values{"number": {"DYover"}, "word": {"deny"}, "words": {"late"}, "sure": {"1"}}, 409, "nothing to decide"},
		} {
			if body, status := omar.post("/audits", c.form); status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%v: %d\n%s", c.form, status, body)
			}
		}
		if body, status := omar.post("/audits", agree); status != http.StatusOK || !strings.Contains(body, "The word on refund DYsoon is written down") || strings.Contains(body, `value="DYsoon"`) {
			t.Errorf("%d\n%s", status, body)
		}
		if _, status := omar.post("/audits", url.Values{"number": {"DYlater"}, "word": {"deny"}, "words": {"用过了 " + openID}, "sure": {"1"}}); status != http.StatusOK {
			t.Errorf("denied: %d", status)
		}
		if got := s.refund(t, "DYlater").Audit; got.Word != store.Deny || got.By != "omar" || !strings.HasPrefix(got.DenyMessage, "用过了") {
			t.Errorf("%+v", got)
		}
		if body := vera.sees("/orders/1", "waits for the shop&#39;s word", "the shop agrees", "the shop denies", "by omar", "Douyin does not have it yet"); strings.Contains(body, openID) {
			t.Error("the open_id shows")
		}
		if log := s.log.String(); !strings.Contains(log, `"audit":"refund audit","user":"omar","number":"DYsoon","word":"agree"`) || strings.Contains(log, "用过了") {
			t.Errorf("audit:\n%s", log)
		}
		vera.sees("/audits?lang=zh", "待审核的退款")
	})
}

func TestAuditsArePaged(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 1, "x")
		for i := range 51 {
			s.asked(t, "DY"+string(rune('A'+i/26))+string(rune('a'+i%26)), 60*time.Hour+time.Duration(i)*time.Second)
		}
		vera := s.as(t, "vera")
		vera.sees("/", "<b>50+</b> refunds that wait")
		body := vera.sees("/audits", "Later deadlines")
		_, link, _ := strings.Cut(body, `href="/audits?after=`)
		link, _, _ = strings.Cut(link, `"`)
		if body := vera.sees("/audits?after="+link, "DYBy"); strings.Contains(body, "Later deadlines") || strings.Contains(body, "DYAa") {
			t.Errorf("the last page:\n%s", body)
		}
		if _, status := vera.get("/audits?after=nonsense"); status != http.StatusBadRequest {
			t.Errorf("nonsense: %d", status)
		}
	})
}
