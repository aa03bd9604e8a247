package gateway

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The description and the mux name the same calls.
func TestOpenAPIDescribesEveryRouteAndNoOther(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	w := f.ask("GET", "/openapi.yaml", "")
	if err := yaml.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("openapi: %s", doc.OpenAPI)
	}
	var described []string
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	routes := slices.Clone(f.routes)
	slices.Sort(routes)
	slices.Sort(described)
	if !slices.Equal(routes, described) {
		t.Errorf("routes    %q\ndescribed %q", routes, described)
	}
}
