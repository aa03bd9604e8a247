package cell

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ordersync/ordersync/tasks/cut"
)

// Reason says what is wrong with a cell. The empty one: nothing.
type Reason string

// What may be wrong. [Reason.Texts] has the words of each.
const (
	EmptyOpenID  Reason = "empty_openid"
	NoOpenIDRow  Reason = "no_openid_row"
	EmptyPicture Reason = "empty_picture"
	NoPictureRow Reason = "no_picture_row"
	EmptyTitle   Reason = "empty_title"
	NoTitleRow   Reason = "no_title_row"
	EmptyKey     Reason = "empty_key" // of a row beside the order; Found: its table
	EmptyOrderNo Reason = "empty_order_no"
	NoLine       Reason = "no_line"
	NoWord       Reason = "no_word"
	Unnameable   Reason = "unnameable" // a key that no task can name; Found says why

	TwoRows   Reason = "two_rows"   // Found names both where they can be told apart
	TwoOrders Reason = "two_orders" // of one order_no; Found names both keys

	PictureNumber     Reason = "picture_number"
	PictureScheme     Reason = "picture_scheme"
	PictureCharacters Reason = "picture_characters"
	PictureRelative   Reason = "picture_relative"
	PictureTooLong    Reason = "picture_too_long"
	TextTooLong       Reason = "text_too_long" // Found: "70 > 64", in bytes
	NotUTF8           Reason = "not_utf8"
	WebAddress        Reason = "web_address"
	EmptyPage         Reason = "empty_page"

	NullMoney     Reason = "null_money"
	NotMoney      Reason = "not_money"
	NotFen        Reason = "not_fen"
	NegativeMoney Reason = "negative_money"
	PartOfFen     Reason = "part_of_fen"
	TooMuch       Reason = "too_much"
	InexactMoney  Reason = "inexact_money"

	NullTime        Reason = "null_time"
	ZeroTime        Reason = "zero_time"
	NotTime         Reason = "not_time"
	NotSeconds      Reason = "not_seconds"
	NotMilliseconds Reason = "not_milliseconds"
	YearOutside     Reason = "year_outside"
	TooEarly        Reason = "too_early"

	NotNumber   Reason = "not_number"
	NotPositive Reason = "not_positive"
	TooMany     Reason = "too_many"

	Statement Reason = "statement" // the database refuses to read the row; Found has its words
)

// Reasons are all that there are, in order.
func Reasons() []Reason { return slices.Sorted(maps.Keys(texts)) }

// Texts are what is wrong and the cure, after the name of the cell, in English and in Chinese. "%s" in both stands for
// what was found.
func (r Reason) Texts() (en, zh string) {
	t, ok := texts[r]
	if !ok {
		return string(r), string(r)
	}
	return t[0], t[1]
}

