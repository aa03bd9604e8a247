package doctor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Port is an address that a process wants to listen on.
type Port struct {
	Key  string // "gateway.addr"
	Addr string // "127.0.0.1:8080"; empty: it is not served
}

// portTimeout bounds the question to whoever has a port already.
const portTimeout = time.Second

// maxHealth bounds what is read of its answer.
const maxHealth = 1 << 10

// Ports tells which of the ports can be had now, by taking each for a moment. One that another
// ordersync serves is a Warning; one that some other program has, or that this machine does not
// have, a Failure.
func Ports(ctx context.Context, ports ...Port) []Result {
	var out []Result
	for _, p := range ports {
		if p.Addr != "" {
			out = append(out, p.look(ctx))
		}
	}
	return out
}

func (p Port) look(ctx context.Context) Result {
	const check = "port"
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.Addr)
	switch {
	case err == nil:
		_ = ln.Close() // nobody has connected
		return ok(check, "%s %s is free", p.Key, p.Addr)
	case errors.Is(err, syscall.EADDRINUSE) && p.ours(ctx):
		return warn(check, p.Key+" "+p.Addr+" is served by an ordersync that runs already",
			"nothing where that is the one that is meant; a second process on this machine needs an address of its own")
	case errors.Is(err, syscall.EADDRINUSE):
		return fail(check, p.Key+" "+p.Addr+" is taken by another program", "end that program, or give "+p.Key+" another port")
	case errors.Is(err, syscall.EACCES):
		return fail(check, p.Key+" "+p.Addr+" may not be used by this account", "give "+p.Key+" a port above 1023, and let a proxy have the other one")
	}
	return fail(check, p.Key+" "+p.Addr+" cannot be listened on: "+err.Error(), "let "+p.Key+" name an address of this machine")
}

// ours tells whether an ordersync serves the port: it answers /healthz.
func (p Port) ours(ctx context.Context) bool {
	host, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, portTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHealth))
	said := string(body)
	return err == nil && resp.StatusCode == http.StatusOK && (said == "ok\n" || said == "{\"status\":\"ok\"}\n" || said == "{\"status\":\"ok\"}")
}
