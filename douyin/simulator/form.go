package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Codes of ecpay (COPY-2021-ECPAY, COPY-APIFOX). The numbers that single calls answer for business
// reasons are UNCONFIRMED; the simulator uses 2010 for all of them, and its words tell them apart.
const (
	codeInternal     = 1000 // may have succeeded or failed
	codeNoRecord     = 2000 // 支付记录不存在
	codeSign         = 2008 // 签名校验异常
	codeBusiness     = 2010 // business parameter error
	codeIllegalApp   = 2020 // illegal app_id
	codeNumberLength = 2102 // length of a developer number
	codeNoRefund     = 3101 // refund record does not exist
	codeNoSettlement = 4408 // published for returns only; UNCONFIRMED for query_settle
)

// param is one top-level value of an ecpay request. Text is what is signed: a string's content, a
// number's own digits.
type param struct {
	name string
	text string
	kind byte // 's' text, 'i' integer, 'f' other number, 'b' boolean, 'n' null
}

// form is an ecpay request in the order in which it was sent.
type form []param

func (f form) find(name string) (param, bool) {
	for _, p := range f {
		if p.name == name {
			return p, true
		}
	}
	return param{}, false
}

// text is a value as text; empty when it was not sent.
func (f form) text(name string) string {
	p, _ := f.find(name)
	return p.text
}

