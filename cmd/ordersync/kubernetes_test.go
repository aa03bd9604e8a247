package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const kubernetes = "../../configs/kubernetes"

// manifest is what this test reads of any of the documents; .ci/tools/kubecheck reads them whole.
type manifest struct {
	Kind       string
	Metadata   struct{ Name string }
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Template struct {
			Spec struct{ Containers []container }
		}
	}
}

type container struct {
	Args    []string
	Env     []struct{ Name, Value string }
	EnvFrom []struct {
		SecretRef    struct{ Name string } `yaml:"secretRef"`
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	StartupProbe   probe `yaml:"startupProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func manifests(t *testing.T, file string) (all []manifest) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(kubernetes, file)) //nolint:gosec // named below
	if err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, m)
	}
}

// environment is what a container sees of ours, on ports that nobody else has.
func environment(t *testing.T, c container) (environ []string) {
	t.Helper()
	secrets := map[string]map[string]string{}
	for _, s := range manifests(t, "secrets.example.yaml") {
		secrets[s.Metadata.Name] = s.StringData
	}
	for _, from := range c.EnvFrom {
		for name, value := range secrets[from.SecretRef.Name] {
			environ = append(environ, name+"="+value)
		}
		if from.ConfigMapRef.Name == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(kubernetes, "base/ordersync.env"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				environ = append(environ, line)
			}
		}
	}
	for _, e := range c.Env {
		environ = append(environ, e.Name+"="+e.Value)
	}
	for i, e := range environ {
		if name, _, _ := strings.Cut(e, "="); strings.HasSuffix(name, "_ADDR") {
			environ[i] = name + "=127.0.0.1:0"
		}
	}
	return environ
}

// filled has values of one's own where the example has placeholders.
func filled(environ []string) []string {
	out := slices.Clone(environ)
	for i, e := range out {
		out[i] = strings.ReplaceAll(strings.ReplaceAll(e, "change-me", "0123456789"), "ttxxxxxxxxxxxxxxxx", "tt0123456789abcdef")
	}
	return out
}

// The manifests are run, but for the cluster: each process with the very arguments and variables that its pod gets, and its probes
// are asked.
func TestThePodsOfTheKubernetesManifestsRun(t *testing.T) {
	migration := manifests(t, "migrate/job.yaml")[0].Spec.Template.Spec.Containers[0]
	for _, name := range []string{"gateway", "worker", "scheduler"} {
		t.Run(name, func(t *testing.T) {
			options := shop(t)
			if code, _, errOut := command(t, environment(t, migration), options, migration.Args...); code != exitDone {
				t.Fatalf("the migration ends with %d: %s", code, errOut)
			}
			c := manifests(t, "base/"+name+".yaml")[0].Spec.Template.Spec.Containers[0]
			if code, _, errOut := command(t, environment(t, c), options, c.Args...); code != exitUsage || !strings.Contains(errOut, "holds an example's placeholder") {
				t.Errorf("with the example's secrets as they stand: code %d, %q", code, errOut)
			}
			public := map[string]string{"http": "gateway", "admin": "admin"}
			for kind, p := range map[string]probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
				addr, stop := listening(t, public[p.HTTPGet.Port], filled(environment(t, c)), options, c.Args...)
				if status, body := get(t, http.DefaultClient, "http://"+addr+p.HTTPGet.Path); status != http.StatusOK {
					t.Errorf("%s: %s of port %s: %d %s", kind, p.HTTPGet.Path, p.HTTPGet.Port, status, body)
				}
				if code := stop(); code != exitDone {
					t.Errorf("ended with %d after its signal, want 0", code)
				}
			}
		})
	}
}
