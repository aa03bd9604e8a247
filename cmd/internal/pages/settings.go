package pages

import (
	"context"
	"net/http"
	"runtime"

	"github.com/ordersync/ordersync/store"
)

// Setting is a key of the configuration of this process, as it counts. Value never holds a secret.
type Setting struct{ Key, Value, From string }

// settingsPage is what this process runs with.
type settingsPage struct {
	Settings   []Setting
	Version    string
	Go         string
	Zone       string
	Migrations []store.Migration
}

func (p *pages) settings(ctx context.Context, _ *http.Request, _ lang) (view, error) {
	page := settingsPage{Settings: p.Settings, Version: p.Version, Go: runtime.Version(), Zone: p.Zone.String()}
	var err error
	if page.Migrations, err = p.Store.MigrationStatus(ctx); err != nil {
		return view{}, err
	}
	return view{template: "settings", title: "Settings", content: &page}, nil
}