var texts = map[Reason][2]string{
	EmptyOpenID: {
		"is empty, and Douyin needs the buyer's open_id: write the one that tt.login gave for this app, or keep orders of other channels out with shop.filter or WHERE",
		"为空，而抖音需要买家的 open_id：请填入本小程序 tt.login 取得的 openid；其他渠道的订单请用 shop.filter 或 WHERE 排除",
	},
	NoOpenIDRow: {
		"there is no such row, and Douyin needs the buyer's open_id: bring the user's row back, or keep orders of other channels out with shop.filter or WHERE",
		"没有这一行，而抖音需要买家的 open_id：请补回该用户；其他渠道的订单请用 shop.filter 或 WHERE 排除",
	},
	EmptyPicture: {"is empty, and Douyin needs an image: write a picture's address", "为空，而抖音需要图片：请填入图片地址"},
	NoPictureRow: {"there is no such row, and Douyin needs an image: bring the product's row back", "没有这一行，而抖音需要图片：请补回该商品"},
	EmptyTitle:   {"is empty, and Douyin needs a title: write one", "为空，而抖音需要标题：请填写"},
	NoTitleRow:   {"there is no such row, and Douyin needs a title: bring the row back", "没有这一行，而抖音需要标题：请补回该记录"},
	EmptyKey:     {"is empty or 0, so it names no row (of %s), and Douyin needs what stands there: write the row's key", "为空或 0，没有指向（%s 表的）任何一行，而抖音需要其中的数据：请填入该行的主键"},
	EmptyOrderNo: {"is empty, and Douyin needs it as order_id: write the number that create_order was given", "为空，而抖音以它作为 order_id：请填入 create_order 使用的订单号"},
	NoLine:       {"the order has no line, and Douyin needs at least one: bring its goods back", "订单没有商品行，而抖音至少需要一行：请补回订单商品"},
	NoWord: {
		"is %s, which has no word in shop.status: give it one there, or leave it where the order is not Douyin's business",
		"是 %s，在 shop.status 中没有对应的词：请在其中补上；若订单与抖音无关，则无需处理",
	},
	Unnameable: {
		"no task can name this key (it %s): let shop.columns.id (or id of shop.sql.order) be a key without one",
		"任务无法使用这个主键（%s）：请让 shop.columns.id（或 shop.sql.order 的 id）使用不含此类字符的主键",
	},
	TwoRows:       {"there are two rows where one is expected (%s): delete one, or let the SELECT choose", "应当只有一行，却有两行（%s）：请删除其一，或在 SELECT 中选定一行"},
	TwoOrders:     {"two orders have this order_no (%s), and Douyin would take them for one: give one of them another number", "两个订单使用同一个 order_no（%s），抖音会视为同一订单：请更换其中一个单号"},
	PictureNumber: {"is %s, a bare number and no address of a picture: write the address, or join the table of attachments in shop.sql", "是 %s，只是一个编号而不是图片地址：请填入地址，或在 shop.sql 中关联附件表"},
	PictureScheme: {"is %s, which Douyin cannot open: write an address that begins with https://", "是 %s，抖音无法打开：请填入以 https:// 开头的地址"},
	PictureCharacters: {
		"is %s, which has braces, quotes, blanks or broken JSON in it and is no address of a picture: write the address alone",
		"是 %s，其中含有花括号、引号、空白或损坏的 JSON，不是图片地址：请只填地址",
	},
	PictureRelative: {"is %s, a relative address, and shop.image_base_url is not set: set it to what stands before it", "是相对地址 %s，而 shop.image_base_url 未设置：请设置地址前缀"},
	PictureTooLong:  {"is longer than the 512 bytes that Douyin takes of an address: shorten it", "超过抖音允许的 512 字节：请缩短地址"},
	TextTooLong:     {"is longer than Douyin takes (%s bytes): shorten it", "超过抖音允许的长度（%s 字节）：请缩短"},
	NotUTF8:         {"is not text in UTF-8: mend the value, or the column's character set", "不是 UTF-8 文本：请修正数据或该列的字符集"},
	WebAddress:      {"is a web address, and Douyin needs a page of the mini-app: write one, such as pages/course/course", "是网址，而抖音需要小程序页面：请填写页面路径，例如 pages/course/course"},
	EmptyPage:       {"is empty, and Douyin needs a page of the mini-app: write one, such as pages/course/course", "为空，而抖音需要小程序页面：请填写页面路径，例如 pages/course/course"},
	NullMoney:       {"is NULL, and Douyin needs the amount: write it", "为 NULL，而抖音需要金额：请填写"},
	NotMoney:        {"is not a decimal number of yuan: write one, such as 19.90", "不是以元为单位的小数：请填写，例如 19.90"},
	NotFen:          {"is not an integer number of fen: write one, such as 1990, or set shop.money to yuan", "不是以分为单位的整数：请填写，例如 1990；或把 shop.money 设为 yuan"},
	NegativeMoney:   {"is negative: write what was paid", "是负数：请填写实付金额"},
	PartOfFen:       {"has a fraction of a fen: round it to two decimals", "含有不足一分的小数：请保留两位小数"},
	TooMuch:         {"is too large for an amount: write what was paid", "金额过大：请填写实付金额"},
	InexactMoney:    {"is a FLOAT too large to hold a fen: make the column DECIMAL(10,2)", "是 FLOAT 且数值过大，无法精确到分：请把列改为 DECIMAL(10,2)"},
	NullTime:        {"is NULL, and Douyin needs the time: write when the order was made", "为 NULL，而抖音需要时间：请填写下单时间"},
	ZeroTime:        {"is zero, and Douyin needs the time: write when the order was made", "为零，而抖音需要时间：请填写下单时间"},
	NotTime:         {"is not a time as shop.time says (datetime): write one, such as 2026-11-30 08:00:00, or change shop.time", "不是 shop.time 所说的时间（datetime）：请填写，例如 2026-11-30 08:00:00，或修改 shop.time"},
	NotSeconds:      {"is not a number of seconds, as shop.time says: write one, or change shop.time", "不是 shop.time 所说的秒数：请修正，或修改 shop.time"},
	NotMilliseconds: {"is not a number of milliseconds, as shop.time says: write one, or change shop.time", "不是 shop.time 所说的毫秒数：请修正，或修改 shop.time"},
	YearOutside: {
		"is not in the years 2000 to 2100: mend it, or set shop.time to what the column holds (unix, unix_ms or datetime)",
		"不在 2000 年到 2100 年之间：请修正，或把 shop.time 设为该列的实际格式（unix、unix_ms 或 datetime）",
	},
	TooEarly:    {"is before 9 September 2001, which Douyin's 13 digits of milliseconds cannot say: write when the order was made", "早于 2001 年 9 月 9 日，抖音的 13 位毫秒时间无法表示：请填写下单时间"},
	NotNumber:   {"is not a whole number: write the number of pieces", "不是整数：请填写件数"},
	NotPositive: {"is not above zero: write the number of pieces", "不大于零：请填写件数"},
	TooMany:     {"is too large for a number of pieces: write how many were bought", "件数过大：请填写购买件数"},
	Statement:   {"the database does not read this row (%s): mend the value that its words name", "数据库无法读取这一行（%s）：请按其提示修正数据"},
}

