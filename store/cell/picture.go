package cell

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// maxPicture is Douyin's limit of item_list[].img, in bytes.
const maxPicture = 512

var (
	scheme  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)
	number  = regexp.MustCompile(`^[0-9]+$`)
	fileExt = regexp.MustCompile(`(?i)^[^?=&]+\.(jpe?g|png|gif|webp|bmp|svg|avif|heic)([?#!@].*)?$`)
)

// Picture makes the address that Douyin gets of a value, such as "/uploads/1.jpg", " HTTPS://host/1.jpg",
// "//host/1.jpg", `["/1.jpg","/2.jpg"]` or "/1.jpg,/2.jpg" (the first one counts).
//
// base is shop.image_base_url, an absolute address, or empty. It stands before a relative address,
// and its scheme before "//host/…" (https where base is empty). found is what the reason is about,
// for Error.Found. A reason that is not empty is EmptyPicture or one of the Picture… reasons.
func Picture(raw, base string) (address string, found string, reason Reason) {
	one, ok := firstOf(strings.TrimFunc(raw, blank))
	switch {
	case !ok:
		return "", raw, PictureCharacters
	case one == "":
		return "", "", EmptyPicture
	case number.MatchString(one):
		return "", one, PictureNumber
	case strings.ContainsFunc(one, strange):
		return "", one, PictureCharacters
	}
	address, reason = absolute(one, base)
	if reason == "" && len(address) > maxPicture {
		reason = PictureTooLong
	}
	if reason != "" {
		return "", one, reason
	}
	return address, "", ""
}

// absolute makes an address of one that may be relative.
func absolute(one, base string) (string, Reason) {
	baseScheme, _, _ := strings.Cut(base, ":")
	if baseScheme == "" {
		baseScheme = "https"
	}
	if strings.HasPrefix(one, "//") {
		return withHost(strings.ToLower(baseScheme)+":", one)
	}
	if m := scheme.FindStringSubmatch(one); m != nil {
		s := strings.ToLower(m[1])
		if s != "http" && s != "https" || !strings.HasPrefix(one[len(m[0]):], "//") {
			return "", PictureScheme
		}
		return withHost(s+":", one[len(m[0]):])
	}
	if base == "" {
		return "", PictureRelative
	}
	return strings.TrimRight(base, "/") + "/" + strings.TrimLeft(one, "/"), ""
}

// withHost joins a scheme and "//host/…".
func withHost(scheme, rest string) (string, Reason) {
	if host := strings.TrimPrefix(rest, "//"); host == "" || strings.ContainsAny(host[:1], "/?#:") {
		return "", PictureScheme
	}
	return scheme + rest, ""
}

// firstOf is the first address of a list in JSON or between commas; a text that is no list is its own first.
// It is not ok where a list in JSON is broken or has something else than texts in it.
func firstOf(s string) (first string, ok bool) {
	if strings.HasPrefix(s, "[") {
		var list []string
		if json.Unmarshal([]byte(s), &list) != nil {
			return "", false
		}
		for _, one := range list {
			if one = strings.TrimFunc(one, blank); one != "" {
				return one, true
			}
		}
		return "", true
	}
	return firstBetweenCommas(s), true
}

// firstBetweenCommas cuts at a comma only where another address begins behind it. An address may have
// commas of its own: "https://host/1.jpg?x-oss-process=image/resize,m_fill,w_100".
func firstBetweenCommas(s string) string {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return blank(r) || r == ',' })
	for i := range len(s) {
		if s[i] == ',' && beginsAddress(s[i+1:]) {
			return strings.TrimRightFunc(s[:i], blank)
		}
	}
	return s
}

// beginsAddress tells whether what stands behind a comma is nothing, or one more picture.
func beginsAddress(rest string) bool {
	rest = strings.TrimFunc(rest, blank)
	next, _, _ := strings.Cut(rest, ",")
	next = strings.TrimFunc(next, blank)
	return next == "" || next[0] == '/' || strings.Contains(next, "://") || number.MatchString(next) || fileExt.MatchString(next)
}

// blank also counts the byte order mark and the zero width space, which come with copied addresses.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200B' }

// strange is what stands in no address: braces of a JSON object, quotes, blanks, control characters, a
// backslash, and bytes that are not UTF-8.
func strange(r rune) bool {
	return blank(r) || unicode.IsControl(r) || r == unicode.ReplacementChar || strings.ContainsRune("{}\"'`\\<>", r)
}
