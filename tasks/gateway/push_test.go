package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

func TestPushIsQueuedOnceForOneRevision(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	const body = `{"revision":"paid","cause":"paid"}`
	wantJSON(t, f.ask("POST", "/v1/orders/123/push", body), http.StatusAccepted,
		`{"order_id":"123","status":"queued","revision":"paid","task_id":"push:123:paid","queue":"push"}`)
	wantJSON(t, f.ask("POST", "/v1/orders/123/push", body), http.StatusOK,
		`{"order_id":"123","status":"known","revision":"paid","task_id":"push:123:paid","queue":"push"}`)
	if _, ok := f.queue.tasks[`{"order_id":"123","revision":"paid","cause":"paid"}`]; !ok || len(f.queue.tasks) != 1 {
		t.Errorf("queued: %v", f.queue.tasks)
	}
}

func TestPushWithoutABodyIsAChangeOfItsOwn(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for range 2 {
		w := f.ask("POST", "/v1/orders/123/push", "")
		var q Queued
		if err := json.Unmarshal(w.Body.Bytes(), &q); err != nil || w.Code != http.StatusAccepted {
			t.Fatalf("HTTP %d %s", w.Code, w.Body)
		}
		if q.Revision == "" || q.TaskID != "push:123:"+q.Revision {
			t.Errorf("the caller cannot ask again: %s", w.Body)
		}
	}
	if len(f.queue.tasks) != 2 {
		t.Errorf("%d tasks, want 2", len(f.queue.tasks))
	}
}

func TestOrderIDsArriveUnescaped(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	w := f.ask("POST", "/v1/orders/%E8%AE%A2%E5%8D%957/push", `{"revision":"r"}`)
	if w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), `"task_id":"push:订单7:r"`) {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
}

func TestDelayBecomesProcessIn(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{0: "", 1: "1s", 86400: "24h0m0s"} {
		f := setUp(t)
		f.ask("POST", "/v1/orders/1/push", fmt.Sprintf(`{"revision":"r","delay_seconds":%d}`, seconds))
		opts := f.queue.tasks[`{"order_id":"1","revision":"r","cause":"changed"}`]
		got := ""
		for _, o := range opts {
			if o.Type() == asynq.ProcessInOpt {
				got = o.Value().(time.Duration).String()
			}
		}
		if got != want {
			t.Errorf("%d seconds: ProcessIn(%s), want %q", seconds, got, want)
		}
	}
}

func TestPushRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body string
		status     int
		field      string
	}{
		"unknown field":         {"/v1/orders/1/push", `{"delay_second":5}`, 400, "delay_second"},
		"doubled field":         {"/v1/orders/1/push", `{"revision":"a","revision":"b"}`, 400, "revision"},
		"doubled by case":       {"/v1/orders/1/push", `{"revision":"a","Revision":"b"}`, 400, "Revision"},
		"wrong type":            {"/v1/orders/1/push", `{"revision":7}`, 400, "revision"},
		"fraction":              {"/v1/orders/1/push", `{"delay_seconds":1.5}`, 400, "delay_seconds"},
		"a list":                {"/v1/orders/1/push", `[]`, 400, ""},
		"null":                  {"/v1/orders/1/push", `null`, 400, ""},
		"not JSON":              {"/v1/orders/1/push", `revision=a`, 400, ""},
		"half of it":            {"/v1/orders/1/push", `{"revision":"a"`, 400, ""},
		"two objects":           {"/v1/orders/1/push", `{}{}`, 400, ""},
		"not UTF-8":             {"/v1/orders/1/push", "{\"revision\":\"\xff\"}", 400, ""},
		"a deep nest":           {"/v1/orders/1/push", strings.Repeat(`{"revision":`, 40), 400, strings.Repeat("revision.", 16)[:100]},
		"too large":             {"/v1/orders/1/push", `{"revision":"` + strings.Repeat("x", 64<<10) + `"}`, 413, ""},
		"delay too long":        {"/v1/orders/1/push", `{"delay_seconds":86401}`, 422, "delay_seconds"},
		"delay below zero":      {"/v1/orders/1/push", `{"delay_seconds":-1}`, 422, "delay_seconds"},
		"cause":                 {"/v1/orders/1/push", `{"cause":"whim"}`, 422, "cause"},
		"revision with a colon": {"/v1/orders/1/push", `{"revision":"a:b"}`, 422, "revision"},
		"id with a space":       {"/v1/orders/a%20b/push", ``, 422, "order_id"},
		"id with a slash":       {"/v1/orders/a%2Fb/push", ``, 422, "order_id"},
		"id too long":           {"/v1/orders/" + strings.Repeat("9", 65) + "/push", ``, 422, "order_id"},
		"empty list body":       {"/v1/orders/push", ``, 400, ""},
		"no list":               {"/v1/orders/push", `{}`, 422, "orders"},
		"empty list":            {"/v1/orders/push", `{"orders":[]}`, 422, "orders"},
		"list too long":         {"/v1/orders/push", `{"orders":[` + strings.Repeat(`{"order_id":"1"},`, 500) + `{"order_id":"1"}]}`, 422, "orders"},
		"unknown field inside":  {"/v1/orders/push", `{"orders":[{"order_id":"1","x":1}]}`, 400, "x"},
		"doubled field inside":  {"/v1/orders/push", `{"orders":[{"order_id":"1"},{"order_id":"1","order_id":"2"}]}`, 400, "orders[1].order_id"},
		"number for an id":      {"/v1/orders/push", `{"orders":[{"order_id":1}]}`, 400, "orders.order_id"},
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t)
			wantProblem(t, f.ask("POST", c.path, c.body), c.status, c.field)
			if len(f.queue.tasks) != 0 {
				t.Errorf("queued: %v", f.queue.tasks)
			}
		})
	}
}

