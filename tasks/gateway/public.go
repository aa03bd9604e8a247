package gateway

import "net/http"

// publicPatterns are all that CallbackPort serves.
var publicPatterns = map[string]bool{"POST /callbacks/douyin": true, "GET /healthz": true}

// CallbackPort is the handler of gateway.callback_addr, for a listener that a proxy may show to the
// internet: Douyin's callbacks and /healthz, as the Gateway itself serves them, and nothing else.
// Every other path is unknown there.
func (g *Gateway) CallbackPort() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.serve(w, r, g.public, "no such path on this port")
	})
}
