package main

import (
	"errors"
	"fmt"
	"path"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// variant is one thing that somebody applies.
type variant struct {
	name       string
	root       string   // a folder of configs/kubernetes
	components []string // likewise
}

var variants = []variant{
	{"kubernetes", ".", nil},
	{"kubernetes/migrate", "migrate", nil},
	{"kubernetes with prometheus-operator", ".", []string{"prometheus-operator"}},
	{"kubernetes with keda", ".", []string{"keda"}},
	{"kubernetes with both", ".", []string{"prometheus-operator", "keda"}},
}

// byHand are the files that no kustomization names: a person applies them first.
var byHand = []string{"kubernetes/namespace.yaml", "kubernetes/secrets.example.yaml"}

// cluster is what one variant makes, together with what is applied by hand.
type cluster struct {
	facts
	variant  string
	read     int
	problems []string

	namespaces  []*corev1.Namespace
	secrets     []*corev1.Secret
	configMaps  []*corev1.ConfigMap
	accounts    []*corev1.ServiceAccount
	services    []*corev1.Service
	deployments []*appsv1.Deployment
	jobs        []*batchv1.Job
	budgets     []*policyv1.PodDisruptionBudget
	policies    []*networkingv1.NetworkPolicy
	scalers     []*autoscalingv2.HorizontalPodAutoscaler
	scaled      []*scaledObject
	monitors    []*podMonitor
	rules       []*prometheusRule
}

func (c *cluster) problem(where, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("%s: %s: %s", c.variant, where, fmt.Sprintf(format, args...)))
}

// build runs kustomize over the files in memory and decodes what comes out.
func (c *cluster) build(files map[string]string, v variant) error {
	fs := filesys.MakeFsInMemory()
	for name, text := range files {
		if err := fs.WriteFile("/"+name, []byte(text)); err != nil {
			return err
		}
	}
	top := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../" + path.Join("kubernetes", v.root) + "]\ncomponents:\n"
	for _, component := range v.components {
		top += "  - ../kubernetes/" + component + "\n"
	}
	if len(v.components) == 0 {
		top = strings.TrimSuffix(top, "components:\n")
	}
	if err := fs.WriteFile("/applied/kustomization.yaml", []byte(top)); err != nil {
		return err
	}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, "/applied")
	if err != nil {
		return err
	}
	for _, r := range made.Resources() {
		document, err := r.MarshalJSON()
		if err != nil {
			return err
		}
		if err := c.decode(document); err != nil {
			return err
		}
	}
	for _, name := range byHand {
		for document := range strings.SplitSeq(files[name], "\n---\n") {
			asJSON, err := yaml.YAMLToJSONStrict([]byte(document))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := c.decode(asJSON); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// decode takes one document in. A field that its type does not have is an error.
func (c *cluster) decode(document []byte) error {
	var head struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(document, &head); err != nil {
		return err
	}
	c.read++
	kind := head.APIVersion + " " + head.Kind
	for known, into := range map[string]func() error{
		"v1 Namespace":                            into(document, &c.namespaces),
		"v1 Secret":                               into(document, &c.secrets),
		"v1 ConfigMap":                            into(document, &c.configMaps),
		"v1 ServiceAccount":                       into(document, &c.accounts),
		"v1 Service":                              into(document, &c.services),
		"apps/v1 Deployment":                      into(document, &c.deployments),
		"batch/v1 Job":                            into(document, &c.jobs),
		"policy/v1 PodDisruptionBudget":           into(document, &c.budgets),
		"networking.k8s.io/v1 NetworkPolicy":      into(document, &c.policies),
		"autoscaling/v2 HorizontalPodAutoscaler":  into(document, &c.scalers),
		"keda.sh/v1alpha1 ScaledObject":           into(document, &c.scaled),
		"monitoring.coreos.com/v1 PodMonitor":     into(document, &c.monitors),
		"monitoring.coreos.com/v1 PrometheusRule": into(document, &c.rules),
	} {
		if kind == known {
			if err := into(); err != nil {
				return fmt.Errorf("%s %s: %w", head.Kind, head.Metadata.Name, err)
			}
			return nil
		}
	}
	return fmt.Errorf("%s %s: a kind that kubecheck does not know: teach it", kind, head.Metadata.Name)
}

func into[T any](document []byte, all *[]*T) func() error {
	return func() error {
		one := new(T)
		strict, err := json.UnmarshalStrict(document, one)
		if err = errors.Join(append(strict, err)...); err != nil {
			return err
		}
		*all = append(*all, one)
		return nil
	}
}
