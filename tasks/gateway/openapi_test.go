package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	oaerrors "github.com/pb33f/libopenapi-validator/errors"
	"gopkg.in/yaml.v3"
)

// described is openapi.yaml as its validator reads it, once for all tests.
var described = sync.OnceValues(func() (validator.Validator, error) {
	doc, err := libopenapi.NewDocument(OpenAPI())
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc)
	return v, errors.Join(errs...)
})

func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	if ok, faults := v.ValidateDocument(); !ok {
		t.Error(words(faults))
	}
}

// holdTo checks one exchange against openapi.yaml: every answer must be as described, and a request
// that was taken must be one that the file allows. Every request of every test of this package
// comes through here.
func holdTo(t *testing.T, f *fixture, r *http.Request, sent []byte, w *httptest.ResponseRecorder) {
	t.Helper()
	_, route := f.mux.Handler(r)
	if route == "" || w.Code == http.StatusMethodNotAllowed || w.Code == http.StatusNotFound && strings.Contains(w.Body.String(), "no such path") {
		return // nothing of the file
	}
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if len(sent) == 0 {
		r.Body = nil
	}
	answer := w.Result() //nolint:bodyclose // a recorder's body needs no closing
	if ok, faults := v.ValidateHttpResponse(r, answer); !ok {
		t.Errorf("%s %s: HTTP %d is not as openapi.yaml says: %s\n%s", r.Method, r.URL.Path, w.Code, words(faults), w.Body)
	}
	if w.Code >= http.StatusMultipleChoices {
		return
	}
	r.Header.Set("Authorization", "Bearer "+token) // asked for in the file, not on loopback
	if ok, faults := v.ValidateHttpRequestSync(r); !ok {
		t.Errorf("%s %s was taken, and openapi.yaml forbids it: %s\n%s", r.Method, r.URL.Path, words(faults), sent)
	}
}

func words(faults []*oaerrors.ValidationError) string {
	var all []string
	for _, f := range faults {
		all = append(all, f.Message+" "+f.Reason)
		for _, s := range f.SchemaValidationErrors {
			all = append(all, "  "+s.Reason)
		}
	}
	return strings.Join(all, "\n")
}

// answers reads which statuses the file describes, by route.
func answers(t *testing.T) map[string][]string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]any
		}
	}
	if err := yaml.Unmarshal(OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			route := strings.ToUpper(method) + " " + path
			all[route] = []string{}
			for status := range op.Responses {
				all[route] = append(all[route], status)
			}
		}
	}
	return all
}

func TestOpenAPIDescribesEveryRouteAndNoOther(t *testing.T) {
	t.Parallel()
	var files []string
	for route := range answers(t) {
		files = append(files, route)
	}
	routes := slices.Clone(setUp(t).routes)
	slices.Sort(routes)
	slices.Sort(files)
	if !slices.Equal(routes, files) {
		t.Errorf("routes    %q\ndescribed %q", routes, files)
	}
}
