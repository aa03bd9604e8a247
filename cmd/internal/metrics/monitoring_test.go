package metrics

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ordersync/ordersync/store/servertest"
)

const monitoring = "../../../configs/monitoring"

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(monitoring, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// expressions are all queries of the rules and of the dashboard, each with where it stands.
func expressions(t *testing.T) (rules, panels map[string]string) {
	t.Helper()
	rules, panels = map[string]string{}, map[string]string{}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Record, Expr string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(read(t, "ordersync.rules.yml"), &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if _, twice := rules[r.Alert+r.Record]; twice {
				t.Errorf("two rules are called %s", r.Alert+r.Record)
			}
			rules[r.Alert+r.Record] = r.Expr
			if r.Record != "" { // the autoscaler's
				continue
			}
			if !slices.Contains([]string{"page", "ticket", "advice"}, r.Labels["severity"]) || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s: want severity page, ticket or advice, a summary and what to do", r.Alert)
			}
		}
	}
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			panels[p.Title] += q.Expr + "\n"
		}
	}
	if len(rules) < 20 || len(panels) < 20 {
		t.Fatalf("%d alerts and %d panels: is the form another one now?", len(rules), len(panels))
	}
	return rules, panels
}

var (
	metricName = regexp.MustCompile(`ordersync_[a-z_]+`)
	matchers   = regexp.MustCompile(`(ordersync_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	suffix     = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// A rule about a metric that was renamed is never true, and so never noticed.
func TestAlertsAndDashboardAskForWhatThereIs(t *testing.T) {
	m := whole(servertest.Redis(t), &countsStub{}, at(now))
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]map[string][]string{} // metric -> label -> its values
	for _, f := range families {
		labels := map[string][]string{}
		for _, s := range f.GetMetric() {
			for _, l := range s.GetLabel() {
				labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
			}
		}
		values[f.GetName()] = labels
	}
	for _, d := range []string{"used_bytes", "max_bytes"} { // miniredis tells nothing of its memory
		values["ordersync_redis_memory_"+d] = map[string][]string{}
	}
	values["ordersync_redis_keeps_keys"] = map[string][]string{}

	rules, panels := expressions(t)
	shown := map[string]bool{}
	for where, expr := range rules {
		checkNames(t, "rule "+where, expr, values)
	}
	for where, expr := range panels {
		for _, name := range checkNames(t, "panel "+where, expr, values) {
			shown[name] = true
		}
	}
	for name := range values {
		if strings.HasPrefix(name, namespace+"_") && !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// checkNames returns the metrics that an expression asks for.
func checkNames(t *testing.T, where, expr string, values map[string]map[string][]string) (names []string) {
	t.Helper()
	for _, name := range metricName.FindAllString(expr, -1) {
		name = suffix.ReplaceAllString(name, "")
		names = append(names, name)
		if values[name] == nil {
			t.Errorf("%s asks for %s, which nobody tells", where, name)
		}
	}
	for _, found := range matchers.FindAllStringSubmatch(expr, -1) {
		labels := values[suffix.ReplaceAllString(found[1], "")]
		for _, l := range matcher.FindAllStringSubmatch(found[2], -1) {
			for _, v := range strings.Split(l[3], "|") {
				if !slices.Contains(labels[l[1]], v) {
					t.Errorf("%s: %s has no %s=%q", where, found[1], l[1], v)
				}
			}
		}
	}
	return names
}
