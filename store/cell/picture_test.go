package cell

import (
	"strings"
	"testing"
)

func TestPicture(t *testing.T) {
	const base = "https://img.example.com/"
	long := "https://h.example/" + strings.Repeat("a", 494)
	for _, c := range []struct {
		raw, base, want string
		reason          Reason
	}{
		{"https://cdn.example.com/1.jpg", "", "https://cdn.example.com/1.jpg", ""},
		{" \tHTTPS://cdn.example.com/1.JPG\r\n", "", "https://cdn.example.com/1.JPG", ""},
		{"\uFEFFHttp://cdn.example.com/1.jpg\u3000", "", "http://cdn.example.com/1.jpg", ""},
		{"//cdn.example.com/1.jpg", "", "https://cdn.example.com/1.jpg", ""},
		{"//cdn.example.com/1.jpg", "http://img.example.com", "http://cdn.example.com/1.jpg", ""},
		{"/uploads/1.jpg", base, "https://img.example.com/uploads/1.jpg", ""},
		{"uploads/1.jpg", "https://img.example.com", "https://img.example.com/uploads/1.jpg", ""},
		{"/uploads/一.jpg", base, "https://img.example.com/uploads/一.jpg", ""},
		{`["/a.png","/b.png"]`, base, "https://img.example.com/a.png", ""},
		{`["", " \/a.png "]`, base, "https://img.example.com/a.png", ""},
		{"/a.png,/b.png", base, "https://img.example.com/a.png", ""},
		{"a.png , b.png", base, "https://img.example.com/a.png", ""},
		{",a.png,", base, "https://img.example.com/a.png", ""},
		{"https://h.example/a.png,https://h.example/b.png", "", "https://h.example/a.png", ""},
		{"https://h.example/a.jpg?x-oss-process=image/resize,m_fill,w_100", "", "https://h.example/a.jpg?x-oss-process=image/resize,m_fill,w_100", ""},
		{"https://h.example/a.jpg?x-oss-process=image/resize,w_9/format,webp,https://h.example/b.jpg", "", "https://h.example/a.jpg?x-oss-process=image/resize,w_9/format,webp", ""},
		{long, "", long, ""},

		{long + "a", "", "", PictureTooLong},
		{"", base, "", EmptyPicture},
		{" \n", base, "", EmptyPicture},
		{"[]", base, "", EmptyPicture},
		{`["",""]`, base, "", EmptyPicture},
		{"55", base, "", PictureNumber},
		{"55,56", base, "", PictureNumber},
		{`["55"]`, base, "", PictureNumber},
		{"/a.png", "", "", PictureRelative},
		{"data:image/png;base64,iVBORw0KGgo=", base, "", PictureScheme},
		{"wxfile://tmp_1.jpg", base, "", PictureScheme},
		{"cloud://env/1.jpg", base, "", PictureScheme},
		{"file:///a.png", base, "", PictureScheme},
		{"https:/a.png", base, "", PictureScheme},
		{"https://", base, "", PictureScheme},
		{"https:///a.png", base, "", PictureScheme},
		{"///a.png", base, "", PictureScheme},
		{`{"url":"/a.png"}`, base, "", PictureCharacters},
		{`[{"url":"/a.png"}]`, base, "", PictureCharacters},
		{`["/a.png"`, base, "", PictureCharacters},
		{`[55]`, base, "", PictureCharacters},
		{`"/a.png"`, base, "", PictureCharacters},
		{`'/a.png'`, base, "", PictureCharacters},
		{"/a b.png", base, "", PictureCharacters},
		{"uploads\\a.png", base, "", PictureCharacters},
		{"/{id}.png", base, "", PictureCharacters},
		{"/a\x00.png", base, "", PictureCharacters},
		{"/\xff.png", base, "", PictureCharacters},
	} {
		got, found, reason := Picture(c.raw, c.base)
		if got != c.want || reason != c.reason {
			t.Errorf("Picture(%q, %q) = %q, %q; want %q, %q", c.raw, c.base, got, reason, c.want, c.reason)
		}
		if en, _ := reason.Texts(); strings.Contains(en, "%s") && found == "" {
			t.Errorf("Picture(%q): the text of %s repeats what was found, and nothing is", c.raw, reason)
		}
	}
}
