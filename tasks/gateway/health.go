package gateway

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"strings"
	"time"
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
	return g.reply(w, http.StatusOK, health{"ok"})
}

// notReady is what an error of Parts.Ready may be: what is missing, in words that name no host.
type notReady interface {
	error
	Missing() []string
}

// readyTimeout bounds one answer of /readyz; probes usually wait longer.
const readyTimeout = 2 * time.Second

// readyz says whether requests should come here now, and where not, which part is missing.
func (g *Gateway) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := g.Ready(ctx); err != nil {
		detail := "Redis or MySQL does not answer, or takes nothing that is written"
		var bad notReady
		if errors.As(err, &bad) {
			detail = strings.Join(bad.Missing(), "; ")
		}
		return unavailable(detail, err)
	}
	return g.reply(w, http.StatusOK, health{"ready"})
}
