package store

import (
	"strings"
	"testing"
	"time"
)

func TestJudgeTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	east, sydney := time.FixedZone("+08:00", 8*3600), time.FixedZone("+11:00", 11*3600)
	for name, tt := range map[string]struct {
		at          newestTime
		loc, server *time.Location
		cure        string // part of it; empty: all is well
	}{
		"just now":              {newestTime{Format: Datetime, At: now.Add(-time.Minute)}, shanghai, time.UTC, ""},
		"a little ahead":        {newestTime{Format: Datetime, At: now.Add(time.Minute)}, shanghai, time.UTC, ""},
		"none":                  {newestTime{Format: Datetime}, shanghai, time.UTC, ""},
		"closed since Friday":   {newestTime{Format: Datetime, At: now.Add(-50 * time.Hour)}, shanghai, time.UTC, ""},
		"written in UTC":        {newestTime{Format: Datetime, At: now.Add(-8*time.Hour - time.Minute)}, shanghai, time.UTC, "loc in mysql.dsn to the zone in which the shop writes its times, which seems to be UTC"},
		"written in China":      {newestTime{Format: Datetime, At: now.Add(8*time.Hour - time.Minute)}, time.UTC, time.UTC, "seems to be Asia%2FShanghai"},
		"server in China":       {newestTime{Format: Datetime, At: now.Add(8*time.Hour - time.Minute)}, time.UTC, east, "seems to be Asia%2FShanghai"},
		"server elsewhere":      {newestTime{Format: Datetime, At: now.Add(11*time.Hour - time.Minute)}, time.UTC, sydney, "seems to be the one of +11:00"},
		"ahead, nobody's zone":  {newestTime{Format: Datetime, At: now.Add(5 * time.Hour)}, time.UTC, time.UTC, "set loc in mysql.dsn"},
		"TIMESTAMP ahead":       {newestTime{Format: Datetime, Absolute: true, At: now.Add(8 * time.Hour)}, time.UTC, east, "look at the clock of whoever writes created"},
		"TIMESTAMP of 8 h ago":  {newestTime{Format: Datetime, Absolute: true, At: now.Add(-8 * time.Hour)}, shanghai, time.UTC, ""},
		"seconds of 8 h ago":    {newestTime{Format: Unix, At: now.Add(-8 * time.Hour)}, shanghai, time.UTC, ""},
		"seconds ahead":         {newestTime{Format: Unix, At: now.Add(8 * time.Hour)}, shanghai, time.UTC, "look at the clock"},
		"milliseconds as unix":  {newestTime{Format: Unix, At: time.Unix(now.UnixMilli(), 0)}, time.UTC, time.UTC, "set shop.time to unix_ms"},
		"seconds as unix_ms":    {newestTime{Format: unixMS, At: time.UnixMilli(now.Unix())}, time.UTC, time.UTC, "set shop.time to unix:"},
		"milliseconds as meant": {newestTime{Format: unixMS, At: now.Add(-time.Second)}, time.UTC, time.UTC, ""},
	} {
		tt.at.Column = "created"
		f := judgeTime(tt.at, now, tt.loc, tt.server)
		if f.OK != (tt.cure == "") || !f.OK && !f.Minor || !strings.Contains(f.Cure, tt.cure) || (f.Cure == "") != f.OK {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestJudgeSession(t *testing.T) {
	for name, ok := range map[string]map[string]bool{
		"UTC": {"+00:00": true}, "Asia/Shanghai": {"+08:00": true},
		"America/New_York": {"America/New_York": true, "-05:00": false},
	} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for session, want := range ok {
			if f, got := judgeSession(loc, session); got != want || f.Minor == want {
				t.Errorf("loc %s, session %s: %+v", name, session, f)
			}
		}
	}
}

func TestSteadyOffset(t *testing.T) {
	for name, want := range map[string]string{
		"UTC": "+00:00", "Asia/Shanghai": "+08:00", "Asia/Kathmandu": "+05:45", "America/New_York": "", "Europe/Berlin": "",
	} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := steadyOffset(loc); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	if got := sqlOffset(-(3*3600 + 30*60)); got != "-03:30" {
		t.Errorf("west of Greenwich: %s", got)
	}
}
