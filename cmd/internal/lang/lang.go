package lang

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/cut"
)

// Lang is a language. The zero value is English.
type Lang struct{ chinese bool }

// The languages.
var (
	English = Lang{}
	Chinese = Lang{chinese: true}
)

// Of reads en or zh, also as a locale has them: zh_CN.UTF-8. known is false for all others.
func Of(name string) (l Lang, known bool) {
	name = strings.ToLower(name)
	base, _, _ := strings.Cut(strings.NewReplacer("-", "_", ".", "_", "@", "_").Replace(name), "_")
	switch base {
	case "zh":
		return Chinese, true
	case "en":
		return English, true
	}
	return English, false
}

// Choose heeds --lang among args first, then ORDERSYNC_LANG, then the locale's variables in their
// order. A name that is not known counts for nothing. environ is as os.Environ has it.
func Choose(args, environ []string) Lang {
	if l, known := Of(flagOf(args)); known {
		return l
	}
	set := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		set[name] = value
	}
	if l, known := Of(set[configs.LangVariable]); known {
		return l
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if set[name] != "" {
			l, _ := Of(set[name])
			return l
		}
	}
	return English
}

// flagOf is the value of --lang, the last one given; empty: there is none.
func flagOf(args []string) (value string) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if given, found := strings.CutPrefix(arg, "--lang="); found {
			value = given
		} else if arg == "--lang" && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}

// IsChinese tells which one it is.
func (l Lang) IsChinese() bool { return l.chinese }

// T is a text of the table in the reader's language. The text itself is the English one, with
// arguments a format. Texts and errors among the arguments are made plain: a shop or Douyin may have
// written them.
func (l Lang) T(text string, args ...any) string {
	if l.chinese {
		if zh, ok := all[text]; ok {
			text = zh
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, plainly(args)...)
}

func plainly(args []any) []any {
	out := slices.Clone(args)
	for i, arg := range out {
		switch v := arg.(type) {
		case string:
			out[i] = cut.Plain(v)
		case error:
			out[i] = cut.Plain(v.Error())
		}
	}
	return out
}

// all is the whole table.
var all = joined(composedWords, doctorWords, storeWords, configWords, commandWords, helpWords, tryWords, instructionWords,
	recordedWords, errorWords, foreignWords)

func joined(tables ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, table := range tables {
		maps.Copy(out, table)
	}
	return out
}