// Error names a cell that keeps an order from being sent.
type Error struct {
	Table  string // as the shop names it; empty: Column is one of a SELECT of shop.sql, or a key of the configuration
	Column string
	Row    string // primary key of Table's row; where Table is empty, the order's
	Line   int    // of the order's lines, the first is 1; 0: the cell is of no line, or the order has one
	Reason Reason
	Found  string // what stands there, where the text needs it; never personal data
}

const (
	// maxFound bounds, in bytes, what a text repeats of a cell.
	maxFound = 60
	// maxWords bounds what it repeats of our own words and of the database's: which rows, which columns.
	// With the longest text around it, it fits into the 400 bytes that are kept of an error.
	maxWords = 200
)

// At says where the reason stands. found may be empty, and is cut.
func (r Reason) At(table, column, row, found string) *Error {
	most := maxFound
	if r == TwoRows || r == TwoOrders || r == Statement {
		most = maxWords
	}
	return &Error{Table: table, Column: column, Row: row, Reason: r, Found: cut.To(found, most)}
}

// OfLine is p of the nth of an order's lines, the first is 1. It is p where the order has one line, or the cell
// is none of the line's.
func (p *Error) OfLine(n, lines int) *Error {
	if lines < 2 || p.Table != "" || strings.Contains(p.Column, ".") {
		return p
	}
	q := *p
	q.Line = n
	return &q
}

// Error is the text in English: `product.cover_img of row "8": is "55", a bare number …`.
func (p *Error) Error() string {
	en, _ := p.Reason.Texts()
	return p.where() + fill(en, p.Reason.repeats(p.Found))
}

// Chinese is the text in Chinese: `product 表第 "8" 行的 cover_img：是 "55"，…`.
func (p *Error) Chinese() string {
	_, zh := p.Reason.Texts()
	found := p.Reason.repeats(p.Found)
	if p.Table == "" && p.Line > 0 {
		return fmt.Sprintf("订单 %q 第 %d 行商品的 %s：", p.Row, p.Line, p.Column) + fill(zh, found)
	}
	if p.Table == "" {
		return fmt.Sprintf("订单 %q 的 %s：", p.Row, p.Column) + fill(zh, found)
	}
	return fmt.Sprintf("%s 表第 %q 行的 %s：", p.Table, p.Row, p.Column) + fill(zh, found)
}

func (p *Error) where() string {
	if p.Table == "" && p.Line > 0 {
		return fmt.Sprintf("%s of order %q, line %d: ", p.Column, p.Row, p.Line)
	}
	if p.Table == "" {
		return fmt.Sprintf("%s of order %q: ", p.Column, p.Row)
	}
	return fmt.Sprintf("%s.%s of row %q: ", p.Table, p.Column, p.Row)
}

// repeats is what a text says of what was found: a value of the shop's in quotes, and in brackets, where it
// is a remark of ours, as it is.
func (r Reason) repeats(found string) string {
	if en := texts[r][0]; strings.Contains(en, "(%s") || strings.Contains(en, "(it %s") {
		return found
	}
	return `"` + found + `"`
}

func fill(text, found string) string { return strings.Replace(text, "%s", found, 1) }

var place = regexp.MustCompile(`(?s)^(?:([A-Za-z0-9_$.]+)\.)?([A-Za-z0-9_$]+) of (row|order) "((?:[^"\\]|\\.)*)"(?:, line ([1-9][0-9]{0,8}))?: (.*)$`)

// Parse reads a text that Error made, so that a page can show in Chinese what was recorded in English. ok is
// false for every other text, one that was cut included.
func Parse(text string) (p *Error, ok bool) {
	m := place.FindStringSubmatch(text)
	if m == nil || m[3] == "row" && m[1] == "" {
		return nil, false
	}
	p = &Error{Table: m[1], Column: m[2]}
	if m[3] == "order" && m[1] != "" { // a key of the configuration
		p.Table, p.Column = "", m[1]+"."+m[2]
	}
	if p.Row, ok = unquote(m[4]); !ok {
		return nil, false
	}
	p.Line, _ = strconv.Atoi(m[5]) // empty: 0
	for reason := range texts {
		if found, fits := reason.foundIn(m[6]); fits {
			p.Reason, p.Found = reason, found
			return p, true
		}
	}
	return nil, false
}

// foundIn is what of a text in English was found in the shop; fits is false where it is not the reason's text.
func (r Reason) foundIn(text string) (found string, fits bool) {
	before, after, finds := strings.Cut(texts[r][0], "%s")
	if !finds {
		return "", text == before
	}
	found, fits = strings.CutPrefix(text, before)
	if fits {
		found, fits = strings.CutSuffix(found, after)
	}
	if fits && r.repeats("") != "" { // in quotes
		if fits = len(found) > 1 && found[0] == '"' && found[len(found)-1] == '"'; fits {
			found = found[1 : len(found)-1]
		}
	}
	return found, fits
}

func unquote(s string) (string, bool) {
	s, err := strconv.Unquote(`"` + s + `"`)
	return s, err == nil
}
