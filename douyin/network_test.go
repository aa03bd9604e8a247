package douyin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// newHangingFar reads requests and never answers.
func newHangingFar(t *testing.T) string { return newRawFar(t, nil) }

// newRawFar answers each request with the bytes given and closes the connection. Without bytes it
// hangs until the test ends.
func newRawFar(t *testing.T, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	t.Cleanup(func() { close(over); _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				if answer == nil {
					<-over
					return
				}
				_, _ = conn.Write(answer)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestWhatMayHaveTakenEffect(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	cases := []struct {
		name string
		base string
		may  bool
	}{
		{"nobody listens", "http://" + closed.Addr().String(), false},
		{"name cannot be found", "http://douyin.invalid", false},
		{"cut before the answer", newRawFar(t, []byte{}), true},
		{"cut inside the head", newRawFar(t, []byte("HTTP/1.1 200 OK\r\nContent-Le")), true},
		{"cut inside the body", newRawFar(t, []byte("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"err_code\":0,")), true},
		{"endless body", newRawFar(t, []byte("HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", 2<<20))), true},
		{"not HTTP", newRawFar(t, []byte("SSH-2.0-OpenSSH_9.2\r\n")), true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := newTestClient(t, c.base, &fakeTokens{list: []string{"token-77"}}).PushOrder(context.Background(), anOrder())
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.Kind != Unavailable || e.MayHave != c.may || !e.Outage() {
				t.Errorf("kind %s, MayHave %t: %v", e.Kind, e.MayHave, e)
			}
			if len(r.Response) > maxReceiptBytes || len(r.Request) == 0 {
				t.Errorf("receipt holds %d and %d bytes", len(r.Request), len(r.Response))
			}
			if strings.Contains(err.Error(), "/api/apps") {
				t.Errorf("the URL stands in %q", err)
			}
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := newFar(t, reply{body: ok200})
	f := newFar(t, reply{status: http.StatusTemporaryRedirect, header: map[string]string{"Location": elsewhere.URL}})
	following := func(cfg *Config) { cfg.HTTP = &http.Client{} }
	_, err := newTestClient(t, f.URL, &fakeTokens{list: []string{"a"}}, following).PushOrder(context.Background(), anOrder())
	if kindOf(err) != Unavailable || len(elsewhere.sent()) != 0 {
		t.Errorf("%v; the other host was sent %v", err, elsewhere.sent())
	}
}

type untraced struct{}

func (untraced) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no") }

func TestATransportThatTellsNothingIsTakenToHaveSent(t *testing.T) {
	own := func(cfg *Config) { cfg.HTTP = &http.Client{Transport: untraced{}} }
	_, err := newTestClient(t, "http://127.0.0.1:1", &fakeTokens{list: []string{"a"}}, own).PushOrder(context.Background(), anOrder())
	var e *Error
	if !errors.As(err, &e) || !e.MayHave {
		t.Errorf("%v", err)
	}
}
