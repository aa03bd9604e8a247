package simulator

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxBody bounds a request. order_detail alone may have many items; Douyin's own bound is not
// published.
const maxBody = 1 << 20

var (
	errMethod      = errors.New("want POST")
	errContentType = errors.New("want Content-Type application/json")
	errTooLarge    = errors.New("the body is larger than 1 MiB")
	errNotUTF8     = errors.New("the body is not UTF-8")
)

// call is one request on its way through the simulator. Calls are pooled: nothing may keep a slice
// of one.
type call struct {
	body []byte
	scan scanner
	bad  error  // the first thing found wrong with the body
	key  []byte // what faults may name: the order, or the developer's number
	out  []byte // the answer
	lost bool   // the answer will not be delivered
	why  Kind   // the fault behind lost

	token tokenRequest
	push  pushRequest
	form  form
	tree  value // of a call of trade

	access string // the header access-token
	logID  string
	status int // of the answer; 0: 200

	hold <-chan struct{} // the answer waits for this; nil: it does not
}

var calls sync.Pool

func newCall() *call {
	if c, ok := calls.Get().(*call); ok {
		return c
	}
	return new(call)
}

func (c *call) free() {
	const keep = 64 << 10 // one huge body must not stay in the pool
	if cap(c.body) > keep || cap(c.scan.text) > keep {
		return
	}
	body, text, out := c.body[:0], c.scan.text[:0], c.out[:0]
	*c = call{body: body, out: out, scan: scanner{text: text}}
	calls.Put(c)
}

// read takes the body in, and says what is wrong with the request around it.
func (c *call) read(r *http.Request) error {
	c.access = r.Header.Get("Access-Token")
	if err := c.fill(r.Body); err != nil {
		return err
	}
	switch {
	case r.Method != http.MethodPost:
		return errMethod
	case !isJSON(r.Header.Get("Content-Type")):
		return errContentType
	case !utf8.Valid(c.body):
		return errNotUTF8
	}
	return nil
}

func (c *call) fill(r io.Reader) error {
	if cap(c.body) == 0 {
		c.body = make([]byte, 0, 2048)
	}
	for {
		n, err := r.Read(c.body[len(c.body):cap(c.body)])
		c.body = c.body[:len(c.body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(c.body) > maxBody:
			return errTooLarge
		case len(c.body) == cap(c.body):
			c.body = append(c.body, 0)[:len(c.body)]
		}
	}
}

// write sends the answer. The client may be gone; the ledger has what happened.
func (c *call) write(w http.ResponseWriter) {
	w.Header()["Content-Type"] = contentTypeJSON
	if c.status != 0 {
		w.WriteHeader(c.status)
	}
	_, _ = w.Write(c.out)
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" {
		return false
	}
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}

// root reads the body as one JSON object. field is called for each member and must read its value.
func (c *call) root(field func(sc *scanner, key []byte) error) error {
	c.scan.data, c.scan.pos = c.body, 0
	sc := &c.scan
	if err := sc.object(func(key []byte) error { return field(sc, key) }); err != nil {
		return err
	}
	return sc.end()
}

// claim marks a field as seen; a field that comes twice is an error.
func claim(seen *uint32, bit uint32, field string) error {
	if *seen&bit != 0 {
		return &fieldError{field: field, reason: "comes twice"}
	}
	*seen |= bit
	return nil
}

// once reads the text of a field that may come once.
func (s *scanner) once(seen *uint32, bit uint32, field string, into *[]byte) error {
	err := claim(seen, bit, field)
	if err != nil {
		return err
	}
	if *into, err = s.str(); err != nil {
		return &fieldError{field: field, reason: err.Error()}
	}
	return nil
}

// onceInt reads the integer of a field that may come once.
func (s *scanner) onceInt(seen *uint32, bit uint32, field string, into *int64) error {
	err := claim(seen, bit, field)
	if err != nil {
		return err
	}
	if *into, err = s.integer(); err != nil {
		return &fieldError{field: field, reason: err.Error()}
	}
	return nil
}
