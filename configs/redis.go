package configs

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// RedisOptions is how Redis is reached. Exactly one of the three is set.
type RedisOptions struct {
	Single   *redis.Options
	Sentinel *redis.FailoverOptions
	Cluster  *redis.ClusterOptions
}

// Options reads URI or ClusterAddrs, and the files that TLS needs. User and password of the URI win over Username and Password.
// The error is an *Error that names the key, and never shows the URI.
//
// redis://, rediss:// and unix:// are read by go-redis (which knows ?db=, ?pool_size= and more); redis+unix:// is another name for
// unix://. A Sentinel group is
//
//	redis-sentinel://[user:password@]host:port,host:port[/db]?master=NAME[&sentinel_username=…][&sentinel_password=…]
//
// where user and password are Redis's own, as in asynq's form of this address. Unlike there, the database number counts.
func (r Redis) Options() (RedisOptions, error) {
	key := "redis.uri"
	if len(r.ClusterAddrs) > 0 {
		key = "redis.cluster_addrs"
	}
	o, err := r.parse()
	if err != nil {
		return RedisOptions{}, &Error{[]Problem{{Key: key, Want: err.Error()}}}
	}
	if problem, ok := r.secure(&o); !ok {
		return RedisOptions{}, &Error{[]Problem{problem}}
	}
	o.boundBuffers()
	return o, nil
}

// Each connection has two buffers, of so many bytes; what is longer goes in pieces. Every server of
// asynq keeps a connection to be told what to cancel, so a worker with many has a hundred and more
// that carry little, and go-redis' own 32 KiB would be half of all that it holds. What is long goes
// in pipelines, which have a few connections of their own (128 KiB each, were it left to go-redis).
const (
	redisBuffer    = 4 << 10
	pipelineBuffer = 32 << 10
)

func (o *RedisOptions) boundBuffers() {
	switch {
	case o.Single != nil:
		o.Single.ReadBufferSize, o.Single.WriteBufferSize = redisBuffer, redisBuffer
		o.Single.PipelineReadBufferSize, o.Single.PipelineWriteBufferSize = pipelineBuffer, pipelineBuffer
	case o.Sentinel != nil:
		o.Sentinel.ReadBufferSize, o.Sentinel.WriteBufferSize = redisBuffer, redisBuffer
		o.Sentinel.PipelineReadBufferSize, o.Sentinel.PipelineWriteBufferSize = pipelineBuffer, pipelineBuffer
	case o.Cluster != nil:
		o.Cluster.ReadBufferSize, o.Cluster.WriteBufferSize = redisBuffer, redisBuffer
		o.Cluster.PipelineReadBufferSize, o.Cluster.PipelineWriteBufferSize = pipelineBuffer, pipelineBuffer
	}
}

// parse reads everything but TLS. Nobody needs CLIENT SETINFO, so it is not sent: a user of Redis 7.2 would need a right for it that
// Redis 7.0 does not know.
func (r Redis) parse() (RedisOptions, error) {
	if len(r.ClusterAddrs) > 0 {
		return RedisOptions{Cluster: &redis.ClusterOptions{
			Addrs: r.ClusterAddrs, Username: r.Username, Password: r.Password.Reveal(), DisableIdentity: true,
		}}, nil
	}
	if rest, ok := strings.CutPrefix(r.URI.Reveal(), "redis-sentinel://"); ok {
		o, err := r.sentinel(rest)
		return RedisOptions{Sentinel: o}, err
	}
	u, err := url.Parse(r.URI.Reveal())
	if err != nil {
		return RedisOptions{}, errRedisURI
	}
	switch u.Scheme {
	case "redis", "rediss":
		if u.Host == "" { // go-redis would take localhost
			return RedisOptions{}, errRedisURI
		}
		if strings.Contains(u.Host, ",") {
			return RedisOptions{}, errRedisHosts
		}
	case "redis+unix":
		u.Scheme = "unix"
	case "unix":
	default:
		return RedisOptions{}, errRedisURI
	}
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return RedisOptions{}, errRedisParts
	}
	o.Username, o.Password = r.credentials(o.Username, o.Password)
	o.DisableIdentity = true
	return RedisOptions{Single: o}, nil
}

// What is wrong with an address, without a word of it: a password may stand anywhere in what could not be read.
var (
	errRedisURI = errors.New("want redis://, rediss://, redis-sentinel://host:26379,host:26379?master=NAME or unix:///path/to/socket " +
		"(a password's special characters written as %XX)")
	errRedisParts = errors.New("want redis://user:password@host:6379/0 or rediss:// likewise, with a database number behind the slash, " +
		"or unix:///path/to/socket?db=0, and no parameters that go-redis does not know")
	errRedisHosts = errors.New("want one host: several sentinels are redis-sentinel://host:26379,host:26379?master=NAME, and the nodes " +
		"of a cluster stand in redis.cluster_addrs")
	errSentinelHosts = errors.New("want host:port of the sentinels with commas between: redis-sentinel://host:26379,host:26379?master=NAME")
	errSentinelName  = errors.New("want the group's name, as the sentinels' files have it, behind the addresses: redis-sentinel://host:26379,host:26379?master=NAME")
	errSentinelDB    = errors.New("want a database number between slash and question mark: redis-sentinel://host:26379/0?master=NAME")
	errSentinelQuery = errors.New("want no other parameters than master, sentinel_username and sentinel_password, once each " +
		"(Redis's own password stands before the hosts: redis-sentinel://:password@host:26379?master=NAME)")
)

func (r Redis) credentials(user, password string) (string, string) {
	if user == "" {
		user = r.Username
	}
	if password == "" {
		password = r.Password.Reveal()
	}
	return user, password
}

// sentinel reads what stands behind redis-sentinel://. Several hosts are more than net/url allows in one address, so they are
// taken out first.
func (r Redis) sentinel(rest string) (*redis.FailoverOptions, error) {
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	addrs, err := sentinelAddrs(authority[at:])
	if err != nil {
		return nil, err
	}
	u, err := url.Parse("redis-sentinel://" + authority[:at] + "hosts" + tail)
	if err != nil {
		return nil, errRedisURI
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errSentinelQuery
	}
	for name, values := range q {
		if name != "master" && name != "sentinel_username" && name != "sentinel_password" || len(values) > 1 {
			return nil, errSentinelQuery
		}
	}
	o := &redis.FailoverOptions{
		MasterName: q.Get("master"), SentinelAddrs: addrs, DisableIdentity: true,
		SentinelUsername: q.Get("sentinel_username"), SentinelPassword: q.Get("sentinel_password"),
	}
	if o.MasterName == "" {
		return nil, errSentinelName
	}
	if db := strings.Trim(u.Path, "/"); db != "" {
		n, err := strconv.ParseUint(db, 10, 16)
		if err != nil {
			return nil, errSentinelDB
		}
		o.DB = int(n)
	}
	password, _ := u.User.Password()
	o.Username, o.Password = r.credentials(u.User.Username(), password)
	return o, nil
}

// sentinelAddrs gives Sentinel's port to hosts without one.
func sentinelAddrs(hosts string) ([]string, error) {
	var addrs []string
	for _, host := range strings.Split(hosts, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "26379")
		}
		name, _, err := net.SplitHostPort(host)
		if err != nil || name == "" || hostPort(host) != nil {
			return nil, errSentinelHosts
		}
		addrs = append(addrs, host)
	}
	return addrs, nil
}
