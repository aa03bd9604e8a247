package pages_test

import (
	"html"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/store/servertest"
)

// Whatever keeps an order from being sent is recorded in English, and shown in the reader's language: on the order's page, in
// its timeline, in its group and on the start page.
func TestRefusalsAreShownInTheReadersLanguage(t *testing.T) {
	s := newSite(t, servertest.SQLite(t), servertest.Redis(t))
	v := s.as(t, "vera")
	for _, reason := range cell.Reasons() {
		for kind, refused := range map[string]*cell.Error{
			"a " + string(reason): reason.At("tp_goods", "images", "8", "55"),
			"b " + string(reason): reason.At("", "image", "8", "55"),
		} {
			s.fail(t, kind, kind, 0, refused.Error())
			en, zh := html.EscapeString(refused.Error()), html.EscapeString(refused.Chinese())
			for _, path := range []string{"/orders/" + strings.ReplaceAll(kind, " ", "%20"), "/failures?code=0&kind=" + strings.ReplaceAll(kind, " ", "%20"), "/"} {
				times := 1
				if strings.HasPrefix(path, "/orders/") {
					times = 2 // the card and the timeline
				}
				v.lang = "zh-CN"
				if body, _ := v.get(path); strings.Count(unquoted(body), unquoted(zh)) != times || strings.Contains(unquoted(body), unquoted(en)) {
					t.Errorf("%s in Chinese does not say %s", path, zh)
				}
				v.lang = "en"
				if body, _ := v.get(path); strings.Count(unquoted(body), unquoted(en)) != times || strings.Contains(unquoted(body), unquoted(zh)) {
					t.Errorf("%s in English does not say %s", path, en)
				}
			}
			if err := s.db.Exec("UPDATE ordersync_order SET failed_at = NULL").Error; err != nil { // the start page shows so many causes
				t.Fatal(err)
			}
		}
	}
}

// unquoted is HTML without its entities: templates and this test escape by different ones.
func unquoted(text string) string { return html.UnescapeString(text) }

// An order that nobody asked for, and that cannot be used, says so in the reader's language too.
func TestARowThatCannotBeUsedIsShownInTheReadersLanguage(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.addOrder(t, 5, "")
		if err := s.db.Exec("UPDATE `order` SET price = '-1' WHERE id = 5").Error; err != nil {
			t.Fatal(err)
		}
		v := s.as(t, "vera")
		v.lang = "zh-CN"
		v.sees("/orders/5", "order 表第 &#34;5&#34; 行的 price：是负数")
		v.lang = "en"
		v.sees("/orders/5", "order.price of row &#34;5&#34;: is negative")
	})
}

// Statuses without a word stand on the start page, the most frequent first; one that cannot be counted hides nothing else.
func TestStatusesWithoutAWordAreShown(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		s := newSite(t, db, servertest.Redis(t))
		v := s.as(t, "vera")
		if body, _ := v.get("/"); strings.Contains(body, "Statuses without a word") {
			t.Error("a shop without such orders is told of them")
		}
		s.statuses = store.StatusCounts{Read: 1500, Unworded: map[string]int64{"7": 40, "<b>": 1001, "": 3}, Worded: map[string]int64{"1": 5}}
		body, _ := v.get("/")
		for _, want := range []string{"Statuses without a word", "Of the 1,500 newest orders, 1,044 have", "&lt;b&gt;", "(empty)"} {
			if !strings.Contains(body, want) {
				t.Errorf("the start page does not say %q", want)
			}
		}
		if strings.Index(body, "1,001") > strings.Index(body, ">40<") || strings.Contains(body, "nothing is pushed") {
			t.Error("the most frequent status is not the first, or other orders count for nothing")
		}
		s.statuses.Worded = nil
		v.lang = "zh-CN"
		v.sees("/", "没有对应词的状态", "最近的 1,500 个订单中，有 1,044 个", "不会推送任何订单", "（空）")
	})
}
