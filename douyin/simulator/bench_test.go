package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// sink is a ResponseWriter that costs nothing, so that the benchmark shows the simulator alone.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkPush is one order push without faults and without the network.
func BenchmarkPush(b *testing.B) {
	for _, slim := range []bool{false, true} {
		b.Run("slim="+strconv.FormatBool(slim), func(b *testing.B) {
			s := newSim(b, Config{Slim: slim})
			body := orderPush(fetch(b, s), "1", "已支付", "1768634595123")
			at := strings.Index(body, "1768634595123")
			reader := strings.NewReader(body)
			r, err := http.NewRequest(http.MethodPost, pushPath, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Body = readCloser{reader}
			w := &sink{header: http.Header{}}
			raw := []byte(body)
			b.ReportAllocs()
			n := int64(1768634595123)
			for b.Loop() {
				n++
				strconv.AppendInt(raw[:at], n, 10)
				reader.Reset(string(raw))
				s.ServeHTTP(w, r)
			}
			if got := mustOrder(b, s, "7").Accepted; got != int(n-1768634595123) {
				b.Fatalf("%d accepted of %d", got, n-1768634595123)
			}
		})
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
