package assembly

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/worker"
)

// A rung that is configured too high or too low is named by its key and where that was set.
func TestTheLadderNamesTheKeyThatIsOffIt(t *testing.T) {
	for _, c := range []struct {
		name, environ, want string // want: all of the error; empty: none
	}{
		{"the defaults", "", ""},
		{"the longest call", "ORDERSYNC_DOUYIN__TIMEOUT=11600ms", ""},
		{"call and task", "ORDERSYNC_DOUYIN__TIMEOUT=12s", "config: douyin.timeout (ORDERSYNC_DOUYIN__TIMEOUT): " +
			"3 calls of 12s, 5s of statements and 20s of waiting for a handler and at the gate do not fit into a task's 1m0s: want less than 11.6s"},
		{"the shortest shutdown", "ORDERSYNC_WORKER__SHUTDOWN_TIMEOUT=70s", ""},
		{"task and shutdown", "ORDERSYNC_WORKER__SHUTDOWN_TIMEOUT=69s", "config: worker.shutdown_timeout (ORDERSYNC_WORKER__SHUTDOWN_TIMEOUT): " +
			"1m9s is too short for a task (1m0s) and its record (10s), and asynq would hand the task to another process while it still runs: want at least 1m10s"},
		{"both, and what configs finds by itself", "ORDERSYNC_DOUYIN__TIMEOUT=1m ORDERSYNC_SCHEDULER__LOOKBACK=1m ORDERSYNC_WORKER__SHUTDOWN_TIMEOUT=1s",
			"douyin.timeout scheduler.lookback worker.shutdown_timeout"},
	} {
		_, err := configs.Load("", strings.Fields(c.environ), Ladder)
		switch words := strings.Fields(c.want); {
		case c.want == "":
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		case err == nil:
			t.Errorf("%s: no error, want %s", c.name, c.want)
		case words[0] == "config:" && err.Error() != c.want:
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		case words[0] != "config:":
			for _, key := range words {
				if !strings.Contains(err.Error(), key+" (") {
					t.Errorf("%s: %v does not name %s", c.name, err, key)
				}
			}
		}
	}
}

// What nobody configures, and what is configured by default.
func TestEveryRungIsBelowTheNext(t *testing.T) {
	cfg := configs.Default()
	longestCall := (tasks.Timeout - longestPark - worker.PassTimeout(0)) / worker.PassCalls // that Ladder lets pass
	for _, rung := range []struct {
		name        string
		low, high   time.Duration
		mayBeEqual  bool
		whatHappens string
	}{
		{"the default call", cfg.Douyin.Timeout, longestCall, false, "the default configuration is refused"},
		{"the queue before the gate", worker.LongestQueue, longestPark, false, "the gate refuses whoever has to wait"},
		{"the longest call and the gateway", longestCall, gateway.Timeout, false, "a payment ends without Douyin's answer"},
		{"a request and the drain", gateway.Timeout, Drain, true, "a request is cut off when the process ends"},
		{"the drain and the end", Drain, Ending(cfg), false, "a port is cut off before it is drained"},
		{"the task, its record and the shutdown", tasks.Timeout + worker.RecordTimeout, cfg.Worker.ShutdownTimeout, true, "a task runs twice"},
		{"the shutdown and the end", cfg.Worker.ShutdownTimeout, Ending(cfg), false, "tasks are not handed back"},
	} {
		if rung.low > rung.high || rung.low == rung.high && !rung.mayBeEqual {
			t.Errorf("%s: %v is not below %v: %s", rung.name, rung.low, rung.high, rung.whatHappens)
		}
	}
	if cfg.Douyin.Timeout != douyin.DefaultTimeout {
		t.Errorf("a call takes %v by default, package douyin says %v", cfg.Douyin.Timeout, douyin.DefaultTimeout)
	}
}

// The last rung stands in what starts the containers.
func TestAContainerOutlivesTheEndOfItsProcess(t *testing.T) {
	const root = "../../../"
	manifests, err := filepath.Glob(root + "configs/kubernetes/base/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	grace := regexp.MustCompile(`(?:stop_grace_period: ([0-9]+)s|terminationGracePeriodSeconds: ([0-9]+))`)
	found := 0
	for _, file := range append(manifests, root+"docker-compose.yml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range grace.FindAllStringSubmatch(string(text), -1) {
			found++
			seconds, err := strconv.Atoi(m[1] + m[2])
			if end := Ending(configs.Default()); err != nil || time.Duration(seconds)*time.Second <= end {
				t.Errorf("%s: %s, and the process may take %v to end", file, m[0], end)
			}
		}
	}
	if found < 4 { // the three deployments and docker compose
		t.Errorf("%d grace periods found", found)
	}
}
