package main

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// teardown is what a process may take beside worker.shutdown_timeout to end: closeSlack of package
// assembly, which cannot be imported from here.
const teardown = 8 * time.Second

// checkDeployment looks at how pods start, are asked, are replaced and end.
func (c *cluster) checkDeployment(d *appsv1.Deployment) {
	where, set, spec := "Deployment "+d.Name, labels.Set(d.Spec.Template.Labels), &d.Spec.Template.Spec
	if !matches(d.Spec.Selector, set) {
		c.problem(where, "selector does not match its own pods")
	}
	if r := d.Spec.Strategy.RollingUpdate; d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || r == nil || r.MaxSurge == nil || r.MaxUnavailable == nil {
		c.problem(where, "strategy: want a rolling update that says maxSurge and maxUnavailable")
	}
	switch autoscaled := c.autoscalers(d.Name) > 0; {
	case autoscaled && d.Spec.Replicas != nil:
		c.problem(where, "replicas are its autoscaler's")
	case !autoscaled && (d.Spec.Replicas == nil || *d.Spec.Replicas < 2):
		c.problem(where, "want two replicas or an autoscaler")
	}
	if len(spec.TopologySpreadConstraints) == 0 {
		c.problem(where, "want its pods spread over nodes")
	}
	for _, t := range spec.TopologySpreadConstraints {
		if !matches(t.LabelSelector, set) {
			c.problem(where, "spread over %s counts other pods", t.TopologyKey)
		}
	}
	environ := c.environ(pod{where, set, spec})
	for i := range spec.Containers {
		k := &spec.Containers[i]
		if set["app.kubernetes.io/component"] != k.Name || len(k.Args) != 1 || k.Args[0] != k.Name {
			c.problem(where, "container %s, label component and args %q: want the command's name three times", k.Name, k.Args)
		}
		c.checkProbes(where, k)
		c.checkPorts(where, d, k, environ)
		c.checkGrace(where, spec, k, environ)
	}
}

// checkGrace: whoever is killed before its calls have ended leaves tasks to asynq's recovery.
func (c *cluster) checkGrace(where string, spec *corev1.PodSpec, k *corev1.Container, environ map[string]string) {
	needed := duration(c.setting(environ, shutdownKey)) + teardown
	if k.Lifecycle != nil && k.Lifecycle.PreStop != nil && k.Lifecycle.PreStop.Sleep != nil {
		needed += time.Duration(k.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	} else if hasPort(k, "http") {
		c.problem(where, "want lifecycle.preStop.sleep: requests still come while the endpoints change")
	}
	if g := spec.TerminationGracePeriodSeconds; g == nil || time.Duration(*g)*time.Second <= needed {
		c.problem(where, "terminationGracePeriodSeconds: want more than %s, preStop and %s: more than %s", shutdownKey, teardown, needed)
	}
}

func (c *cluster) checkProbes(where string, k *corev1.Container) {
	for _, p := range []struct {
		name, path string
		probe      *corev1.Probe
	}{{"startupProbe", "/healthz", k.StartupProbe}, {"livenessProbe", "/healthz", k.LivenessProbe}, {"readinessProbe", "/readyz", k.ReadinessProbe}} {
		if p.probe == nil || p.probe.HTTPGet == nil || p.probe.HTTPGet.Path != p.path {
			c.problem(where, "%s: want GET %s", p.name, p.path)
			continue
		}
		if name := p.probe.HTTPGet.Port.String(); !hasPort(k, name) {
			c.problem(where, "%s: no port is called %s", p.name, name)
		}
		if p.name == "readinessProbe" && p.probe.TimeoutSeconds <= readyBound {
			c.problem(where, "%s: timeoutSeconds: /readyz itself takes up to %d s", p.name, readyBound)
		}
	}
}

// checkPorts holds the ports of container and scrape to the addresses that the process binds.
func (c *cluster) checkPorts(where string, d *appsv1.Deployment, k *corev1.Container, environ map[string]string) {
	for name, key := range map[string]string{"http": gatewayKey, "callbacks": callbackKey, "admin": adminKey} {
		for _, p := range k.Ports {
			if p.Name == name && p.ContainerPort != port(c.setting(environ, key)) {
				c.problem(where, "port %s is %d, and %s is %s", name, p.ContainerPort, key, c.setting(environ, key))
			}
		}
	}
	scrape := d.Spec.Template.Annotations
	if !hasPort(k, "admin") || scrape["prometheus.io/scrape"] != "true" || scrape["prometheus.io/path"] != "/metrics" ||
		port(":"+scrape["prometheus.io/port"]) != port(c.setting(environ, adminKey)) {
		c.problem(where, "want Prometheus led to /metrics on the port of %s", adminKey)
	}
}

func hasPort(k *corev1.Container, name string) bool {
	for _, p := range k.Ports {
		if p.Name == name {
			return true
		}
	}
	return false
}

// matches tells whether a selector that selects something selects these labels.
func matches(s *metav1.LabelSelector, set labels.Set) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && !selector.Empty() && selector.Matches(set)
}
