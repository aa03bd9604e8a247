package configs

import (
	"strings"
	"testing"
)

// The README's example, pasted as it stands, has to be filled in.
func TestPlaceholdersOfExamplesAreFound(t *testing.T) {
	for value, placeholder := range map[string]bool{
		"ttxxxxxxxxxxxxxxxx": true, "ttxxxx": true, "…": true, "tt…": true, "your-secret": true, "YOUR_APP_SECRET": true, "<secret>": true,
		"changeme": true, "change-me-please": true, "xxxx": true, "replace-me": true, "abc...": true, "***": true,
		"tt0123456789abcdef": false, "ttx1a2b3c4d5e6f708": false, "": false, "secret": false, "development-secret": false, "yourselves": false,
	} {
		c := Default()
		c.Douyin.Secret = Secret(value)
		got := c.Placeholders()
		if (len(got) == 1) != placeholder {
			t.Errorf("%q: %v; want a problem: %v", value, got, placeholder)
		}
	}
	c := mustLoad(t, "douyin: {app_id: ttxxxx, salt: '…'}", "ORDERSYNC_GATEWAY__TOKENS=0123456789abcdef,your-token-goes-here")
	var lines []string
	for _, p := range c.Placeholders() {
		lines = append(lines, p.String())
	}
	want := []string{
		"douyin.app_id (" + c.from["douyin.app_id"] + "): holds an example's placeholder: put the real value there (ORDERSYNC_DOUYIN__APP_ID)",
		"douyin.salt (" + c.from["douyin.salt"] + "): holds an example's placeholder: put the real value there (ORDERSYNC_DOUYIN__SALT)",
		"gateway.tokens.2 (ORDERSYNC_GATEWAY__TOKENS): holds an example's placeholder: put the real value there (ORDERSYNC_GATEWAY__TOKENS)",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// The PHP client's variables stand in the same environment as a worker's.
func TestVariablesOfClientsAreLeftAlone(t *testing.T) {
	mustLoad(t, "", "ORDERSYNC_URL=http://127.0.0.1:8080", "ORDERSYNC_TOKEN=x", "ORDERSYNC_CALLBACK_TOKEN=x",
		"ORDERSYNC_CLIENT_URL=x", "ORDERSYNC_CLIENT_TOKEN=x", "ORDERSYNC_CLIENT_CALLBACK_TOKEN=x", "ORDERSYNC_CLIENT_WHATEVER=x")
	if _, err := Load("", []string{"ORDERSYNC_TOKENS=x"}); err == nil {
		t.Error("ORDERSYNC_TOKENS passes, and is nobody's")
	}
}