// fen is an amount; the field's check has seen to it that it is one.
func (f form) fen(name string) int64 {
	n, err := strconv.ParseInt(f.text(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// maxParams bounds a form; the longest documented call has 17 parameters.
const maxParams = 32

// parseForm reads an ecpay request and takes the developer number named so for the key.
func parseForm(number string) func(*Server, *call) {
	return func(_ *Server, c *call) {
		c.bad = c.root(func(sc *scanner, key []byte) error {
			name := string(key)
			if _, twice := c.form.find(name); twice {
				return &fieldError{name, "comes twice"}
			}
			if len(c.form) == maxParams {
				return &fieldError{"", "too many fields"}
			}
			p, err := sc.scalar()
			if err != nil {
				return &fieldError{name, err.Error()}
			}
			p.name = name
			c.form = append(c.form, p)
			return nil
		})
		c.key = []byte(c.form.text(number))
	}
}

// scalar reads anything but an object or an array.
func (s *scanner) scalar() (param, error) {
	switch c := s.peek(); {
	case c == '"':
		b, err := s.str()
		return param{text: string(b), kind: 's'}, err
	case c == 't' || c == 'f':
		b, err := s.boolean()
		return param{text: strconv.FormatBool(b), kind: 'b'}, err
	case c == 'n' && strings.HasPrefix(string(s.data[s.pos:]), "null"):
		s.pos += len("null")
		return param{text: "null", kind: 'n'}, nil
	case c == '-' || '0' <= c && c <= '9':
		start := s.pos
		for s.pos < len(s.data) && strings.IndexByte("+-.0123456789eE", s.data[s.pos]) >= 0 {
			s.pos++
		}
		text := string(s.data[start:s.pos])
		if !json.Valid([]byte(text)) {
			return param{}, errSyntax
		}
		if strings.ContainsAny(text, ".eE") {
			return param{text: text, kind: 'f'}, nil
		}
		return param{text: text, kind: 'i'}, nil
	}
	return param{}, s.unexpected("text or a number")
}

// field is what the documents say of one parameter.
type field struct {
	name     string
	required bool
	check    func(p param) string // what is wrong; empty: nothing
}

// text allows strings of so many bytes; 0 as the least makes the field harmless when it is empty.
func text(least, most int) func(param) string {
	return func(p param) string {
		switch {
		case p.kind != 's':
			return "want text"
		case len(p.text) < least:
			return "is empty"
		case len(p.text) > most:
			return fmt.Sprintf("%d bytes, at most %d are allowed", len(p.text), most)
		}
		return ""
	}
}

// goods is a subject or a body: at most 128 bytes and at most 42 Chinese characters.
func goods(p param) string {
	if bad := text(1, 128)(p); bad != "" {
		return bad
	}
	han := 0
	for _, r := range p.text {
		if unicode.Is(unicode.Han, r) {
			han++
		}
	}
	if han > 42 {
		return fmt.Sprintf("%d Chinese characters, at most 42 are allowed", han)
	}
	return ""
}

func integer(least, most int64) func(param) string {
	return func(p param) string {
		n, err := strconv.ParseInt(p.text, 10, 64)
		if p.kind != 'i' || err != nil {
			return "want an integer"
		}
		if n < least || n > most {
			return fmt.Sprintf("want %d to %d", least, most)
		}
		return ""
	}
}

// developerNumber is [0-9A-Za-z_\-*]; its length has a code of its own and is checked before.
func developerNumber(p param) string {
	if p.kind != 's' {
		return "want text"
	}
	const allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-*"
	if strings.Trim(p.text, allowed) != "" {
		return "want digits, letters, _, - and * only"
	}
	return ""
}

// address is a notify_url. Douyin takes https on port 443 only; a simulator stands on private
// networks and takes http too.
func address(p param) string {
	if bad := text(0, 256)(p); bad != "" || p.text == "" {
		return bad
	}
	u, err := url.Parse(p.text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "want an absolute URL"
	}
	return ""
}

// flag is "true" or "false" as text.
func flag(p param) string {
	if p.kind != 's' || p.text != "true" && p.text != "false" {
		return `want the text "true" or "false"`
	}
	return ""
}

// object is text that holds a JSON object.
func object(p param) string {
	if p.kind != 's' || p.text != "" && (!strings.HasPrefix(strings.TrimSpace(p.text), "{") || !json.Valid([]byte(p.text))) {
		return "want text that holds a JSON object"
	}
	return ""
}

// extra is cp_extra: anything as text, cut beyond 2048 bytes.
func extra(p param) string { return text(0, maxBody)(p) }

func cutExtra(s string) string {
	const most = 2048
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// numbers are the fields whose length has the code 2102.
var numbers = map[string]bool{"out_order_no": true, "out_refund_no": true, "out_settle_no": true}

// judgeForm finds the first reason to refuse an ecpay request for its form.
func (s *Server) judgeForm(c *call, fields []field) *refusal {
	business := func(name, reason string) *refusal {
		return &refusal{codeBusiness, "业务参数校验异常", (&fieldError{name, reason}).Error()}
	}
	if c.bad != nil {
		return business("", c.bad.Error())
	}
	if app := c.form.text("app_id"); app == "" || s.cfg.AppID != "" && app != s.cfg.AppID {
		return &refusal{codeIllegalApp, "app_id非法", ""}
	}
	want := requestSignature(c.form, s.cfg.Salt)
	if subtle.ConstantTimeCompare([]byte(c.form.text("sign")), []byte(want)) != 1 {
		return &refusal{codeSign, "签名校验异常，请使用正确的签名", ""}
	}
	for _, p := range c.form {
		if !isOneOf(fields, p.name) {
			return business("", unknownField([]byte(p.name)).Error())
		}
	}
	for _, f := range fields {
		p, sent := c.form.find(f.name)
		switch {
		case numbers[f.name] && p.kind == 's' && (p.text == "" || len(p.text) > 64):
			return &refusal{codeNumberLength, "开发者单号长度应为1-64", f.name}
		case !sent && f.required:
			return business(f.name, "is missing")
		case !sent:
			continue
		}
		if bad := f.check(p); bad != "" {
			return business(f.name, bad)
		}
	}
	return nil
}

func isOneOf(fields []field, name string) bool {
	for _, f := range fields {
		if f.name == name {
			return true
		}
	}
	return false
}

// ecpay makes an operation of a call's fields and what it does once they are found right.
func ecpay(number string, fields []field, do func(*Server, *call) (any, *refusal)) operation {
	envelope := []field{{"app_id", true, text(1, 64)}, {"sign", true, text(1, 344)}, {"thirdparty_id", false, text(0, 64)}}
	fields = append(envelope, fields...)
	return operation{
		parse: parseForm(number),
		apply: func(s *Server, c *call) int {
			var out any
			r := s.judgeForm(c, fields)
			if r == nil {
				out, r = do(s, c)
			}
			if r != nil {
				c.out = appendEcpayError(c.out, r.code, r.text())
				return r.code
			}
			c.out = appendJSON(c.out, out)
			return 0
		},
		fails: appendEcpayError,
	}
}
