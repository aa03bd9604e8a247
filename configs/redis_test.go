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

func TestRedisURIThatCannotBeReadIsNotShown(t *testing.T) {
	for _, uri := range []Secret{"", "hunter2", "redis://", "redis://:hunter2@h/x", "redis://:hunter2@h?nonsense=1", "unix://", "http://hunter2",
		"redis-sentinel://:hunter2@h", "redis-sentinel://:hunter2@h/x?master=m", "redis://:hunter2%@h"} {
		_, err := Redis{URI: uri}.Options()
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error = %v", uri.Reveal(), err)
		}
	}
}
