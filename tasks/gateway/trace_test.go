package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/tasks"
)

type watchedKey struct{}

// Whoever traces sees a request once it is let in, with its route, and the answer in the end. It
// sees no probe.
func TestTraceSeesWhatWasLetIn(t *testing.T) {
	t.Parallel()
	var seen []string
	watch := func(c *Config, _ *Parts) {
		c.Trace = func(r *http.Request, pattern string, admitted bool) (context.Context, func(int, string)) {
			what := fmt.Sprint(pattern, " ", r.PathValue("id"), " ", admitted)
			return context.WithValue(r.Context(), watchedKey{}, what), func(status int, id string) {
				seen = append(seen, fmt.Sprint(what, " ", status, " ", id))
			}
		}
	}
	f := setUp(t, watch, func(_ *Config, p *Parts) {
		p.Callbacks = nil
		p.Queue = looking{p.Queue, func(ctx context.Context) {
			if ctx.Value(watchedKey{}) == nil {
				t.Error("the handler works in another context than the one that was returned")
			}
		}}
	})
	ask := func(method, path, bearer string) {
		r := httptest.NewRequest(method, path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+bearer)
		f.ServeHTTP(httptest.NewRecorder(), r)
	}
	ask(http.MethodPost, "/v1/orders/7/push", token)
	ask(http.MethodPost, "/v1/orders/7/push", "somebody")
	ask(http.MethodPost, "/v1/orders/a%20b/push", token)
	ask(http.MethodGet, "/healthz", "")
	ask(http.MethodGet, "/readyz", "")
	ask(http.MethodGet, "/nowhere", token)
	ask(http.MethodPost, "/callbacks/douyin", "")
	f.queue.fail = func(string) error { panic("a bug") }
	ask(http.MethodPost, "/v1/orders/8/push", token)
	want := []string{
		"POST /v1/orders/{id}/push 7 true 202 request-1",
		"POST /v1/orders/{id}/push a b true 422 request-1",
		"POST /callbacks/douyin  false 501 request-1",
		"POST /v1/orders/{id}/push 8 true 0 request-1",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("seen:\n%s\nwant:\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
}

// looking is a queue that looks at the context of every call first.
type looking struct {
	tasks.Enqueuer
	look func(context.Context)
}

func (l looking) EnqueueContext(ctx context.Context, t *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error) {
	l.look(ctx)
	return l.Enqueuer.EnqueueContext(ctx, t, opts...)
}
