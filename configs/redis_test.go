package configs

import (
	"reflect"
	"strings"
	"testing"
)

func TestRedisOptions(t *testing.T) {
	tests := []struct {
		name     string
		redis    Redis
		addrs    []string
		user, pw string
		db       int
		tls      bool
	}{
		{"plain", Redis{URI: "redis://:pw@h:6380/2"}, []string{"h:6380"}, "", "pw", 2, false},
		{"user", Redis{URI: "redis://u:p%40w@h"}, []string{"h:6379"}, "u", "p@w", 0, false},
		{"credentials beside the URI", Redis{URI: "redis://h", Username: "u", Password: "pw"}, []string{"h:6379"}, "u", "pw", 0, false},
		{"the URI's credentials win", Redis{URI: "redis://a:b@h", Username: "u", Password: "pw"}, []string{"h:6379"}, "a", "b", 0, false},
		{"TLS", Redis{URI: "rediss://h"}, []string{"h:6379"}, "", "", 0, true},
		{"IPv6", Redis{URI: "redis://[::1]:6379"}, []string{"[::1]:6379"}, "", "", 0, false},
		{"socket", Redis{URI: "unix:///run/redis.sock?db=3"}, []string{"/run/redis.sock"}, "", "", 3, false},
		{"socket by its other name", Redis{URI: "redis+unix://:pw@/run/redis.sock"}, []string{"/run/redis.sock"}, "", "pw", 0, false},
		{"sentinel", Redis{URI: "redis-sentinel://:pw@h1:26379,h2/4?master=m"}, []string{"h1:26379", "h2:26379"}, "", "pw", 4, false},
		{"cluster", Redis{ClusterAddrs: []string{"a:1", "b:2"}, Username: "u", Password: "pw"}, []string{"a:1", "b:2"}, "u", "pw", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := tt.redis.Options()
			if err != nil {
				t.Fatal(err)
			}
			var addrs []string
			var user, pw string
			var db int
			var tls bool
			switch {
			case o.Single != nil:
				addrs, user, pw, db, tls = []string{o.Single.Addr}, o.Single.Username, o.Single.Password, o.Single.DB, o.Single.TLSConfig != nil
			case o.Sentinel != nil:
				addrs, user, pw, db = o.Sentinel.SentinelAddrs, o.Sentinel.Username, o.Sentinel.Password, o.Sentinel.DB
				if o.Sentinel.MasterName != "m" {
					t.Errorf("master = %q", o.Sentinel.MasterName)
				}
			default:
				addrs, user, pw = o.Cluster.Addrs, o.Cluster.Username, o.Cluster.Password
			}
			if !reflect.DeepEqual(addrs, tt.addrs) || user != tt.user || pw != tt.pw || db != tt.db || tls != tt.tls {
				t.Errorf("got %v user %q password %q db %d TLS %v", addrs, user, pw, db, tls)
			}
		})
	}
}

func TestRedisURIThatCannotBeReadIsNamedAndNotShown(t *testing.T) {
	const sentinels = "redis-sentinel://:hunter2@h1:26379,h2"
	for _, tt := range []struct {
		uri  Secret
		want string
	}{
		{"", "want redis://, rediss://, redis-sentinel://"},
		{"hunter2", "want redis://, rediss://"},
		{"http://hunter2", "want redis://, rediss://"},
		{"sentinel://hunter2?master=m", "want redis://, rediss://"},
		{"redis://", "want redis://, rediss://"},
		{"redis://:hunter2%@h", "characters written as %XX"},
		{"redis://:hunter2@h1:6379,h2:6379", "want one host"},
		{"redis://:hunter2@h/x", "a database number behind the slash"},
		{"redis://:hunter2@h?hunter2=1", "no parameters that go-redis does not know"},
		{"unix://", "unix:///path/to/socket"},
		{"redis-sentinel://?master=m", "want host:port of the sentinels"},
		{"redis-sentinel://:hunter2@h1,,h2?master=m", "want host:port of the sentinels"},
		{"redis-sentinel://h1:hunter2?master=m", "want host:port of the sentinels"},
		{sentinels, "want the group's name"},
		{sentinels + "?master=", "want the group's name"},
		{sentinels + "/x?master=m", "want a database number between slash and question mark"},
		{sentinels + "/-1?master=m", "want a database number"},
		{sentinels + "?master=m&password=hunter2", "want no other parameters than master, sentinel_username and sentinel_password"},
		{sentinels + "?master=m&sentinel_pasword=hunter2", "want no other parameters"},
		{sentinels + "?master=m&master=hunter2", "want no other parameters"},
		{sentinels + "?master=m&sentinel_password=hunter2%", "want no other parameters"},
	} {
		_, err := Redis{URI: tt.uri}.Options()
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "redis.uri: ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error = %v; want it to say redis.uri and %q", tt.uri.Reveal(), err, tt.want)
		}
	}
}

func TestSentinelsHaveCredentialsOfTheirOwn(t *testing.T) {
	o, err := Redis{URI: "redis-sentinel://app:redis%20pw@[::1]/2?master=m&sentinel_username=watch&sentinel_password=s%26pw"}.Options()
	if err != nil {
		t.Fatal(err)
	}
	s := o.Sentinel
	if s.Username != "app" || s.Password != "redis pw" || s.SentinelUsername != "watch" || s.SentinelPassword != "s&pw" || s.DB != 2 || s.SentinelAddrs[0] != "[::1]:26379" {
		t.Errorf("%+v", s)
	}
}
