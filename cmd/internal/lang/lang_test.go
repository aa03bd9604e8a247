package lang

import (
	"errors"
	"strings"
	"testing"
)

func TestTheLanguageIsChosen(t *testing.T) {
	for _, tt := range []struct {
		args, environ string
		want          Lang
	}{
		{"", "", English},
		{"", "LANG=zh_CN.UTF-8", Chinese},
		{"", "LANG=zh_TW", Chinese},
		{"", "LANG=de_DE.UTF-8", English},
		{"", "LANG=zhu", English},
		{"", "LANG=zh_CN.UTF-8 LC_ALL=C", English},
		{"", "LANG=zh_CN.UTF-8 LC_ALL=", Chinese},
		{"", "LANG=en_US.UTF-8 LC_MESSAGES=zh_CN", Chinese},
		{"", "LANG=zh_CN.UTF-8 ORDERSYNC_LANG=en", English},
		{"", "ORDERSYNC_LANG=zh LC_ALL=C", Chinese},
		{"", "ORDERSYNC_LANG=fr LANG=zh_CN", Chinese},
		{"doctor --lang zh", "ORDERSYNC_LANG=en", Chinese},
		{"doctor --lang=en", "ORDERSYNC_LANG=zh", English},
		{"--lang zh doctor --lang en", "", English},
		{"doctor --lang", "LANG=zh_CN", Chinese},
		{"doctor -- --lang zh", "", English},
	} {
		if got := Choose(strings.Fields(tt.args), strings.Fields(tt.environ)); got != tt.want {
			t.Errorf("%q, %q: %+v", tt.args, tt.environ, got)
		}
	}
}

func TestAFinishedSentenceIsSaidInChineseOrStays(t *testing.T) {
	for _, tt := range []struct{ en, zh string }{
		{"table order (id, refund): Error 1146", "表 order（id, refund）：Error 1146"},
		{"index on order (sn) for the sweep is missing", "缺少索引 order (sn)，用于巡检"},
		{"config file (/etc/a b.yaml): want keys and values at the top level", "配置文件（/etc/a b.yaml）：顶层应为键值对"},
		{"version 7.0.15", "版本 7.0.15"},
		{"append-only file is on (10.0.0.1:6379)", "AOF 已开启（10.0.0.1:6379）"},
		{"this machine is 2.5s ahead of the database", "本机时钟比数据库快 2.5s"},
		{"mysql.dsn (ORDERSYNC_MYSQL__DSN): must not be empty", "mysql.dsn (ORDERSYNC_MYSQL__DSN)：不能为空"},
		{`log.level (/etc/order sync.yaml): want one of debug, info, found "a \"b\""`, `log.level (/etc/order sync.yaml)：应为 debug, info 之一，实际为 "a \"b\""`},
		{"our tables (ordersync_…): Error 1045 (28000): Access denied", "ordersync 自有表（ordersync_…）：Error 1045 (28000): Access denied"},
		{"the newest create_time, 2026-01-02T15:04:05Z, is 8h0m0s old, read in UTC", "最新的 create_time（2026-01-02T15:04:05Z）：8h0m0s前（按时区 UTC 读取）"},
		{"delete one of them, then CREATE UNIQUE INDEX id ON `order` (`id`)", "删除其中一行，然后 CREATE UNIQUE INDEX id ON `order` (`id`)"},
		{"3 refunds wait, the oldest since 2026: Douyin refuses the configuration (code 2008: 100% no)", "3 笔退款在等待，最早始于 2026：抖音拒绝了当前配置（错误码 2008：100% no）"},
		{`product.cover_img of row "8": is empty, and Douyin needs an image: write a picture's address`, `product 表第 "8" 行的 cover_img：为空，而抖音需要图片：请填入图片地址`},
		{`order "7": store: locked by another transaction; try again`, `订单 "7"：已被其他事务锁定；请重试`},
		{"a page of the sweep by create_time reads table `order` whole: no index begins with create_time", "巡检按 create_time 分页会全表扫描 `order`：没有以 create_time 开头的索引"},
		{"set loc in mysql.dsn to the zone in which the shop writes its times, which seems to be Asia%2FShanghai (or, if that order is as old as it says, leave it)", "将 mysql.dsn 的 loc 设为商城写入时间所用的时区，看来是 Asia%2FShanghai（若该订单确实是那时的，则无需改动）"},
		{`order "7": tasks: out_refund_no: is missing`, `订单 "7"：out_refund_no：缺失`},
		{"this number was used before with other content: take a new number for a new instruction (store: refund number R1 was used before with other content)", "该单号此前已用于其他内容：新的指令请换新单号（退款单号 R1 此前已用于其他内容）"},
		{"tries again: store: move backfill: Error 1146", "正在重试：推进补录：Error 1146"},
		{"    10s  of 1500 found 10: enqueued 4, held by Douyin already 3, under way already 2, left out 1; 0.5 enqueued a second", "    10s  共 1500 个，找到 10 个：已入队 4，抖音侧已一致 3，已在处理中 2，跳过 1；每秒入队 0.5 个"},
		{"store: create settlement: store: settlement S1 of the order is still running", "登记分账：该订单的分账 S1 仍在进行"},
		{"a: is a map[string]interface {}: send nested values as JSON text", "a：为 map[string]interface {}：嵌套的值应以 JSON 文本传递"},
		{"the shop said agree, and Douyin has it as denied", "商家的意见为“同意”，抖音侧的结果为“已拒绝”"},
		{"Douyin moved 12.00 yuan, the row says 10.00 yuan", "抖音实际划转 12.00 元，登记为 10.00 元"},
		{"Douyin named 3 diamonds after 2 diamonds", "抖音给出 3 钻石，此前为 2 钻石"},
		{"Douyin said TIMEOUT after SUCCESS", "抖音在 SUCCESS 之后又给出 TIMEOUT"},
		{"Douyin said failed after succeeded", "抖音给出“失败”，此前为“成功”"},
		{"a refund callback of ecpay is about it, and it is of trade", "担保支付的退款回调与它有关，而它属于通用交易系统"},
		{"douyin refund.create: unavailable: HTTP 503: code 5: upstream gone (logid 20)", "抖音 refund.create 不可用：HTTP 503：错误码 5：upstream gone（logid 20）"},
		{"douyin order.push: unavailable: context deadline exceeded", "抖音 order.push 不可用：超时"},
		{"douyin refund.create: throttled: code 1001 (logid x)", "抖音 refund.create 限流：错误码 1001（logid x）"},
		{"record pushed: store: write order state: Error 1213: Deadlock found", "写入记录（pushed）：写入订单状态：Error 1213: Deadlock found"},
		{"无权限: the app settles automatically at Douyin; switch off one of the two", "无权限：该应用在抖音侧已开启自动分账：请关闭其中一方"},
		{"payment failed: no money", "payment failed: no money"}, // Douyin's words
		{"余额不足", "余额不足"},
		{"which part of it", "which part of it"},
		{"dial tcp: connection refused", "dial tcp: connection refused"},
		{"", ""},
	} {
		if got := Chinese.Say(tt.en); got != tt.zh {
			t.Errorf("%q\n is %q\nwant %q", tt.en, got, tt.zh)
		}
		if got := English.Say(tt.en); got != tt.en {
			t.Errorf("%q is %q in English", tt.en, got)
		}
	}
}

