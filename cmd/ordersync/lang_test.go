package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ordersync/ordersync/cmd/internal/lang"
)

// chinese is an environment in Chinese.
func chinese(environ []string) []string {
	return append([]string{"LANG=zh_CN.UTF-8"}, environ...)
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestDoctorSpeaksChineseAndItsJSONKeepsTheWordsOfMachines(t *testing.T) {
	addr, stop := background(t, []string{"ORDERSYNC_LOG__FORMAT=json", "ORDERSYNC_DOUYIN__SALT=" + canary}, nil, "simulator", "--addr", "127.0.0.1:0")
	environ := chinese(append([]string{"ORDERSYNC_DOUYIN__BASE_URL=http://" + addr}, secrets...))
	options := shop(t)
	look := func() string {
		_, out, errOut := command(t, environ, options, "doctor")
		if errOut != "" {
			t.Errorf("stderr %q", errOut)
		}
		for line := range strings.Lines(out) {
			words := strings.SplitN(line, "：", 2)
			if !regexp.MustCompile(`^(正常|警告|失败)  [a-z]+$`).MatchString(words[0]) || len(words) == 2 && english.MatchString(words[1]) {
				t.Errorf("not Chinese: %s", line)
			}
		}
		return out
	}
	if out := look(); !strings.Contains(out, "失败  mysql：ordersync 自有表（ordersync_…）：") || !strings.Contains(out, "。处理：执行：ordersync migrate\n") {
		t.Errorf("before migrate:\n%s", out)
	}
	if code, out, errOut := command(t, environ, options, "migrate"); code != exitDone || !strings.HasPrefix(out, "已执行 ") {
		t.Fatal(out, errOut)
	}
	if out := look(); !strings.Contains(out, "正常  douyin："+addr+" 认可我方签名") {
		t.Errorf("no signature in\n%s", out)
	}
	_, out, _ := command(t, environ, options, "doctor", "--json")
	var results []struct{ Check, Status, Detail, Cure string }
	if err := json.Unmarshal([]byte(out), &results); err != nil || len(results) < 5 {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, r := range results {
		if r.Status != "ok" && r.Status != "warn" && r.Status != "fail" || han(r.Check) || r.Status != "ok" && !han(r.Cure) {
			t.Errorf("%+v", r)
		}
	}
	if code := stop(); code != exitDone {
		t.Errorf("the simulator ended with %d, want 0", code)
	}
}

// english is three words of it beside each other.
var english = regexp.MustCompile(`[a-z]{2,} [a-z]{2,} [a-z]{2,}`)

func TestTheCommandsSpeakChinese(t *testing.T) {
	environ, options, _ := failedShop(t)
	environ = chinese(environ)
	for _, tt := range []struct {
		args, out, errOut string
	}{
		{"failures", "订单  结果     原因        错误码  失败时间              重试时间  说明\n", ""},
		{"failures --kind rejected --code 1", "没有记录\n", ""},
		{"refunds", "抖音退款单号", ""},
		{"callbacks", "转交时间", ""},
		{"status 7", "抖音侧状态", ""},
		{"status SN7", "抖音侧 order_id, SN7", ""},
		{"preview 7", "商城状态", ""},
		{"audit", "没有等待审核的退款\n", ""},
		{"migrate", "无需操作：所有迁移均已执行\n", ""},
		{"retry --failed --dry-run", "将有 2 个订单重推；未做任何更改\n", ""},
		{"enqueue push 7", "7 已入队\n", ""},
		{"enqueue push 99", "", "ordersync: 订单 \"99\"：商城与 ordersync 中都没有\n"},
		{"retry", "", "ordersync: --order 与 --failed：必须且只能用其一\n"},
		{"--log-level loud preview", "", "ordersync: --log-level：应为 trace、debug、info、warn 或 error，实际为 \"loud\"\n"},
		{"statsu", "", "ordersync: \"ordersync\" 没有子命令 \"statsu\"：是否想写 status？；见 ordersync --help\n"},
		{"preview a b", "", "ordersync: 最多 1 个参数，实际为 2 个；用法：ordersync preview [ORDER] [flags]\n"},
		{"failures --help", "选项：", ""},
		{"enqueue push 7/8", "", "ordersync: 订单 \"7/8\"：order_id：含有空格、斜杠、冒号或控制字符\n"},
		{"enqueue refund 7", "", "ordersync: out_refund_no：缺失\n"},
		{"enqueue refund 7 --no R1 --fen 0 --reason 不想要", "", "ordersync: amount_fen：为 0：应为 1 到 10000000000 分\n"},
		{"enqueue refund 7 --no R1 --fen 900000 --reason 不想要", "", "ordersync: --fen：退款总额将超过实付金额：已支付 7 分，已退款或退款中 3 分，本次申请 900000 分\n"},
		{"audit R1 --agree", "", "ordersync: 退款 \"R1\"：没有这个退款单号\n"},
		{"backfill --from 2020-01-01 --to 2020-01-02", "找到 0 个：已入队 0，抖音侧已一致 0，已在处理中 0，跳过 0；", ""},
		{"backfill --from 2020-01-01 --to 2020-01-02", "从头再来一次：同一命令加 --again\n", ""},
		{"backfill", "", "ordersync: --from：必填\n"},
		{"simulator --faults hurricane", "", "ordersync: --faults：应为 off、some、storm 或 JSON 对象：invalid character 'h' looking for beginning of value\n"},
		{"demo --orders 0", "", "ordersync: --orders：应为 1 到 100000，实际为 0\n"},
		{"demo --orders 1 --faults off", "1 个订单与商城一致，0 个因故被拒绝，0 个有误", ""},
		{"dev --addr x", "", "ordersync: --addr：地址 x：缺少端口\n"},
		{"loadtest --orders 1", "", "ordersync: --orders 至少为 100，--handlers、--servers、--rounds 至少为 1，--prefetch 至少为 0，--steady 至少为 1s\n"},
		{"failures --lang en --kind rejected --code 1", "there are none\n", ""},
		{"failures --lang fr", "", "ordersync: 选项 \"--lang\" 的值 \"fr\" 无效：应为 en 或 zh\n"},
	} {
		_, out, errOut := command(t, environ, options, strings.Fields(tt.args)...)
		if !strings.Contains(out, tt.out) || errOut != tt.errOut {
			t.Errorf("%s:\n%s\nstderr %q; want %q and %q", tt.args, out, errOut, tt.out, tt.errOut)
		}
	}
	if _, _, errOut := command(t, []string{"ORDERSYNC_LANG=zh", "LANG=en_US.UTF-8", "ORDERSYNC_GATEWAY__ADDR=x"}, nil, "config"); !strings.Contains(errOut, "config: gateway.addr (ORDERSYNC_GATEWAY__ADDR)：应为 host:port，实际为 \"x\"\n") {
		t.Errorf("a bad key: %q", errOut)
	}
}

// Whoever asks for help in Chinese reads no English sentence: of no command, no flag.
func TestTheHelpOfEveryCommandIsChinese(t *testing.T) {
	p := &process{lang: lang.Chinese}
	seen := 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, below := range cmd.Commands() {
			look(below)
		}
		if strings.HasPrefix(cmd.CommandPath(), "ordersync completion ") { // cobra's own words
			return
		}
		seen++
		texts := []string{cmd.Short, cmd.Long}
		cmd.Flags().VisitAll(func(f *pflag.Flag) { texts = append(texts, f.Usage) })
		for _, text := range texts {
			if english.MatchString(text) {
				t.Errorf("%s: %s", cmd.CommandPath(), text)
			}
		}
	}
	look(p.root())
	if seen < 25 {
		t.Errorf("%d commands only", seen)
	}
}
