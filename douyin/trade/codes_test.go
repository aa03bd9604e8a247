package trade

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// causes are what a rule may lay beneath.
var causes = []error{douyin.ErrNotFound, douyin.ErrNotYet, douyin.ErrConfiguration, douyin.ErrCredentials, ErrExists, ErrAutoSettle}

func TestWhatCodesMean(t *testing.T) {
	cases := []struct {
		op    string
		codes []int
		kind  douyin.Kind
		may   bool
		cause error
	}{
		{OpOrderQuery, []int{20000}, douyin.Rejected, false, douyin.ErrNotFound},
		{OpRefundQuery, []int{20000}, douyin.Rejected, false, douyin.ErrNotFound},
		{OpRefundQuery, []int{20001, 22000}, douyin.Doubtful, false, nil},
		{OpRefundCreate, []int{10000, 10002, 11001, 12002, 22007}, douyin.Rejected, false, nil},
		{OpRefundCreate, []int{13000, 28001005, 28001006, 2100004}, douyin.Unavailable, true, nil},
		{OpRefundCreate, []int{20000, 20001, 22000, 22001, 22002, 22008, 22009, 22013, 23117, 77}, douyin.Doubtful, false, nil},
		{OpRefundCreate, []int{22004}, douyin.Doubtful, false, ErrExists},
		{OpRefundAudit, []int{22006}, douyin.Unavailable, false, douyin.ErrNotYet},
		{OpRefundAudit, []int{20001, 22004}, douyin.Doubtful, false, nil},
		{OpSettleCreate, []int{23107, 23113}, douyin.Unavailable, false, douyin.ErrNotYet},
		{OpSettleCreate, []int{23111}, douyin.Doubtful, false, ErrExists},
		{OpSettleCreate, []int{23117}, douyin.Rejected, false, ErrAutoSettle},
		{OpSettleCreate, []int{23000, 13000}, douyin.Unavailable, true, nil},
		{OpSettleCreate, []int{23001, 23005, 23010, 23024, 23025, 23101, 23118}, douyin.Rejected, false, nil},
		{OpSettleCreate, []int{23102, 23112, 23120, 23129}, douyin.Doubtful, false, nil},
		{OpFulfil, []int{20001}, douyin.Doubtful, false, nil},
	}
	for _, c := range cases {
		for _, code := range c.codes {
			for _, status := range []int{200, 400} {
				f := newFar(t, reply{status, fmt.Sprintf(`{"err_no":%d,"err_msg":"words","log_id":"L7"}`, code)})
				_, err := every(newTestClient(t, f.URL))[c.op]()
				e := fails(t, c.op, err)
				if e.Kind != c.kind || e.MayHave != c.may || e.Code != code || e.Message != "words" || e.LogID != "L7" || len(f.sent()) != 1 {
					t.Errorf("%s %d with %d: %v, MayHave %t", c.op, code, status, err, e.MayHave)
				}
				for _, cause := range causes {
					if errors.Is(err, cause) != (cause == c.cause) { //nolint:errorlint // which of the table's causes it is
						t.Errorf("%s %d: %v, of which %v is wrong", c.op, code, err, cause)
					}
				}
			}
		}
	}
}

func TestThrottledWaits(t *testing.T) {
	for _, code := range []int{12001, 28003017} {
		f := newFar(t, reply{body: fmt.Sprintf(`{"err_no":%d}`, code)})
		_, err := every(newTestClient(t, f.URL))[OpRefundCreate]()
		if e := fails(t, OpRefundCreate, err); e.Kind != douyin.Throttled || e.RetryAfter != 3*time.Second || e.MayHave {
			t.Errorf("%d: %v after %s", code, err, e.RetryAfter)
		}
	}
}

func TestTheConfigurationOverrulesACode(t *testing.T) {
	f := newFar(t, reply{body: `{"err_no":22013}`})
	c := newTestClient(t, f.URL, func(cfg *Config) { cfg.Codes = map[int]douyin.Kind{22013: douyin.Rejected} })
	if _, err := every(c)[OpRefundCreate](); fails(t, OpRefundCreate, err).Kind != douyin.Rejected {
		t.Error(err)
	}
}

// Every rule names calls that exist, and none stands where an earlier one hides it.
func TestTheTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules {
		for op := range strings.SplitSeq(r.Op, ", ") {
			_, known := methods[op]
			if !known && op != "" && op != douyin.OpClientToken {
				t.Errorf("%d is for %s, which is no call", r.Code, op)
			}
			if id := fmt.Sprint(op, r.Code, r.Words); seen[id] {
				t.Errorf("%d stands twice for %s", r.Code, op)
			} else {
				seen[id] = true
			}
			if r.Code != 0 && seen[fmt.Sprint("", r.Code, "")] && r.Op != "" {
				t.Errorf("%d for %s stands after the rule for all", r.Code, op)
			}
		}
	}
}
