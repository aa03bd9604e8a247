package main

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The fields that our manifests use of types that are published in modules many times the size of this one. What is not listed here
// is refused, so a new field is looked up in its documentation before it is used.

// scaledObject is keda.sh/v1alpha1 (https://keda.sh/docs/latest/reference/scaledobject-spec/).
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef struct {
			Name string `json:"name"` // a Deployment where no kind is named
		} `json:"scaleTargetRef"`
		MinReplicaCount *int32 `json:"minReplicaCount"`
		MaxReplicaCount *int32 `json:"maxReplicaCount"`
		PollingInterval *int32 `json:"pollingInterval"`
		Triggers        []struct {
			Type       string                         `json:"type"`
			MetricType autoscalingv2.MetricTargetType `json:"metricType"`
			Metadata   prometheusTrigger              `json:"metadata"`
		} `json:"triggers"`
		Advanced struct {
			HPA struct {
				Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior"`
			} `json:"horizontalPodAutoscalerConfig"`
		} `json:"advanced"`
	} `json:"spec"`
}

// prometheusTrigger is https://keda.sh/docs/latest/scalers/prometheus/. Every value is a text.
type prometheusTrigger struct {
	ServerAddress    string `json:"serverAddress"`
	Query            string `json:"query"`
	Threshold        string `json:"threshold"`
	IgnoreNullValues string `json:"ignoreNullValues"`
}

// podMonitor is monitoring.coreos.com/v1 (https://prometheus-operator.dev/docs/api-reference/api/).
type podMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		JobLabel            string               `json:"jobLabel"`
		Selector            metav1.LabelSelector `json:"selector"`
		PodMetricsEndpoints []struct {
			Port     string `json:"port"`
			Path     string `json:"path"`
			Interval string `json:"interval"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

// prometheusRule is monitoring.coreos.com/v1.
type prometheusRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ruleFile `json:"spec"`
}

// ruleFile is a file of Prometheus's rules.
type ruleFile struct {
	Groups []ruleGroup `json:"groups"`
}

type ruleGroup struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Alert       string            `json:"alert,omitempty"`
	Record      string            `json:"record,omitempty"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// adapterConfig is prometheus-adapter's
// (https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/externalmetrics.md).
type adapterConfig struct {
	ExternalRules []struct {
		SeriesQuery string `json:"seriesQuery"`
		Resources   struct {
			Namespaced *bool `json:"namespaced"`
		} `json:"resources"`
		Name struct {
			As string `json:"as"`
		} `json:"name"`
		MetricsQuery string `json:"metricsQuery"`
	} `json:"externalRules"`
}
