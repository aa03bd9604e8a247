package configs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// sampled is what stands in examples where a value of one's own belongs: an ellipsis, "ttxxxx",
// "your-secret", "<secret>", "changeme".
var sampled = regexp.MustCompile(`(?i)…|\.\.\.|^x+$|^tt(xx+|…)|^your[-_ ]|^<.*>$|^\*+$|^change[-_ ]?me|^replace[-_ ]?(me|with)|^(todo|placeholder)$`)

// Placeholders are the credentials that still hold what an example holds in their place. A process
// that would use them cannot work; a command that does not need them may run.
func (c *Config) Placeholders() []Problem {
	d := &c.Douyin
	type credential struct{ path, value string }
	all := []credential{
		{"douyin.app_id", d.AppID}, {"douyin.secret", d.Secret.Reveal()}, {"douyin.salt", d.Salt.Reveal()},
		{"douyin.callback_token", d.CallbackToken.Reveal()},
	}
	for i, token := range c.Gateway.Tokens {
		all = append(all, credential{"gateway.tokens." + strconv.Itoa(i+1), token.Reveal()})
	}
	var out []Problem
	for _, one := range all {
		if sampled.MatchString(one.value) {
			key := strings.TrimRight(one.path, ".0123456789")
			out = append(out, Problem{Key: one.path, From: c.from[key],
				Want: fmt.Sprintf("holds an example's placeholder: put the real value there (%s)", variable(key))})
		}
	}
	for _, one := range []credential{{"mysql.dsn", c.MySQL.DSN.Reveal()}, {"redis.uri", c.Redis.URI.Reveal()}} {
		if strings.Contains(one.value, "…") || strings.Contains(one.value, ":change-me@") {
			out = append(out, Problem{Key: one.path, From: c.from[one.path],
				Want: fmt.Sprintf("holds an example's placeholder: put the real value there (%s)", variable(one.path))})
		}
	}
	return out
}
