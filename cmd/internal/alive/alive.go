package alive

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// Key is the hash in Redis: a field for each process.
const Key = "ordersync:alive"

const (
	// Every is how often a process gives a sign of life.
	Every = 5 * time.Second
	// Dead is how old the last sign of life of a process is that is taken for gone: three missed ones
	// and some more.
	Dead = 20 * time.Second

	keep    = 24 * time.Hour // of a field whose process was killed
	patient = 3 * time.Second
)

// The roles that a process has.
const (
	Gateway   = "gateway"
	Worker    = "worker"
	Scheduler = "scheduler"
)

// Process is one process, as it describes itself.
type Process struct {
	ID      string   `json:"-"` // host, number of the process, and when it began
	Host    string   `json:"host"`
	PID     int      `json:"pid"`
	Roles   []string `json:"roles"` // Gateway, Worker, Scheduler
	Version string   `json:"version"`
	Commit  string   `json:"commit,omitempty"`
	// App is its douyin.app_id and Database the name of its database: two processes of one deployment have the
	// same. Empty: an older version, which does not tell.
	App      string    `json:"app,omitempty"`
	Database string    `json:"database,omitempty"`
	Started  time.Time `json:"started"`
	// Breakers are the states of its breakers ("closed", "half-open", "open") by the calls that they
	// guard. Empty: it calls nobody.
	Breakers map[string]string `json:"breakers,omitempty"`

	Age time.Duration `json:"-"` // of the last sign of life, by Redis' clock
}

// Alive tells whether the last sign of life is young.
func (p *Process) Alive() bool { return p.Age < Dead }

// Has tells whether the process has a role.
func (p *Process) Has(role string) bool { return slices.Contains(p.Roles, role) }

// Beat gives the signs of life of one process.
type Beat struct {
	Redis    redis.UniversalClient
	Describe func() Process  // without roles: there is nothing to tell yet
	Hurry    <-chan struct{} // a sign of life is wanted at once; nil: none ever is
	Log      zerolog.Logger
}

// beatScript writes a process's field and drops those that are a day old. KEYS the hash. ARGV the
// process's id, its description, how long a field is kept in ms. Returns nothing.
//
// A field's value is the time in ms, a space, and the description.
var beatScript = redis.NewScript(`
local t = redis.call('time')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('hset', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
local all = redis.call('hgetall', KEYS[1])
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^%d+'))
  if not at or now - at > tonumber(ARGV[3]) then redis.call('hdel', KEYS[1], all[i]) end
end
redis.call('pexpire', KEYS[1], ARGV[3])
return 1`)

// Run gives a sign of life every few seconds until ctx ends, and then takes the process's field
// away. A Redis that does not answer is for others to complain of: it is a line of debug here.
func (b *Beat) Run(ctx context.Context) {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		b.once(ctx)
		select {
		case <-ticker.C:
		case <-b.Hurry:
		case <-ctx.Done():
			b.end(context.WithoutCancel(ctx)) // the process is about to end, and says so
			return
		}
	}
}

func (b *Beat) once(ctx context.Context) {
	p := b.Describe()
	if len(p.Roles) == 0 {
		return
	}
	within, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	if err := GiveSign(within, b.Redis, p); err != nil && ctx.Err() == nil {
		b.Log.Debug().Err(err).Msg("sign of life")
	}
}

// GiveSign gives one sign of life of a process.
func GiveSign(ctx context.Context, rdb redis.UniversalClient, p Process) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return beatScript.Run(ctx, rdb, []string{Key}, p.ID, text, keep.Milliseconds()).Err()
}

func (b *Beat) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, Every/10)
	defer cancel()
	if err := b.Redis.HDel(ctx, Key, b.Describe().ID).Err(); err != nil {
		b.Log.Debug().Err(err).Msg("last sign of life")
	}
}

// Read reads all processes that gave a sign of life in the last day, the youngest sign first. A
// description that cannot be read is left out: it is of a newer version.
func Read(ctx context.Context, rdb redis.UniversalClient) ([]Process, error) {
	pipe := rdb.Pipeline()
	clock := pipe.Time(ctx)
	fields := pipe.HGetAll(ctx, Key)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("alive: read: %w", err)
	}
	var all []Process
	for id, value := range fields.Val() {
		if p, ok := parse(value, clock.Val()); ok {
			p.ID = id
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Process) int { return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

func parse(value string, now time.Time) (p Process, ok bool) {
	at, text, _ := strings.Cut(value, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || json.Unmarshal([]byte(text), &p) != nil {
		return p, false
	}
	p.Age = max(now.Sub(time.UnixMilli(ms)), 0)
	return p, true
}
