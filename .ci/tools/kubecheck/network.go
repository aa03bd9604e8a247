package main

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// checkReached: no pod is without a policy in either direction.
func (c *cluster) checkReached(p pod) {
	held := map[networkingv1.PolicyType]bool{}
	for _, n := range c.policies {
		if matches(&n.Spec.PodSelector, p.labels) {
			for _, t := range n.Spec.PolicyTypes {
				held[t] = true
			}
		}
	}
	if !held[networkingv1.PolicyTypeIngress] || !held[networkingv1.PolicyTypeEgress] {
		c.problem(p.where, "want NetworkPolicies for ingress and egress, found %v", held)
	}
}

// fromIngress tells whether a peer is the controller that the internet reaches.
func fromIngress(p networkingv1.NetworkPolicyPeer) bool {
	return p.NamespaceSelector != nil && strings.HasPrefix(p.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"], "ingress")
}

func (c *cluster) checkPolicies() {
	for _, n := range c.policies {
		where := "NetworkPolicy " + n.Name
		pods := c.selected(&n.Spec.PodSelector)
		if len(pods) == 0 {
			c.problem(where, "selects no pod")
		}
		for _, rule := range n.Spec.Ingress {
			var names []string
			for _, p := range rule.Ports {
				if p.Port == nil || !serves(pods, p.Port.String()) {
					c.problem(where, "ingress to a port that not all its pods have")
					continue
				}
				names = append(names, p.Port.String())
			}
			if len(rule.From) == 0 || len(rule.Ports) == 0 {
				c.problem(where, "ingress from anywhere, or to any port")
			}
			if slices.Contains(names, "http") && slices.ContainsFunc(rule.From, fromIngress) {
				c.problem(where, "lets the public ingress reach the API: want port callbacks, which has nothing else")
			}
			if slices.Contains(names, "admin") && len(names) > 1 {
				c.problem(where, "one rule opens the private port with another")
			}
		}
		for _, rule := range n.Spec.Egress {
			if len(rule.Ports) == 0 {
				c.problem(where, "egress to any port")
			}
			for _, to := range rule.To {
				if b := to.IPBlock; b != nil && b.CIDR == "0.0.0.0/0" && !slices.Contains(b.Except, "169.254.0.0/16") {
					c.problem(where, "egress to the cloud's metadata address")
				}
			}
		}
	}
}
