package worker

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

func TestJudgeSendIsTheTable(t *testing.T) {
	field := &douyin.Error{Kind: douyin.Rejected, Err: &douyin.FieldError{Field: "reason", Reason: "is missing"}}
	for name, c := range map[string]struct {
		err           error
		first, second sending // with nothing else of it at Douyin, with perhaps something
	}{
		"accepted":                {nil, sendAccepted, sendAccepted},
		"refused":                 {refused2010, sendRefused, sendDoubtful},
		"refused, wrapped":        {fmt.Errorf("send: %w", refused2010), sendRefused, sendDoubtful},
		"the number is dead":      {dead, sendDoubtful, sendDoubtful},
		"a number nobody knows":   {unknown77, sendDoubtful, sendDoubtful},
		"wrong configuration":     {badSign2008, sendUnsent, sendUnsent},
		"no such payment":         {unknown3101, sendRefused, sendDoubtful},
		"over a limit":            {field, sendRefused, sendDoubtful},
		"too early":               {tooSoon, sendTooEarly, sendTooEarly},
		"no answer":               {cutOff, sendUnknown, sendUnknown},
		"nothing sent":            {notSent, sendUnsent, sendUnsent},
		"1000":                    {internal1000, sendUnknown, sendUnknown},
		"throttled":               {busy1001, sendUnknown, sendUnknown},
		"paused":                  {paused, sendUnsent, sendUnsent},
		"unauthorized":            {&douyin.Error{Kind: douyin.Unauthorized, HTTPStatus: 200}, sendUnknown, sendUnknown},
		"no salt":                 {&douyin.Error{Kind: douyin.Unauthorized, Err: douyin.ErrNoSalt}, sendUnsent, sendUnsent},
		"a kind that is none":     {&douyin.Error{HTTPStatus: 200}, sendUnknown, sendUnknown},
		"no error of Douyin's":    {errors.New("json"), sendUnknown, sendUnknown},
		"a row nobody can read":   {fmt.Errorf("send: %w", &CorruptRowError{Table: "t", Column: "c", Err: errors.New("json")}), sendRefused, sendDoubtful},
		"a FieldError on its own": {&douyin.FieldError{Field: "reason"}, sendUnknown, sendUnknown},
	} {
		if first, second := judgeSend(c.err, true), judgeSend(c.err, false); first != c.first || second != c.second {
			t.Errorf("%s: %d first, %d later; want %d, %d", name, first, second, c.first, c.second)
		}
	}
}

func TestJudgeWaitRefusesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		a       attempt
		outcome store.Outcome
		again   time.Duration // when the scheduler looks
		told    string
	}{
		"no answer":                 {cutOff, attempt{1, false}, store.Retrying, 30 * time.Second, "failed"},
		"no answer, third time":     {cutOff, attempt{3, false}, store.Retrying, 30 * time.Second, "failed"},
		"no answer, last time":      {cutOff, attempt{31, true}, store.GaveUp, 5 * time.Minute, "failed"},
		"throttled":                 {busy1001, attempt{1, false}, store.Retrying, 30 * time.Second, "again in 20s"},
		"throttled, last time":      {busy1001, attempt{31, true}, store.Retrying, 30 * time.Second, "again in 20s"},
		"wrong salt, last time":     {badSign2008, attempt{31, true}, store.Retrying, 30 * time.Second, "again in 8s"},
		"paused":                    {paused, attempt{1, false}, store.Retrying, 30 * time.Second, "again in 30s"},
		"paused, last time":         {paused, attempt{31, true}, store.Retrying, 30 * time.Second, "again in 30s"},
		"paused without a time":     {&douyin.Error{Kind: douyin.Paused}, attempt{1, false}, store.Retrying, 30 * time.Second, "again in 8s"},
		"refused":                   {refused2010, attempt{2, false}, store.Retrying, 15*time.Second + answerGrace, "failed"},
		"refused, last time":        {refused2010, attempt{31, true}, store.Retrying, time.Hour + answerGrace, "failed"},
		"a row that makes no sense": {&douyin.FieldError{Field: "reason"}, attempt{1, false}, store.Retrying, 5*time.Second + answerGrace, "failed"},
		"database":                  {errors.New("gone"), attempt{1, false}, store.Retrying, 5*time.Second + answerGrace, "failed"},
	} {
		v := judgeWait(c.err, c.a, false)
		again := (&movement{MoneyHandler: &MoneyHandler{}}).lookAgain(v)
		if v.outcome != c.outcome || again != c.again || told(v.tell) != c.told {
			t.Errorf("%s: %s, again in %v, told %q; want %s, %v, %q", name, v.outcome, again, told(v.tell), c.outcome, c.again, c.told)
		}
		if v.kind == "" || v.message == "" {
			t.Errorf("%s: kind %q, message %q", name, v.kind, v.message)
		}
	}
}
