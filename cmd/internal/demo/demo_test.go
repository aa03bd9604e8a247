package demo

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/playground"
)

func TestEveryOrderOfTheDemoArrivesWithFaultsOnTheWay(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Orders: 40, Faults: "some", Out: &out, Log: zerolog.Nop()}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{
		"36 orders in step with the shop, 4 refused with a reason, 0 wrong",
		"refused by Douyin: open_id错误，请检查是否在抖音、抖音lite、火山内产生 (40012)",
		`refused: dy_user.openid of row "50": is empty`,
		"has a fraction of a fen",
		"forged callback                  HTTP 403 Forbidden",
		"the same number, another amount  HTTP 409 Conflict",
		"trade: payment of order 1018     signed for tt.requestOrder, requested and paid",
		"trade: refund of order 1019      opened by the user, the shop says: agree",
		"succeeded (agreed)         0          0  2726 fen",
		"trade: SUCCESS 1, trade: SUCCESS, paid back 1",
		"Moved twice, or too much, or without being asked: 0.",
		"0 pushes made an order older",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colours in a pipe")
	}
	for _, secret := range []string{playground.Secret, playground.Salt, playground.CallbackToken, "sample-open-id"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the report shows %q", secret)
		}
	}
}

func TestAnUnknownProfileOfFaultsIsNamed(t *testing.T) {
	err := Run(t.Context(), Options{Orders: 1, Faults: "hurricane", Out: &bytes.Buffer{}, Log: zerolog.Nop()})
	if err == nil || !strings.Contains(err.Error(), "--faults") {
		t.Errorf("got %v, want an error that names --faults", err)
	}
}
