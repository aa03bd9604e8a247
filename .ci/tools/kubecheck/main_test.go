package main

import (
	"maps"
	"strings"
	"testing"
)

const configs = "../../../configs"

func TestTheManifestsOfThisRepositoryAreGood(t *testing.T) {
	files, err := readTree(configs)
	if err != nil {
		t.Fatal(err)
	}
	read, problems := check(files)
	if read < 50 || len(problems) > 0 {
		t.Errorf("%d documents, problems %q", read, problems)
	}
}

// Each line spoils one file in one place and says what must be found. Without it a rule could be one that is never broken.
func TestWhatIsSpoiltIsFound(t *testing.T) {
	const (
		gateway, worker, scheduler = "kubernetes/base/gateway.yaml", "kubernetes/base/worker.yaml", "kubernetes/base/scheduler.yaml"
		env, services, network     = "kubernetes/base/ordersync.env", "kubernetes/base/services.yaml", "kubernetes/base/network.yaml"
		scaler, scaled             = "kubernetes/base/autoscaler.yaml", "kubernetes/keda/scaledobject.yaml"
		secrets, namespace         = "kubernetes/secrets.example.yaml", "kubernetes/namespace.yaml"
		migrate, top, budgets      = "kubernetes/migrate/job.yaml", "kubernetes/kustomization.yaml", "kubernetes/base/disruption.yaml"
		monitor, ruleCopy          = "kubernetes/prometheus-operator/podmonitor.yaml", "kubernetes/prometheus-operator/rule.yaml"
	)
	tests := []struct{ name, file, from, to, want string }{
		// what a decoder finds
		{"a field that is none", worker, "terminationGracePeriodSeconds:", "terminationGracePeriod:", `unknown field "spec.template.spec.terminationGracePeriod"`},
		{"a field in another case", worker, "readOnlyRootFilesystem:", "readOnlyRootFileSystem:", "readOnlyRootFileSystem"},
		{"a field given twice", secrets, "kind: Secret\n", "kind: Secret\nkind: Secret\n", "kind"},
		{"a field of KEDA that is none", scaled, "pollingInterval:", "pollInterval:", "pollInterval"},
		{"a kind nobody knows", services, "kind: Service\n", "kind: Servise\n", "Servise"},
		{"a file that is not there", "kubernetes/base/kustomization.yaml", "- worker.yaml", "- workers.yaml", "workers.yaml"},
		{"a text for a number", budgets, "maxUnavailable: 1", "maxUnavailable: [1]", "PodDisruptionBudget ordersync-gateway: json: cannot unmarshal array"},

		// pods
		{"may be root", worker, "runAsNonRoot: true", "runAsNonRoot: false", "want runAsNonRoot"},
		{"another user than the image's", worker, "runAsUser: 65534", "runAsUser: 1000", "runAsUser and runAsGroup 65534"},
		{"root after all", worker, "allowPrivilegeEscalation: false", "runAsUser: 0\n            allowPrivilegeEscalation: false", "the pod's to say"},
		{"no seccomp", worker, "type: RuntimeDefault", "type: Unconfined", "RuntimeDefault"},
		{"writes to its image", worker, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "read-only root"},
		{"keeps a capability", migrate, "{ drop: [ALL] }", "{ drop: [ALL], add: [NET_RAW] }", "all capabilities dropped"},
		{"escalates", migrate, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "no privilege escalation"},
		{"the node's network", worker, "enableServiceLinks: false", "enableServiceLinks: false\n      hostNetwork: true", "node's network"},
		{"service links", worker, "enableServiceLinks: false", "enableServiceLinks: true", "enableServiceLinks"},
		{"a token", scheduler, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "automountServiceAccountToken"},
		{"an account with a token", "kubernetes/base/serviceaccount.yaml", "automountServiceAccountToken: false", "automountServiceAccountToken: true", "there is none without a token"},
		{"a folder of the node", worker, "emptyDir: { sizeLimit: 16Mi }", "hostPath: { path: / }", "want an emptyDir"},
		{"a volume without end", worker, "emptyDir: { sizeLimit: 16Mi }", "emptyDir: {}", "sizeLimit"},
		{"a shell", worker, "args: [worker]", "command: [sh]\n          args: [worker]", "the image's own command"},
		{"whatever is latest", top, "newTag: v0.1.0", "newTag: latest", "a tag that stays what it is"},
		{"no limit of memory", worker, "limits: { memory: 192Mi }", "limits: {}", "resources: want"},
		{"throttled", worker, "limits: { memory: 192Mi }", "limits: { memory: 192Mi, cpu: 1 }", "none of cpu"},
		{"a second container", worker, "      volumes:\n", "        - name: sidecar\n          image: sidecar:1\n      volumes:\n", "want one container"},
		{"less than was measured", worker, "memory: 64Mi }", "memory: 48Mi }", "53 MiB were measured"},
		{"Go's limit above the kernel's", worker, "value: 154MiB", "value: 200MiB", "70 to 90 %"},
		{"Go has no limit", worker, "name: GOMEMLIMIT", "name: GOMEMORY", "has no GOMEMLIMIT"},

		// Deployments
		{"a selector for others", worker, "matchLabels: { app.kubernetes.io/name: ordersync, app.kubernetes.io/component: worker }", "matchLabels: { app.kubernetes.io/component: gateway }", "does not match its own pods"},
		{"all at once", worker, "type: RollingUpdate", "type: Recreate", "want a rolling update"},
		{"replicas beside the autoscaler", worker, "  # No replicas: they are the autoscaler's, and every apply would set them back.\n", "  replicas: 3\n", "its autoscaler's"},
		{"one alone", gateway, "replicas: 2", "replicas: 1", "want two replicas"},
		{"anywhere", "kubernetes/kustomization.yaml", "images:", "patches:\n  - patch: |\n      [{\"op\": \"remove\", \"path\": \"/spec/template/spec/topologySpreadConstraints\"}]\n    target: { kind: Deployment }\n\nimages:", "spread over nodes"},
		{"spread by others", worker, "labelSelector: { matchLabels: { app.kubernetes.io/component: worker } }", "labelSelector: { matchLabels: { app.kubernetes.io/component: gateway } }", "counts other pods"},
		{"another command than its name", scheduler, "args: [scheduler]", "args: [worker]", "three times"},
		{"killed while calls are in flight", worker, "terminationGracePeriodSeconds: 90", "terminationGracePeriodSeconds: 75", "more than 1m23s"},
		{"a longer shutdown than the grace", env, "SHUTDOWN_TIMEOUT=75s", "SHUTDOWN_TIMEOUT=5m", "more than 5m8s"},
		{"requests while endpoints change", gateway, "sleep: { seconds: 5 }", "exec: { command: [sleep] }", "preStop.sleep"},
		{"preStop eats the grace", gateway, "sleep: { seconds: 5 }", "sleep: { seconds: 30 }", "more than 1m53s"},
		{"alive only with its servers", worker, "httpGet: { path: /healthz, port: admin }\n            periodSeconds: 10", "httpGet: { path: /readyz, port: admin }\n            periodSeconds: 10", "livenessProbe: want GET /healthz"},
		{"never asked whether it starts", worker, "startupProbe:", "livenessProbe:", "livenessProbe"},
		{"a probe of a port that is none", gateway, "path: /readyz, port: http", "path: /readyz, port: web", "no port is called web"},
		{"less patience than /readyz needs", worker, "periodSeconds: 5\n            timeoutSeconds: 5", "periodSeconds: 5\n            timeoutSeconds: 1", "takes up to 3 s"},
		{"another port than is bound", worker, "containerPort: 8081", "containerPort: 9090", "port admin is 9090"},
		{"another public port than is bound", env, "GATEWAY__ADDR=:8080", "GATEWAY__ADDR=:80", "port http is 8080"},
		{"scraped where nobody serves", worker, `prometheus.io/port: "8081"`, `prometheus.io/port: "8080"`, "want Prometheus led"},

		// variables
		{"a variable that is no key", env, "WORKER__CONCURRENCY", "WORKER__CONCURENCY", "worker.concurency is not a key"},
		{"a variable of somebody else", env, "ORDERSYNC_LOG__FORMAT", "LOG_FORMAT", "LOG_FORMAT is none of ours"},
		{"a secret for all to read", env, "ORDERSYNC_LOG__FORMAT=json", "ORDERSYNC_DOUYIN__SALT=x", "douyin.salt is a secret"},
		{"a setting among secrets", secrets, "ORDERSYNC_DOUYIN__SALT:", "ORDERSYNC_DOUYIN__BASE_URL:", "is no secret"},
		{"a variable twice", secrets, "ORDERSYNC_DOUYIN__SALT:", "ORDERSYNC_REDIS__URI:", "ORDERSYNC_REDIS__URI comes from"},
		{"a Secret that is not there", scheduler, "name: ordersync-stores", "name: ordersync-store", "Secret ordersync-store is not there"},
		{"a real secret", secrets, `SECRET: "change-me"`, `SECRET: "f00ba7"`, "may be a real one"},
		{"a secret that cannot be read", secrets, "stringData:\n  ORDERSYNC_DOUYIN__SECRET: \"change-me\"", "data:\n  ORDERSYNC_DOUYIN__SECRET: Y2hhbmdlLW1l\nstringData:", "want stringData"},

		// what leads to what
		{"another namespace", top, "namespace: ordersync\n", "namespace: shop\n", `namespace "shop"`},
		{"a namespace that takes root", namespace, "enforce: restricted", "enforce: baseline", "enforce: restricted"},
		{"a Service of nobody", services, "component: gateway }", "component: gatway }", "its pods do not have"},
		{"a Service to no port", services, "targetPort: http", "targetPort: web", "leads to web"},
		{"a sign-in that is forgotten", services, "sessionAffinity: ClientIP", "sessionAffinity: None", "sessionAffinity ClientIP"},
		{"the private port beside the public one", services, "targetPort: http }", "targetPort: http }\n    - { name: admin, port: 81, targetPort: admin }", "a Service of its own"},
		{"the private port in the open", services, "  sessionAffinity: ClientIP", "  type: LoadBalancer\n  sessionAffinity: ClientIP", "opened to the outside"},
		{"a drain without end", budgets, "maxUnavailable: 1", "maxUnavailable: 0", "nodes must be able to drain"},
		{"a budget for nobody", budgets, "component: worker", "component: wroker", "has 0 PodDisruptionBudgets"},
		{"a monitor of nobody", monitor, "matchLabels: { app.kubernetes.io/name: ordersync }", "matchLabels: { app: ordersync }", "selects 0 pods"},
		{"a monitor at the public port", monitor, "port: admin", "port: http", "port admin"},
		{"a job that no alert knows", monitor, "jobLabel: app.kubernetes.io/name", "jobLabel: app.kubernetes.io/component", "which no alert knows"},

		// the network
		{"nothing holds a pod", network, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "for ingress and egress"},
		{"a policy for nobody", "kubernetes/migrate/network.yaml", "podSelector: { matchLabels: { app.kubernetes.io/name: ordersync-migrate } }", "podSelector: { matchLabels: { app.kubernetes.io/name: migrate } }", "selects no pod"},
		{"metrics for everybody", network, "    - from:\n        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }\n      ports:", "    - ports:", "ingress from anywhere"},
		{"a port that not all have", network, "port: admin }", "port: http }", "not all its pods have"},
		{"the API for the internet", network, "port: callbacks }", "port: http }", "lets the public ingress reach the API"},
		{"another port for callbacks", gateway, "containerPort: 8090", "containerPort: 8091", "port callbacks is 8091"},
		{"the pages with the API", network, "port: http }", "port: http }\n        - { protocol: TCP, port: admin }", "opens the private port with another"},
		{"the cloud's metadata", network, " 169.254.0.0/16,", "", "metadata address"},
		{"everything outside", network, "      ports:\n        - { protocol: TCP, port: 443 }\n", "", "egress to any port"},

		// the autoscalers
		{"scales by what is not recorded", "kubernetes/prometheus-adapter.yaml", "ordersync:scaling_queue_age_seconds", "ordersync:queue_age_seconds", "no series"},
		{"a metric the adapter does not have", scaler, "name: ordersync_scaling_queue_age_seconds", "name: ordersync_queue_age_seconds", "no series"},
		{"an adapter that looks in the namespace", "kubernetes/prometheus-adapter.yaml", "namespaced: false", "namespaced: true", "no series"},
		{"an adapter's field that is none", "kubernetes/prometheus-adapter.yaml", "metricsQuery:", "metricQuery:", "metricQuery"},
		{"a target that never rests", scaler, `value: "30"`, `value: "60"`, "must ask for no change"},
		{"an average", scaler, `target: { type: Value, value: "30" }`, `target: { type: AverageValue, averageValue: "30" }`, "an average would fall"},
		{"as fast down as up", scaler, "stabilizationWindowSeconds: 900", "stabilizationWindowSeconds: 60", "fewer pods longer"},
		{"down to one", scaler, "minReplicas: 2", "minReplicas: 1", "at least two"},
		{"down to whatever", scaler, "  minReplicas: 2\n", "", "want minReplicas"},
		{"KEDA with no end", scaled, "  maxReplicaCount: 10\n", "", "want minReplicaCount, maxReplicaCount"},
		{"of nobody", scaler, "kind: Deployment, name: ordersync-worker", "kind: Deployment, name: ordersync-wroker", "has 0 autoscalers"},
		{"KEDA beside the other", "kubernetes/keda/kustomization.yaml", "$patch: delete\n      ", "", "has 2 autoscalers"},
		{"KEDA takes silence for rest", scaled, `ignoreNullValues: "false"`, `ignoreNullValues: "true"`, "takes the workers away"},
		{"KEDA's average", scaled, "metricType: Value", "metricType: AverageValue", "an average would fall"},
		{"KEDA's other query", scaled, "query: ordersync:scaling_queue_age_seconds", "query: ordersync_queue_oldest_pending_seconds", "no series"},
		{"KEDA's other target", scaled, `threshold: "30"`, `threshold: "20"`, "must ask for no change"},
		{"KEDA's threshold is no number", scaled, `threshold: "30"`, `threshold: "30s"`, "is no number"},
		{"another rule than is tested", ruleCopy, `state!="closed"`, `state="open"`, "is not as in"},
		{"a recording without rest", rulesFile, "or vector(30)", "or vector(0.5)", "asks for no change"},
	}
	good, err := readTree(configs)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := maps.Clone(good)
			if !strings.Contains(files[tt.file], tt.from) {
				t.Fatalf("%s has no %q to spoil", tt.file, tt.from)
			}
			files[tt.file] = strings.ReplaceAll(files[tt.file], tt.from, tt.to)
			_, problems := check(files)
			if got := strings.Join(problems, "\n"); !strings.Contains(got, tt.want) || got == "" {
				t.Errorf("got %q, want a problem with %q", got, tt.want)
			}
		})
	}
}
