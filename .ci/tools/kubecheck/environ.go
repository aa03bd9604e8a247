package main

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// source is one place that variables of a container come from.
type source struct {
	name   string
	values map[string]string
}

// sources are a container's, in the order in which later ones win. What is named and not there is nil.
func (c *cluster) sources(k *corev1.Container) []source {
	var all []source
	for _, from := range k.EnvFrom {
		switch {
		case from.ConfigMapRef != nil:
			all = append(all, source{"ConfigMap " + from.ConfigMapRef.Name, c.configMap(from.ConfigMapRef.Name)})
		case from.SecretRef != nil:
			all = append(all, source{"Secret " + from.SecretRef.Name, c.secret(from.SecretRef.Name)})
		}
	}
	own := map[string]string{}
	for _, e := range k.Env {
		own[e.Name] = e.Value
	}
	return append(all, source{"env", own})
}

func (c *cluster) configMap(name string) map[string]string {
	for _, m := range c.configMaps {
		if m.Name == name {
			return m.Data
		}
	}
	return nil
}

func (c *cluster) secret(name string) map[string]string {
	for _, s := range c.secrets {
		if s.Name == name {
			return s.StringData
		}
	}
	return nil
}

// environ is what a pod's process sees of ours.
func (c *cluster) environ(p pod) map[string]string {
	all := map[string]string{}
	for i := range p.spec.Containers {
		for _, s := range c.sources(&p.spec.Containers[i]) {
			for name, value := range s.values {
				all[name] = value
			}
		}
	}
	return all
}

// checkEnviron: every variable is a key, given once; secrets come from Secrets.
func (c *cluster) checkEnviron(p pod) {
	for i := range p.spec.Containers {
		given := map[string]string{}
		for _, s := range c.sources(&p.spec.Containers[i]) {
			if s.values == nil {
				c.problem(p.where, "%s is not there", s.name)
			}
			for name := range s.values {
				if other := given[name]; other != "" {
					c.problem(p.where, "%s comes from %s and from %s", name, other, s.name)
				}
				given[name] = s.name
				c.checkVariable(p.where, s.name, name)
			}
		}
	}
}

func (c *cluster) checkVariable(where, from, name string) {
	if !strings.HasPrefix(name, prefix) {
		if from != "env" {
			c.problem(where, "%s: %s is none of ours", from, name)
		}
		return
	}
	path, key, ok := c.key(name)
	switch secret := strings.HasPrefix(from, "Secret "); {
	case !ok:
		c.problem(where, "%s: %s: %s is not a key", from, name, path)
	case key.secret && !secret:
		c.problem(where, "%s: %s is a secret", from, path)
	case !key.secret && secret:
		c.problem(where, "%s: %s is no secret, and a change there would roll nothing", from, path)
	}
}

// checkSecrets keeps real ones out of the repository, and each for somebody.
func (c *cluster) checkSecrets() {
	for _, s := range c.secrets {
		if len(s.Data) > 0 {
			c.problem("Secret "+s.Name, "want stringData, where a reader sees what stands")
		}
		for name, value := range s.StringData {
			if value != "" && !strings.Contains(value, "change-me") {
				c.problem("Secret "+s.Name, "%s may be a real one: want change-me", name)
			}
		}
	}
}
