package gateway

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.yaml
var description []byte

// OpenAPI is the description of this API, OpenAPI 3.1 in YAML, as served at /openapi.yaml.
func OpenAPI() []byte { return append([]byte(nil), description...) }

func (g *Gateway) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	_, _ = w.Write(description) // an error here: the client is gone
	return nil
}

type health struct {
	Status string `json:"status"`
}

// healthz says that the process answers, and no more: a restart heals what it would complain of.
func (g *Gateway) healthz(w http.ResponseWriter, _ *http.Request) error {
	return reply(w, http.StatusOK, health{"ok"})
}

// readyz says whether requests should come here now.
func (g *Gateway) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := g.Ready(r.Context()); err != nil {
		return unavailable("Redis or MySQL does not answer, or takes nothing that is written", err)
	}
	return reply(w, http.StatusOK, health{"ready"})
}
