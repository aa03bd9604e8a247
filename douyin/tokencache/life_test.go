package tokencache

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
)

func TestTheTokensLifeIsTold(t *testing.T) {
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := newCache(t, rdb, &fetcher{life: time.Hour})
		if age, left, err := c.Life(t.Context()); age != 0 || left != 0 || err != nil {
			t.Errorf("without a token: %v, %v, %v", age, left, err)
		}
		want(t, c, "token-1")
		old(t, rdb, 10*time.Minute, c)
		age, left, err := c.Life(t.Context())
		if err != nil || age < 48*time.Minute || age > 51*time.Minute || left > 10*time.Minute || left < 9*time.Minute {
			t.Errorf("age %v, left %v, %v; want about 49m and 10m", age, left, err)
		}
	})
}
