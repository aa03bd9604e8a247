package pages

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/store"
)

// confirmPath is the page that says how many rows a job would be about, before anybody begins it.
const confirmPath = "/jobs/confirm"

// jobActs are the acts as texts of the word list.
var jobActs = map[store.JobAct]string{
	store.JobPush: "Push orders again", store.JobAcknowledge: "Acknowledge alarms", store.JobAgree: "Agree to refunds", store.JobDeny: "Deny refunds",
}

// jobMeans says what an act does, as a text of the word list.
var jobMeans = map[store.JobAct]string{
	store.JobPush:        "First mend the cause. The orders are made due as one job with a progress bar; the scheduler then hands them over, behind live orders.",
	store.JobAcknowledge: "The alarms leave the list of what needs a person, and nothing else changes. One that is raised later is open again.",
	store.JobAgree:       "Douyin pays each of these refunds back to its buyer. Nobody can take it back.",
	store.JobDeny:        "Each buyer reads the words and gets no money back. Nobody can take it back.",
}

// jobButtons are the buttons that begin a job; %s is how many.
var jobButtons = map[store.JobAct]string{
	store.JobPush: "Push all %s again", store.JobAcknowledge: "Acknowledge all %s", store.JobAgree: "Agree to all %s", store.JobDeny: "Deny all %s",
}

// confirmPage asks for a yes, with the number.
type confirmPage struct {
	Act     store.JobAct
	Means   string
	What    string
	Button  string
	Count   int
	Exact   bool
	Changed bool // since another number was shown
	Money   bool // it moves money, or denies it
	Sure    string
	Hidden  []fieldValue
	Back    string
	Note    string // as it was typed
	Most    int    // characters of the note
}

type fieldValue struct{ Name, Value string }

// confirmJob shows what a job would be about, and how many rows that is.
func (p *pages) confirmJob(ctx context.Context, r *http.Request, l lang) (view, error) {
	act, filter, form, err := p.jobOf(r.URL.Query())
	if err != nil {
		return view{}, err
	}
	return p.confirm(ctx, l, act, filter, &form, false)
}

// confirm asks for a yes. changed tells that another number was shown to whoever has said it.
func (p *pages) confirm(ctx context.Context, l lang, act store.JobAct, filter store.JobFilter, form *filterForm, changed bool) (view, error) {
	counted, seen := filter, p.Store.Clock()
	if act == store.JobDeny {
		counted.Note = "-" // it is asked for here
	}
	n, exact, err := p.Store.FoundBy(ctx, act, counted, countMost)
	if err != nil {
		return view{}, err
	}
	page := confirmPage{
		Act: act, Means: l.T(jobMeans[act]), What: p.jobWords(l, act, filter), Count: n, Exact: exact, Changed: changed,
		Money: act == store.JobAgree || act == store.JobDeny, Sure: l.T("The money goes back to the buyer"), Back: form.link("/failures"), Note: filter.Note, Most: noteLength,
	}
	if act == store.JobDeny {
		page.Sure = l.T("The buyer gets nothing")
	}
	number := l.Count(n)
	if !exact {
		number = l.T("at least %s", number)
	}
	page.Button = l.T(jobButtons[act], number)
	switch {
	case filter.List != "":
		page.Back = form.link(listsPath + string(filter.List))
	case filter.Table != "":
		page.Back = alarmsLink
	}
	page.Hidden = jobFields(act, filter, form, n, seen)
	return view{template: "confirm", title: jobActs[act], content: &page}, nil
}

// jobFields are a job as fields of a form, with how many rows were shown, and when: by Store.Clock
// before they were counted.
func jobFields(act store.JobAct, filter store.JobFilter, form *filterForm, count int, seen time.Time) []fieldValue {
	return form.hidden("act", string(act), "list", string(filter.List), "table", string(filter.Table),
		"count", strconv.Itoa(count), "seen", strconv.FormatInt(seen.UnixMilli(), 10))
}

