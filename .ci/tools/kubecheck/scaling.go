package main

import (
	"reflect"
	"strconv"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// autoscalers is how many scale that Deployment.
func (c *cluster) autoscalers(deployment string) int {
	n := 0
	for _, h := range c.scalers {
		if h.Spec.ScaleTargetRef.Kind == "Deployment" && h.Spec.ScaleTargetRef.Name == deployment {
			n++
		}
	}
	for _, s := range c.scaled {
		if s.Spec.ScaleTargetRef.Name == deployment {
			n++
		}
	}
	return n
}

// checkScaling: one autoscaler, by a series that is recorded, towards the very value that the recording uses for "no change".
func (c *cluster) checkScaling() {
	if n := c.autoscalers("ordersync-worker"); n != 1 && len(c.deployments) > 0 {
		c.problem("Deployment ordersync-worker", "has %d autoscalers, want one", n)
	}
	for _, h := range c.scalers {
		c.checkScaler(h)
	}
	for _, s := range c.scaled {
		c.checkScaled(s)
	}
	for _, r := range c.rules {
		for _, g := range r.Spec.Groups {
			if !reflect.DeepEqual(g, c.groups[g.Name]) {
				c.problem("PrometheusRule "+r.Name, "group %s is not as in %s", g.Name, rulesFile)
			}
		}
	}
}

func (c *cluster) checkScaler(h *autoscalingv2.HorizontalPodAutoscaler) {
	where := "HorizontalPodAutoscaler " + h.Name
	if h.Spec.MinReplicas == nil {
		c.problem(where, "want minReplicas")
		return
	}
	c.checkPace(where, *h.Spec.MinReplicas, h.Spec.MaxReplicas, h.Spec.Behavior)
	for _, m := range h.Spec.Metrics {
		e := m.External
		if m.Type != autoscalingv2.ExternalMetricSourceType || e == nil || e.Target.Type != autoscalingv2.ValueMetricType || e.Target.Value == nil {
			c.problem(where, "want an external metric with a target Value: an average would fall with every pod")
			continue
		}
		c.checkTarget(where, c.adapted(e.Metric.Name), e.Target.Value.AsApproximateFloat64())
	}
}

// adapted is the series behind a metric of prometheus-adapter; empty when its rules have none.
func (c *cluster) adapted(metric string) string {
	for _, r := range c.adapter.ExternalRules {
		for series := range c.recorded {
			if r.Name.As == metric && no(r.Resources.Namespaced) && r.SeriesQuery == `{__name__="`+series+`"}` {
				return series
			}
		}
	}
	return ""
}

func (c *cluster) checkScaled(s *scaledObject) {
	where := "ScaledObject " + s.Name
	if s.Spec.MinReplicaCount == nil || s.Spec.MaxReplicaCount == nil || len(s.Spec.Triggers) != 1 {
		c.problem(where, "want minReplicaCount, maxReplicaCount and one trigger")
		return
	}
	c.checkPace(where, *s.Spec.MinReplicaCount, *s.Spec.MaxReplicaCount, s.Spec.Advanced.HPA.Behavior)
	t := s.Spec.Triggers[0]
	if t.Type != "prometheus" || t.MetricType != autoscalingv2.ValueMetricType || t.Metadata.ServerAddress == "" {
		c.problem(where, "want a prometheus trigger of metricType Value: an average would fall with every pod")
	}
	if t.Metadata.IgnoreNullValues != "false" {
		c.problem(where, `ignoreNullValues: want "false", or a Prometheus that lost the series takes the workers away`)
	}
	target, err := strconv.ParseFloat(t.Metadata.Threshold, 64)
	if err != nil {
		c.problem(where, "threshold %q is no number", t.Metadata.Threshold)
	}
	c.checkTarget(where, t.Metadata.Query, target)
}

func (c *cluster) checkTarget(where, series string, target float64) {
	value, ok := c.recorded[series]
	switch {
	case !ok:
		c.problem(where, "its metric is no series that %s records", rulesFile)
	case value != target:
		c.problem(where, "target %v: %s reads %v where more workers would not help, which must ask for no change", target, series, value)
	}
}

// checkPace: never below two, and slower down than up.
func (c *cluster) checkPace(where string, least, most int32, b *autoscalingv2.HorizontalPodAutoscalerBehavior) {
	if least < 2 || most <= least {
		c.problem(where, "%d to %d pods: want at least two, and room to grow", least, most)
	}
	if b == nil || b.ScaleUp == nil || b.ScaleDown == nil || b.ScaleUp.StabilizationWindowSeconds == nil || b.ScaleDown.StabilizationWindowSeconds == nil ||
		*b.ScaleUp.StabilizationWindowSeconds >= *b.ScaleDown.StabilizationWindowSeconds {
		c.problem(where, "behavior: want both windows, and the one for fewer pods longer")
	}
}