func TestABodyMustSayThatItIsJSON(t *testing.T) {
	t.Parallel()
	for header, status := range map[string]int{
		"application/json": 202, "application/json; charset=UTF-8": 202, "": 415, "text/plain": 415,
		"application/x-www-form-urlencoded": 415, "application/json; charset=gbk": 415, "application/json; charset": 415,
	} {
		f := setUp(t)
		if w := f.ask("POST", "/v1/orders/1/push", `{}`, with("Content-Type", header)); w.Code != status {
			t.Errorf("%q: HTTP %d, want %d", header, w.Code, status)
		}
	}
}

func TestABodyThatBreaksOffIsTheCallersFault(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	wantProblem(t, f.ask("POST", "/v1/orders/1/push", "x", func(r *http.Request) { r.Body = brokenBody{} }), http.StatusBadRequest, "")
}

func TestWhenRedisIsDownTheCallerIsToldToAskAgain(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.queue.fail = func(string) error { return errDown }
	for path, body := range map[string]string{"/v1/orders/1/push": "", "/v1/orders/push": `{"orders":[{"order_id":"1"},{"order_id":"2"}]}`} {
		f.log.Reset()
		w := f.ask("POST", path, body)
		wantProblem(t, w, http.StatusServiceUnavailable, "")
		if w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
		if strings.Contains(w.Body.String(), "10.0.0.9") {
			t.Errorf("%s tells where Redis is: %s", path, w.Body)
		}
		if !strings.Contains(f.log.String(), "10.0.0.9") {
			t.Errorf("%s: the log does not tell the cause: %s", path, f.log)
		}
	}
}

func TestAListIsAnsweredItemByItem(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.ask("POST", "/v1/orders/2/push", `{"revision":"r"}`)
	f.queue.fail = func(payload string) error {
		if strings.Contains(payload, `"order_id":"4"`) {
			return errDown
		}
		return nil
	}
	w := f.ask("POST", "/v1/orders/push", `{"orders":[
		{"order_id":"1","revision":"r","cause":"sweep"},
		{"order_id":"2","revision":"r"},
		{"order_id":"3","cause":"whim"},
		{"order_id":"4","revision":"r"},
		{"order_id":"","revision":"r"},
		{"order_id":"6","delay_seconds":86401}]}`)
	wantJSON(t, w, http.StatusAccepted, `{"queued":1,"known":1,"failed":4,"results":[`+
		`{"order_id":"1","status":"queued","revision":"r","task_id":"push:1:r","queue":"sweep"},`+
		`{"order_id":"2","status":"known","revision":"r","task_id":"push:2:r","queue":"push"},`+
		`{"order_id":"3","status":"refused","problem":{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"\"whim\" is unknown: want paid, changed, callback, refund, sweep, manual or backfill","field":"cause"}},`+
		`{"order_id":"4","status":"unavailable","revision":"r","task_id":"push:4:r","queue":"push","problem":{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"not known to be queued: ask again with the same revision"}},`+
		`{"order_id":"","status":"refused","problem":{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"is missing","field":"order_id"}},`+
		`{"order_id":"6","status":"refused","problem":{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"want 0 to 86400","field":"delay_seconds"}}]}`)
}

func TestAListOf500PassesAndSaysKnownTheSecondTime(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	var items []string
	for i := range 500 {
		items = append(items, fmt.Sprintf(`{"order_id":"%d","revision":"r"}`, i))
	}
	body := `{"orders":[` + strings.Join(items, ",") + `]}`
	for _, status := range []int{http.StatusAccepted, http.StatusOK} {
		w := f.ask("POST", "/v1/orders/push", body)
		var all ManyQueued
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != status || len(all.Results) != 500 || all.Failed != 0 {
			t.Fatalf("HTTP %d: %d results, %d failed, %v", w.Code, len(all.Results), all.Failed, err)
		}
		if all.Results[499].OrderID != "499" {
			t.Errorf("the results do not stand in the order of the request")
		}
	}
}
