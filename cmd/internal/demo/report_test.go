package demo

import (
	"bytes"
	"testing"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// In a Chinese locale the library takes an arrow for two letters wide, which no terminal of today does.
func TestColumnsStandUnderEachOtherInAChineseLocale(t *testing.T) {
	text.OverrideRuneWidthEastAsianWidth(true)
	var said bytes.Buffer
	out := newTable(&said)
	out.AppendRow(table.Row{"unpaid → paid", "已支付", ""})
	out.AppendRow(table.Row{"paid", "已支付", "HTTP 5xx"})
	out.Render()
	if want := " unpaid → paid  已支付\n paid           已支付  HTTP 5xx\n"; said.String() != want {
		t.Errorf("%q, want %q", said.String(), want)
	}
}
