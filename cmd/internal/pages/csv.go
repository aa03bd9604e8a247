package pages

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ordersync/ordersync/store"
)

// csvRows bounds one file, and csvTime what it may ask of the database.
const (
	csvRows = 100_000
	csvPage = 1000
	csvTime = 2 * time.Minute
)

// csvCut is the last record of a file that has not all rows.
var csvCut = fmt.Sprintf("# the first %d rows; a narrower filter has the others", csvRows)

// csvFile writes a list as a file: it is called with the writer of records, and goes on until it has
// no more rows or an error.
type csvFile func(ctx context.Context, form *filterForm, write func(record ...string) error) error

// sendCSV answers with a file. What fails in its middle ends the connection, so that nobody takes a
// half for the whole.
func (p *pages) sendCSV(name func(*http.Request) (string, csvFile)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := p.readFilter(r.URL.Query())
		file, write := name(r)
		if err != nil || write == nil {
			http.Error(w, errBadAddress.text, http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), csvTime)
		defer cancel()
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="ordersync-`+file+`.csv"`)
		out := csv.NewWriter(w)
		_, _ = w.Write([]byte("\ufeff")) // spreadsheets take it for UTF-8 then
		err = write(ctx, &form, func(record ...string) error {
			for i := range record {
				record[i] = harmless(record[i])
			}
			return out.Write(record)
		})
		out.Flush()
		if err != nil || out.Error() != nil {
			p.Log.Error().Err(err).Str("path", r.URL.Path).Msg("admin page")
			panic(http.ErrAbortHandler)
		}
	})
}

// harmless keeps a spreadsheet from taking a text for a formula. A number stays one.
func harmless(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) || cell == "" {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

// stamp is a time in a file: RFC 3339, in the operator's zone.
func (p *pages) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.Zone).Format(time.RFC3339)
}

func (p *pages) failuresCSV(*http.Request) (string, csvFile) {
	return "failures", func(ctx context.Context, form *filterForm, write func(...string) error) error {
		if err := write("order_id", "order_no", "outcome", "kind", "code", "cause", "message", "log_id", "since", "failed_at"); err != nil {
			return err
		}
		q := store.FailureQuery{FailureFilter: form.failures(), Oldest: form.Turn, Limit: csvPage}
		for n := 0; ; {
			page, err := p.Store.Failures(ctx, q)
			if err != nil {
				return err
			}
			for _, f := range page.Orders {
				if err := write(f.OrderID, f.OrderNo, string(f.Outcome), f.Kind, strconv.Itoa(f.Code), f.Cause, f.Message, f.LogID, p.stamp(f.Since), p.stamp(f.FailedAt)); err != nil {
					return err
				}
			}
			if q.After = page.Next; q.After == (store.FailureKey{}) {
				return nil
			}
			if n += len(page.Orders); n >= csvRows {
				return write(csvCut)
			}
		}
	}
}

func (p *pages) listCSV(r *http.Request) (string, csvFile) {
	kind, ok := findList(r.PathValue("list"))
	if !ok {
		return "", nil
	}
	return string(kind.list), func(ctx context.Context, form *filterForm, write func(...string) error) error {
		if err := write("key", "order_id", "system", "state", "amount", "kind", "code", "message", "alarm", "number", "time", "due_at"); err != nil {
			return err
		}
		q := store.ListQuery{ListFilter: form.list(), Turn: form.Turn, Limit: csvPage}
		for n := 0; ; {
			page, err := p.Store.List(ctx, kind.list, q)
			if err != nil {
				return err
			}
			for _, row := range page.Rows {
				amount, due := "", time.Time{}
				if kind.money {
					amount = row.Amount.String()
				}
				if row.DueAt != nil {
					due = *row.DueAt
				}
				if err := write(row.Key, row.OrderID, row.System, row.State, amount, row.Kind, strconv.Itoa(row.Code), row.Message, row.Alarm, row.Note, p.stamp(row.At), p.stamp(due)); err != nil {
					return err
				}
			}
			if !page.More {
				return nil
			}
			q.After = page.Next
			if n += len(page.Rows); n >= csvRows {
				return write(csvCut)
			}
		}
	}
}
