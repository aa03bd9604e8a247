package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

const (
	exampleFile = "ordersync.example.yaml"
	rulesFile   = "monitoring/ordersync.rules.yml"
	adapterFile = "kubernetes/prometheus-adapter.yaml"

	prefix      = "ORDERSYNC_"
	shutdownKey = "worker.shutdown_timeout"
	gatewayKey  = "gateway.addr"
	callbackKey = "gateway.callback_addr"
	adminKey    = "admin.addr"
)

// facts are what the manifests are held against.
type facts struct {
	keys     map[string]configKey // by path
	groups   map[string]ruleGroup
	adapter  adapterConfig
	recorded map[string]float64 // a recorded series -> the value that asks for no change
	jobs     map[string]bool    // job="…" of the alerts
}

type configKey struct {
	value  string // the default
	secret bool
	group  bool // has entries of its own
}

var (
	steady = regexp.MustCompile(`or vector\((\d+)\)\s*$`)
	job    = regexp.MustCompile(`job="([a-z]+)"`)
)

func readFacts(files map[string]string) (facts, error) {
	f := facts{keys: map[string]configKey{}, groups: map[string]ruleGroup{}, recorded: map[string]float64{}, jobs: map[string]bool{}}
	var example kyaml.Node
	if err := kyaml.Unmarshal([]byte(files[exampleFile]), &example); err != nil {
		return f, fmt.Errorf("%s: %w", exampleFile, err)
	}
	if len(example.Content) == 0 {
		return f, fmt.Errorf("%s: want a mapping", exampleFile)
	}
	f.addKeys(example.Content[0], "")
	if err := yaml.UnmarshalStrict([]byte(files[adapterFile]), &f.adapter); err != nil {
		return f, fmt.Errorf("%s: %w", adapterFile, err)
	}
	var rules ruleFile
	if err := yaml.UnmarshalStrict([]byte(files[rulesFile]), &rules); err != nil {
		return f, fmt.Errorf("%s: %w", rulesFile, err)
	}
	for _, g := range rules.Groups {
		f.groups[g.Name] = g
		for _, r := range g.Rules {
			if m := job.FindStringSubmatch(r.Expr); m != nil {
				f.jobs[m[1]] = true
			}
			if r.Record == "" {
				continue
			}
			m := steady.FindStringSubmatch(r.Expr)
			if m == nil {
				return f, fmt.Errorf("%s: %s does not end in a value that asks for no change: or vector(…)", rulesFile, r.Record)
			}
			value, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return f, err
			}
			f.recorded[r.Record] = value
		}
	}
	return f, nil
}

// addKeys takes every leaf of the example: a mapping in braces is one.
func (f *facts) addKeys(level *kyaml.Node, above string) {
	for i := 0; i+1 < len(level.Content); i += 2 {
		name, value := level.Content[i], level.Content[i+1]
		path := above + name.Value
		if value.Kind == kyaml.MappingNode && value.Style&kyaml.FlowStyle == 0 {
			f.addKeys(value, path+".")
			continue
		}
		comment := name.LineComment + value.LineComment
		key := configKey{value: value.Value, secret: strings.Contains(comment, "secret:"), group: value.Kind == kyaml.MappingNode}
		f.keys[path] = key
		if key.secret {
			f.keys[path+"_file"] = configKey{}
		}
	}
}

// key is what an environment variable sets.
func (f *facts) key(variable string) (path string, key configKey, ok bool) {
	path = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, prefix), "__", "."))
	if key, ok = f.keys[path]; ok {
		return path, key, true
	}
	if above, _, entry := cutLast(path); entry {
		key, ok = f.keys[above]
		return path, key, ok && key.group
	}
	return path, key, false
}

func cutLast(path string) (above, name string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// setting is the value of a key in an environment, or its default.
func (f *facts) setting(environ map[string]string, path string) string {
	if v, ok := environ[prefix+strings.ToUpper(strings.ReplaceAll(path, ".", "__"))]; ok {
		return v
	}
	return f.keys[path].value
}

// port is the number behind the last colon of an address.
func port(addr string) int32 {
	n, err := strconv.ParseInt(addr[strings.LastIndexByte(addr, ':')+1:], 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0
	}
	return d
}
