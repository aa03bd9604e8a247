package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// checkNames: all of it stands in our namespace, which refuses pods that are not restricted.
func (c *cluster) checkNames() {
	if len(c.namespaces) != 1 || c.namespaces[0].Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		c.problem("Namespace", "want one, with pod-security.kubernetes.io/enforce: restricted")
		return
	}
	ours := c.namespaces[0].Name
	for _, o := range c.objects() {
		if o.GetNamespace() != ours {
			c.problem(o.GetName(), "stands in namespace %q, want %s", o.GetNamespace(), ours)
		}
	}
}

// objects are all that have a namespace.
func (c *cluster) objects() []metav1.Object {
	var all []metav1.Object
	all = collect(all, c.secrets)
	all = collect(all, c.configMaps)
	all = collect(all, c.accounts)
	all = collect(all, c.services)
	all = collect(all, c.deployments)
	all = collect(all, c.jobs)
	all = collect(all, c.budgets)
	all = collect(all, c.policies)
	all = collect(all, c.scalers)
	all = collect(all, c.scaled)
	all = collect(all, c.monitors)
	return collect(all, c.rules)
}

func collect[T metav1.Object](all []metav1.Object, some []T) []metav1.Object {
	for _, o := range some {
		all = append(all, o)
	}
	return all
}

// selected are the pods with these labels.
func (c *cluster) selected(s *metav1.LabelSelector) []pod {
	var out []pod
	for _, p := range c.pods() {
		if matches(s, p.labels) {
			out = append(out, p)
		}
	}
	return out
}

// serves tells whether every one of the pods has a port of that name.
func serves(pods []pod, name string) bool {
	for _, p := range pods {
		if !hasPort(&p.spec.Containers[0], name) {
			return false
		}
	}
	return len(pods) > 0
}

func (c *cluster) checkServices() {
	for _, s := range c.services {
		where := "Service " + s.Name
		pods := c.selected(&metav1.LabelSelector{MatchLabels: labels.Set(s.Spec.Selector)})
		for _, p := range s.Spec.Ports {
			if !serves(pods, p.TargetPort.String()) {
				c.problem(where, "port %s leads to %s, which its pods do not have", p.Name, p.TargetPort.String())
			}
			if p.TargetPort.String() == "admin" && (len(s.Spec.Ports) > 1 || s.Spec.SessionAffinity != "ClientIP") {
				c.problem(where, "the private port: want a Service of its own, with sessionAffinity ClientIP")
			}
			if p.TargetPort.String() == "admin" && s.Spec.Type != "" && s.Spec.Type != "ClusterIP" {
				c.problem(where, "the private port is opened to the outside")
			}
		}
	}
}

// checkDisruption: a drain takes pods one by one, and is never held up for good.
func (c *cluster) checkDisruption() {
	for _, d := range c.deployments {
		n := 0
		for _, b := range c.budgets {
			if !matches(b.Spec.Selector, d.Spec.Template.Labels) {
				continue
			}
			n++
			if m := b.Spec.MaxUnavailable; m == nil || m.IntValue() < 1 {
				c.problem("PodDisruptionBudget "+b.Name, "want maxUnavailable of 1 or more: nodes must be able to drain")
			}
		}
		if n != 1 {
			c.problem("Deployment "+d.Name, "has %d PodDisruptionBudgets, want one", n)
		}
	}
}

// checkMonitors: the operator finds every process, and calls the job as the alerts do.
func (c *cluster) checkMonitors() {
	for _, m := range c.monitors {
		where := "PodMonitor " + m.Name
		pods := c.selected(&m.Spec.Selector)
		if len(pods) != len(c.deployments) || len(m.Spec.PodMetricsEndpoints) != 1 {
			c.problem(where, "selects %d pods of %d Deployments at %d ports", len(pods), len(c.deployments), len(m.Spec.PodMetricsEndpoints))
			continue
		}
		if e := m.Spec.PodMetricsEndpoints[0]; e.Path != "/metrics" || e.Port != "admin" || !serves(pods, e.Port) {
			c.problem(where, "want /metrics of port admin")
		}
		for _, p := range pods {
			if !c.facts.jobs[p.labels[m.Spec.JobLabel]] {
				c.problem(where, "jobLabel %s makes job=%q, which no alert knows", m.Spec.JobLabel, p.labels[m.Spec.JobLabel])
			}
		}
	}
}
