package pages

import (
	"fmt"
	"maps"
	"net/http"

	"golang.org/x/text/language"
)

// lang is the language of a page. The zero value is English.
type lang struct{ chinese bool }

var (
	english = lang{}
	chinese = lang{chinese: true}
)

const (
	langParameter = "lang"
	langCookie    = "ordersync_lang"
	langYear      = 365 * 24 * 60 * 60
)

// langMatcher knows English, the first and the default, and Chinese of both scripts: Simplified is nearer to a reader of
// Traditional than English is.
var langMatcher = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese, language.TraditionalChinese})

// allWords is the word list: the Chinese for each text of the pages.
var allWords = joined(words, healthWords, listWords, plotWords)

func joined(lists ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, list := range lists {
		maps.Copy(all, list)
	}
	return all
}

func (l lang) tag() string {
	if l.chinese {
		return "zh-CN"
	}
	return "en"
}

// Tag is for <html lang>.
func (l lang) Tag() string { return l.tag() }

// T is a text in the reader's language. The text itself is the English one; the files words*.go hold the Chinese. With arguments it is a
// format.
func (l lang) T(text string, args ...any) string {
	if l.chinese {
		if zh, ok := allWords[text]; ok {
			text = zh
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// chooseLang heeds ?lang= first and remembers it, then the cookie, then the browser's wishes.
func chooseLang(w http.ResponseWriter, r *http.Request) lang {
	switch asked := r.URL.Query().Get(langParameter); asked {
	case "en", "zh":
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: asked, Path: "/", MaxAge: langYear, HttpOnly: true, SameSite: http.SameSiteStrictMode})
		return lang{asked == "zh"}
	}
	if c, err := r.Cookie(langCookie); err == nil && (c.Value == "en" || c.Value == "zh") {
		return lang{c.Value == "zh"}
	}
	_, i := language.MatchStrings(langMatcher, r.Header.Get("Accept-Language"))
	return lang{i > 0}
}

// WantsChinese tells whether a reader wants a page in Chinese, as the operators' pages decide it: by
// ?lang=, which is remembered, by what was remembered, by the browser's wishes.
func WantsChinese(w http.ResponseWriter, r *http.Request) bool { return chooseLang(w, r).chinese }

// otherLanguage is the address of the present page in the other language. An answer to a form leads to the start page.
func otherLanguage(r *http.Request, l lang) string {
	u := *r.URL
	u.Scheme, u.Host = "", ""
	if r.Method != http.MethodGet {
		u.Path, u.RawPath, u.RawQuery = Home, "", ""
	}
	q := u.Query()
	q.Set(langParameter, "zh")
	if l.chinese {
		q.Set(langParameter, "en")
	}
	u.RawQuery = q.Encode()
	return u.String()
}
