package main

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const (
	nobody     = 65534    // the image's USER
	measured   = 53 << 20 // bytes resident at most with 200 handlers at full load: configs/OPERATIONS.md, "Speed"
	readyBound = 3        // seconds that /readyz takes at most (cmd/internal/assembly)
)

// pod is what a Deployment or a Job makes.
type pod struct {
	where  string // "Deployment ordersync-worker"
	labels labels.Set
	spec   *corev1.PodSpec
}

func (c *cluster) pods() []pod {
	var all []pod
	for _, d := range c.deployments {
		all = append(all, pod{"Deployment " + d.Name, d.Spec.Template.Labels, &d.Spec.Template.Spec})
	}
	for _, j := range c.jobs {
		all = append(all, pod{"Job " + j.Name, j.Spec.Template.Labels, &j.Spec.Template.Spec})
	}
	return all
}

// checkPod holds a pod to the restricted Pod Security Standard and to having nothing of the cluster's.
func (c *cluster) checkPod(p pod) {
	s := p.spec
	sc := s.SecurityContext
	if sc == nil || !yes(sc.RunAsNonRoot) || sc.RunAsUser == nil || *sc.RunAsUser != nobody || sc.RunAsGroup == nil || *sc.RunAsGroup != nobody {
		c.problem(p.where, "securityContext: want runAsNonRoot, and runAsUser and runAsGroup %d", nobody)
	}
	if sc == nil || sc.SeccompProfile == nil || sc.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		c.problem(p.where, "securityContext: want seccompProfile RuntimeDefault")
	}
	if s.HostNetwork || s.HostPID || s.HostIPC {
		c.problem(p.where, "shares the node's network or processes")
	}
	if !no(s.AutomountServiceAccountToken) || !no(s.EnableServiceLinks) {
		c.problem(p.where, "want automountServiceAccountToken and enableServiceLinks false")
	}
	if s.ServiceAccountName != "" && !c.hasAccount(s.ServiceAccountName) {
		c.problem(p.where, "serviceAccountName %s: there is none without a token", s.ServiceAccountName)
	}
	for _, v := range s.Volumes {
		if v.EmptyDir == nil || v.EmptyDir.SizeLimit == nil {
			c.problem(p.where, "volume %s: want an emptyDir with a sizeLimit", v.Name)
		}
	}
}

func (c *cluster) hasAccount(name string) bool {
	for _, a := range c.accounts {
		if a.Name == name && no(a.AutomountServiceAccountToken) {
			return true
		}
	}
	return false
}

func (c *cluster) checkContainers(p pod) {
	if len(p.spec.Containers) != 1 || len(p.spec.InitContainers) > 0 {
		c.problem(p.where, "want one container, found %d and %d to begin with", len(p.spec.Containers), len(p.spec.InitContainers))
	}
	for i := range p.spec.Containers {
		k := &p.spec.Containers[i]
		where := p.where + ", container " + k.Name
		sc := k.SecurityContext
		if sc == nil || !no(sc.AllowPrivilegeEscalation) || sc.Privileged != nil || !yes(sc.ReadOnlyRootFilesystem) ||
			sc.Capabilities == nil || len(sc.Capabilities.Add) > 0 || fmt.Sprint(sc.Capabilities.Drop) != "[ALL]" {
			c.problem(where, "securityContext: want no privilege escalation, a read-only root file system, and all capabilities dropped")
		}
		if sc != nil && (sc.RunAsNonRoot != nil || sc.RunAsUser != nil) {
			c.problem(where, "securityContext: who it runs as is the pod's to say")
		}
		if _, tag, ok := strings.Cut(k.Image, ":"); !ok || tag == "" || tag == "latest" {
			c.problem(where, "image %s: want a tag that stays what it is", k.Image)
		}
		if len(k.Args) == 0 || len(k.Command) > 0 {
			c.problem(where, "want args, and the image's own command")
		}
		c.checkMemory(where, k)
	}
}

// checkMemory holds requests and limits to what was measured, and Go's own limit to them.
func (c *cluster) checkMemory(where string, k *corev1.Container) {
	cpu, request, limit := k.Resources.Requests.Cpu(), k.Resources.Requests.Memory(), k.Resources.Limits.Memory()
	if cpu.IsZero() || request.IsZero() || limit.IsZero() || !k.Resources.Limits.Cpu().IsZero() {
		c.problem(where, "resources: want requests of cpu and memory, a limit of memory, and none of cpu")
		return
	}
	if k.Name == "worker" && (request.Value() < measured || limit.Value() < 2*measured) {
		c.problem(where, "resources: %s requested, at most %s, and %d MiB were measured", request, limit, measured>>20)
	}
	for _, e := range k.Env {
		if e.Name != "GOMEMLIMIT" {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(e.Value, "MiB"), 10, 64)
		if share := float64(n<<20) / float64(limit.Value()); err != nil || share < 0.7 || share > 0.9 {
			c.problem(where, "GOMEMLIMIT %s: want 70 to 90 %% of the memory limit %s, in MiB", e.Value, limit)
		}
		return
	}
	c.problem(where, "has no GOMEMLIMIT")
}

func yes(b *bool) bool { return b != nil && *b }
func no(b *bool) bool  { return b != nil && !*b }