// beginJob writes down what is asked for of a whole filter, and leads to its progress. The form
// says how many rows somebody has seen, and when: where there are more or fewer by now, it asks
// again.
func (p *pages) beginJob(ctx context.Context, r *http.Request, l lang) (view, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return view{}, errBadForm
	}
	act, filter, form, err := p.jobOf(r.PostForm)
	if err != nil {
		return view{}, err
	}
	money := act == store.JobAgree || act == store.JobDeny
	switch {
	case money && r.PostForm.Get("sure") == "":
		return view{}, errNotSure
	case act == store.JobDeny && (filter.Note == "" || len(filter.Note) > maxNote):
		return view{}, errDenyWords
	}
	if filter.Seen, err = readSeen(r.PostForm.Get("seen")); err != nil {
		return view{}, err
	}
	n, _, err := p.Store.FoundBy(ctx, act, filter, countMost)
	if err != nil {
		return view{}, err
	}
	if r.PostForm.Get("count") != strconv.Itoa(n) || filter.Seen.IsZero() {
		return p.confirm(ctx, l, act, filter, &form, true)
	}
	who, _ := admin.SignedIn(ctx)
	job, err := p.Store.BeginJob(ctx, act, filter, who.Name)
	if err != nil {
		return view{}, err
	}
	said := store.Act{Act: store.ActJob, Subject: string(act), Number: strconv.FormatInt(job.ID, 10), Orders: job.Total}
	var about []string
	for _, field := range form.hidden("list", string(filter.List), "table", string(filter.Table), "note", filter.Note) {
		about = append(about, field.Name+"="+field.Value)
	}
	said.Detail = strings.Join(about, ", ")
	p.audit(ctx, "job").Int64("job", job.ID).Str("act", string(act)).Str("about", said.Detail).Msg("admin")
	p.record(ctx, said)
	p.Jobs.hurry(job)
	return view{}, redirect(jobLink(job.ID))
}

// readSeen reads when rows were shown, in milliseconds since 1970; empty: the zero time.
func readSeen(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms <= 0 {
		return time.Time{}, errBadForm
	}
	return time.UnixMilli(ms), nil
}

// jobOf reads what a job is asked for of what. A filter that the job would not heed is a bad form.
func (p *pages) jobOf(in url.Values) (act store.JobAct, f store.JobFilter, form filterForm, err error) {
	act = store.JobAct(in.Get("act"))
	f.List, f.Note = store.List(in.Get("list")), strings.TrimSpace(in.Get("note"))
	if form, err = p.readFilter(in); err != nil {
		return act, f, form, errBadForm
	}
	if len(f.Note) > maxNote {
		return act, f, form, errLongNote
	}
	kind, known := findList(string(f.List))
	switch {
	case act == store.JobPush && f.List == "" && form.State+form.Least+form.Most+form.Alarm == "":
		f.Failures, f.Note = form.failures(), ""
		return act, f, form, nil
	case act == store.JobAcknowledge && f.List == "":
		f.Table, f.Alarm = store.AlarmTable(in.Get("table")), form.Alarm
		if slices.Contains(store.AlarmTables(), f.Table) && f.Alarm != "" && form == (filterForm{Alarm: f.Alarm, Turn: form.Turn}) {
			return act, f, form, nil
		}
	case form.Cause != "": // of failures alone
	case act == store.JobAcknowledge && known && kind.hasAlarms():
		f.Rows = form.list()
		return act, f, form, nil
	case (act == store.JobAgree || act == store.JobDeny) && f.List == store.ListAudits && form.mayWait():
		if act == store.JobAgree {
			f.Note = ""
		}
		f.Rows = form.list()
		return act, f, form, nil
	}
	return act, f, form, errBadForm
}

// jobWords say what a job does to what.
func (p *pages) jobWords(l lang, act store.JobAct, f store.JobFilter) string {
	words := []string{l.T(jobActs[act])}
	say := func(text string) {
		if text != "" {
			words = append(words, text)
		}
	}
	between := func(since, until string) {
		if since+until != "" {
			say(cmp.Or(since, "…") + " – " + cmp.Or(until, "…"))
		}
	}
	switch {
	case act == store.JobPush:
		q := f.Failures
		if q.Kind != "" {
			say(l.failureMeaning(q.Kind, codeOf(q.Code)).Title)
		}
		say(reason(q.Kind, codeOf(q.Code)))
		say(q.Cause)
		between(p.stamp(q.Since), p.stamp(q.Until))
		say(q.Text)
	case f.List != "":
		kind, _ := findList(string(f.List))
		say(l.T(kind.title))
		if f.Rows.State != "" && act == store.JobAcknowledge {
			say(l.T(kind.stateName(f.Rows.State)))
		}
		if f.Rows.AlarmIs != "" {
			say(l.alarmMeaning(f.Rows.AlarmIs).Title)
		}
		say(reason(f.Rows.Kind, codeOf(f.Rows.Code)))
		between(p.stamp(f.Rows.Since), p.stamp(f.Rows.Until))
		between(yuan(f.Rows.Least), yuan(f.Rows.Most))
		say(f.Rows.Text)
	default:
		say(l.alarmMeaning(f.Alarm).Title)
	}
	return strings.Join(words, " · ")
}

// yuan is an amount that bounds a filter; nil: it does not.
func yuan(f *store.Fen) string {
	if f == nil {
		return ""
	}
	return f.String()
}