// A missing or doubled verb would show as %!s(…) or lose what was found.
func TestEveryTextSaysWhatStandsInItsHoles(t *testing.T) {
	for en := range all {
		sentence := verb.ReplaceAllStringFunc(en, func(v string) string {
			if v == "%%" {
				return "%"
			}
			switch v[len(v)-1] {
			case 'd':
				return "4711"
			case 'f':
				return "47.11"
			case 'q':
				return `"hole"`
			}
			return "hole"
		})
		said, found := Chinese.Find(sentence)
		if !found || strings.Contains(said, "%!") {
			t.Errorf("%q is said as %q", sentence, said)
		}
		own := patternOf(en, all[en])
		if want := own.filled(Chinese, own.find(sentence)); said != want {
			t.Errorf("%q is said by another text: %q, want %q", sentence, said, want)
		}
	}
}

func TestATableLinesUpWideCharacters(t *testing.T) {
	for _, tt := range []struct {
		lang Lang
		want string
	}{
		{Chinese, "订单  结果\n1001  pushed\n书法  （空）\n"},
		{English, "订单    结果\n1001  pushed\n书法    （空）\n"},
	} {
		var out strings.Builder
		w := tt.lang.Table(&out)
		w.Text("订单\t结果\n1001\tpushed")
		w.Row("书法", "（空）")
		if err := w.Flush(); err != nil || out.String() != tt.want {
			t.Errorf("%v:\n%s\nwant\n%s", err, out.String(), tt.want)
		}
	}
}

// A value that is more than a text would make a line of its own, or tell the terminal what to do.
func TestValuesStayWithinTheirPlaces(t *testing.T) {
	const evil = "1\x1b[31mX\n<b>\tc\u202e"
	for _, l := range []Lang{English, Chinese} {
		var out strings.Builder
		w := l.Table(&out)
		w.Text("a\tb")
		w.Row(evil, 4711)
		w.Row(errors.New(evil), evil)
		if err := w.Flush(); err != nil || out.String() != "a               b\n1 [31mX <b> c   4711\n1 [31mX <b> c   1 [31mX <b> c \n" {
			t.Errorf("%v: %q", err, out.String())
		}
		for _, arg := range []any{evil, errors.New(evil)} {
			if said := l.T("%s queued", arg); !strings.Contains(said, "1 [31mX <b> c ") {
				t.Errorf("%q", said)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestATableSaysThatItCouldNotBeWritten(t *testing.T) {
	w := English.Table(full{})
	w.Row("a")
	w.Text("")
	if err := w.Flush(); err == nil || err.Error() != "no space left" {
		t.Errorf("%v", err)
	}
}
