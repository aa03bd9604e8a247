package journeys

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestUsersOfRedisMayDoNothingElse(t *testing.T) {
	s := redisWithUsers(t)
	if s == nil {
		return // TestEveryTopologyOfRedis says why
	}
	own, shop := as(t, s.Addr, "ordersync", ownPassword), as(t, s.Addr, "shop", shopsPassword)
	for _, tt := range []struct {
		who     *redis.Client
		name    string
		command string
		may     bool
	}{
		{own, "ordersync", "SET ordersync:x 1", true},
		{own, "ordersync", "EVAL return(redis.call('LPUSH',KEYS[1],'x')) 1 asynq:{push}:x", true},
		{own, "ordersync", "GET session:1", false},
		{own, "ordersync", "SET rate:limit:other 1", false},
		{own, "ordersync", "EVAL return(redis.call('GET','session:1')) 0", false},
		{own, "ordersync", "EVAL return(redis.call('FLUSHALL')) 0", false},
		{own, "ordersync", "PUBLISH news hello", false},
		{own, "ordersync", "FLUSHALL", false},
		{own, "ordersync", "FLUSHDB", false},
		{own, "ordersync", "KEYS *", false},
		{own, "ordersync", "SCAN 0", false},
		{own, "ordersync", "CONFIG GET requirepass", false},
		{own, "ordersync", "DEBUG SLEEP 0", false},
		{own, "ordersync", "SHUTDOWN NOSAVE", false},
		{own, "ordersync", "ACL LIST", false},
		{own, "ordersync", "CLIENT LIST", false},
		{own, "ordersync", "MONITOR", false},
		{own, "ordersync", "MIGRATE 127.0.0.1 1 ordersync:x 0 1", false},
		{own, "ordersync", "REPLICAOF NO ONE", false},
		{own, "ordersync", "CLUSTER RESET", false},
		{own, "ordersync", "XGROUP DESTROY ordersync:inbox ordersync", false},
		{shop, "shop", "XADD ordersync:inbox MAXLEN ~ 1000 * kind push order_id 1", true},
		{shop, "shop", "XADD ordersync:inbox:dead * kind push", false},
		{shop, "shop", "XADD asynq:{push}:pending * kind push", false},
		{shop, "shop", "XRANGE ordersync:inbox - +", false},
		{shop, "shop", "XLEN ordersync:inbox", false},
		{shop, "shop", "DEL ordersync:inbox", false},
		{shop, "shop", "GET ordersync:x", false},
		{shop, "shop", "EVAL return(1) 0", false},
		{shop, "shop", "FLUSHALL", false},
	} {
		var words []any
		for _, w := range strings.Fields(tt.command) {
			words = append(words, w)
		}
		err := tt.who.Do(t.Context(), words...).Err()
		if tt.may && err != nil || !tt.may && !saysNo(err) {
			t.Errorf("%s: %s: error = %v", tt.name, tt.command, err)
		}
	}
	if err := as(t, s.Addr, "", "").Ping(t.Context()).Err(); err == nil {
		t.Error("whoever names no user is let in")
	}
}

// saysNo knows the words in which Redis says no: to a command, inside a script, and to everybody's DEBUG.
func saysNo(err error) bool {
	return err != nil && slices.ContainsFunc([]string{"NOPERM", "can't run this command", "can't access at least one of the keys", "DEBUG command not allowed"},
		func(words string) bool { return strings.Contains(err.Error(), words) })
}

var scriptCall = regexp.MustCompile(`(?i)redis\.p?call\(\s*["']([a-z]+)["'](?:,\s*["']([a-z]+)["'])?`)

// TestUsersOfRedisMayRunEveryScript reads which commands the scripts of ours and of the libraries call, those that an end-to-end
// test does not come by included: what asynq does when its archive is full, what the queue doctor mends.
func TestUsersOfRedisMayRunEveryScript(t *testing.T) {
	_, rules := redisUsers(t)
	may := map[string]bool{}
	for _, rule := range rules {
		for _, word := range rule {
			if rule[1] == "ordersync" {
				may[strings.TrimPrefix(word.(string), "+")] = true
			}
		}
	}
	seen := 0
	for _, dir := range append(moduleDirs(t, "github.com/hibiken/asynq", "github.com/go-redis/redis_rate/v10", "github.com/bsm/redislock"),
		"../../../tasks", "../../../scheduler", "../../../douyin", "..") {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".lua") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range scriptCall.FindAllStringSubmatch(string(text), -1) {
				seen++
				command := strings.ToLower(m[1])
				if !may[command] && !may[command+"|"+strings.ToLower(m[2])] {
					t.Errorf("%s calls %s %s, which user ordersync of configs/redis/users.conf may not", path, m[1], m[2])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 100 {
		t.Errorf("found %d calls: the scripts are written in another way now", seen)
	}
}

func moduleDirs(t *testing.T, modules ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-m", "-f", "{{.Dir}}"}, modules...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Fields(string(out))
}
