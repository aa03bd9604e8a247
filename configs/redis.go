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

// Options reads URI and ClusterAddrs. User and password of the URI win over Username and Password. The error never shows the URI.
//
// redis://, rediss:// and unix:// are read by go-redis (which knows ?db=, ?pool_size= and more); redis+unix:// is another name for
// unix://. A Sentinel group is redis-sentinel://[:password@]host:port,host:port[/db]?master=NAME[&sentinel_password=…]: the
// password is Redis's own, as in asynq's form of this address.
func (r Redis) Options() (RedisOptions, error) {
	if len(r.ClusterAddrs) > 0 {
		return RedisOptions{Cluster: &redis.ClusterOptions{
			Addrs: r.ClusterAddrs, Username: r.Username, Password: r.Password.Reveal(),
		}}, nil
	}
	if rest, ok := strings.CutPrefix(r.URI.Reveal(), "redis-sentinel://"); ok {
		return r.sentinel(rest)
	}
	u, err := url.Parse(r.URI.Reveal())
	if err != nil {
		return RedisOptions{}, errRedisURI
	}
	if u.Scheme == "redis+unix" {
		u.Scheme = "unix"
	}
	if u.Scheme != "unix" && u.Host == "" { // go-redis would take localhost
		return RedisOptions{}, errRedisURI
	}
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return RedisOptions{}, errRedisURI
	}
	o.Username, o.Password = r.credentials(o.Username, o.Password)
	return RedisOptions{Single: o}, nil
}

var errRedisURI = errors.New("want redis://, rediss://, redis-sentinel://host:26379,host:26379?master=NAME or unix:///path/to/socket " +
	"(a password's special characters written as %XX)")

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
func (r Redis) sentinel(rest string) (RedisOptions, error) {
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	hosts := authority[at:]
	u, err := url.Parse("redis-sentinel://" + authority[:at] + "hosts" + tail)
	if err != nil {
		return RedisOptions{}, errRedisURI
	}
	q := u.Query()
	o := &redis.FailoverOptions{MasterName: q.Get("master"), SentinelPassword: q.Get("sentinel_password")}
	if hosts == "" || o.MasterName == "" {
		return RedisOptions{}, errRedisURI
	}
	for _, host := range strings.Split(hosts, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(host, "26379")
		}
		o.SentinelAddrs = append(o.SentinelAddrs, host)
	}
	if db := strings.Trim(u.Path, "/"); db != "" {
		n, err := strconv.Atoi(db)
		if err != nil {
			return RedisOptions{}, errRedisURI
		}
		o.DB = n
	}
	password, _ := u.User.Password()
	o.Username, o.Password = r.credentials(u.User.Username(), password)
	return RedisOptions{Sentinel: o}, nil
}
