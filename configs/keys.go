package configs

import (
	"fmt"
	"math"
	"time"
)

// key is one thing that can be set: where it lies in the file and how its value is read.
type key struct {
	path   string
	value  setting
	secret bool // may be given as <path>_file, and is never shown
	group  bool // holds entries of its own: ORDERSYNC_SHOP__STATUS__1
}

// setting reads a raw value from YAML or, as a string, from the environment. Errors say what was wanted and, unless the setting is
// a secret, what was found.
type setting interface {
	set(raw any) error
	empty() bool
}

const (
	day    = 24 * time.Hour
	anyInt = math.MaxInt32
)

// keys is the table of everything that can be set, in the order of the example file. It is the only list of key names.
func (c *Config) keys() []key {
	d, s, t, col := &c.Douyin, &c.Shop, &c.Shop.Tables, &c.Shop.Columns
	return []key{
		{path: "mysql.dsn", value: text[Secret]{&c.MySQL.DSN, mysqlDSN}, secret: true},
		{path: "mysql.ca_file", value: text[string]{&c.MySQL.CAFile, nil}},
		{path: "mysql.cert_file", value: text[string]{&c.MySQL.CertFile, nil}},
		{path: "mysql.key_file", value: text[string]{&c.MySQL.KeyFile, nil}},

		{path: "redis.uri", value: text[Secret]{&c.Redis.URI, redisURI}, secret: true},
		{path: "redis.cluster_addrs", value: list[string]{&c.Redis.ClusterAddrs, hostPort}},
		{path: "redis.username", value: text[string]{&c.Redis.Username, nil}},
		{path: "redis.password", value: text[Secret]{&c.Redis.Password, nil}, secret: true},
		{path: "redis.tls", value: flag{&c.Redis.TLS}},
		{path: "redis.ca_file", value: text[string]{&c.Redis.CAFile, nil}},
		{path: "redis.cert_file", value: text[string]{&c.Redis.CertFile, nil}},
		{path: "redis.key_file", value: text[string]{&c.Redis.KeyFile, nil}},

		{path: "douyin.base_url", value: text[string]{&d.BaseURL, required(baseURL)}},
		{path: "douyin.app_id", value: text[string]{&d.AppID, noSpace}},
		{path: "douyin.secret", value: text[Secret]{&d.Secret, noSpace}, secret: true},
		{path: "douyin.salt", value: text[Secret]{&d.Salt, noSpace}, secret: true},
		{path: "douyin.callback_token", value: text[Secret]{&d.CallbackToken, noSpace}, secret: true},
		{path: "douyin.callback_tokens_old", value: list[Secret]{&d.CallbackTokensOld, noSpace}, secret: true},
		{path: "douyin.notify_url", value: text[string]{&d.NotifyURL, webURL}},
		{path: "douyin.thirdparty_id", value: text[string]{&d.ThirdpartyID, noSpace}},
		{path: "douyin.update_time_unit", value: text[string]{&d.UpdateTimeUnit, oneOf("ms", "s")}},
		{path: "douyin.rate_limit", value: number{&d.RateLimit, 0, 100_000}},
		{path: "douyin.timeout", value: span{&d.Timeout, 100 * time.Millisecond, time.Minute}},
		{path: "douyin.codes", value: codes{&d.Codes}, group: true},
		{path: "douyin.payments", value: text[string]{&d.Payments, oneOf("ecpay", "trade")}},
		{path: "douyin.open_url", value: text[string]{&d.OpenURL, required(baseURL)}},
		{path: "douyin.trade.private_key", value: text[Secret]{&d.Trade.PrivateKey, nil}, secret: true},
		{path: "douyin.trade.key_version", value: word{&d.Trade.KeyVersion, noSpace}},
		{path: "douyin.trade.platform_key", value: text[Secret]{&d.Trade.PlatformKey, nil}, secret: true},
		{path: "douyin.trade.platform_keys_old", value: pems{&d.Trade.PlatformKeysOld}, secret: true},
		{path: "douyin.trade.quoted", value: flag{&d.Trade.Quoted}},
		{path: "douyin.trade.goods_type", value: number{&d.Trade.GoodsType, 0, anyInt}},
		{path: "douyin.trade.tag_group_id", value: text[string]{&d.Trade.TagGroupID, noSpace}},
		{path: "douyin.trade.order_page", value: page{&d.Trade.OrderPage, []string{"{order_id}", "{out_order_no}"}}, group: true},
		{path: "douyin.trade.refund_page", value: page{&d.Trade.RefundPage, []string{"{order_id}", "{out_order_no}", "{out_refund_no}"}}, group: true},
		{path: "douyin.trade.since", value: moment{&d.Trade.Since}},
		{path: "douyin.trade.fulfil", value: table[string]{&d.Trade.Fulfil, oneOf(statusWords...), required(noSpace)}, group: true},

		{path: "shop.sql.order", value: text[string]{&s.SQL.Order, nil}},
		{path: "shop.sql.items", value: text[string]{&s.SQL.Items, nil}},
		{path: "shop.sql.changes", value: text[string]{&s.SQL.Changes, nil}},
		{path: "shop.tables.order", value: text[string]{&t.Order, required(tableName)}},
		{path: "shop.tables.user", value: text[string]{&t.User, required(tableName)}},
		{path: "shop.tables.product", value: text[string]{&t.Product, required(tableName)}},
		{path: "shop.tables.course", value: text[string]{&t.Course, required(tableName)}},
		{path: "shop.columns.id", value: column(&col.ID)},
		{path: "shop.columns.order_no", value: column(&col.OrderNo)},
		{path: "shop.columns.user_id", value: column(&col.UserID)},
		{path: "shop.columns.product_id", value: column(&col.ProductID)},
		{path: "shop.columns.course_id", value: column(&col.CourseID)},
		{path: "shop.columns.price", value: column(&col.Price)},
		{path: "shop.columns.amount", value: column(&col.Amount)},
		{path: "shop.columns.create_time", value: column(&col.CreateTime)},
		{path: "shop.columns.sn", value: text[string]{&col.SN, columnName}},
		{path: "shop.columns.third_order_num", value: text[string]{&col.ThirdOrderNum, columnName}},
		{path: "shop.columns.status", value: text[string]{&col.Status, columnName}},
		{path: "shop.columns.updated_at", value: text[string]{&col.UpdatedAt, columnName}},
		{path: "shop.columns.user.id", value: column(&col.User.ID)},
		{path: "shop.columns.user.openid", value: column(&col.User.OpenID)},
		{path: "shop.columns.product.id", value: column(&col.Product.ID)},
		{path: "shop.columns.product.cover_img", value: column(&col.Product.CoverImg)},
		{path: "shop.columns.course.id", value: column(&col.Course.ID)},
		{path: "shop.columns.course.name", value: column(&col.Course.Name)},
		{path: "shop.status", value: table[string]{&s.Status, nil, oneOf(statusWords...)}, group: true},
		{path: "shop.filter", value: filter{&s.Filter}, group: true},
		{path: "shop.trade", value: filter{&s.Trade}, group: true},
		{path: "shop.time", value: text[string]{&s.Time, oneOf("unix", "unix_ms", "datetime")}},
		{path: "shop.money", value: text[string]{&s.Money, oneOf("yuan", "fen")}},
		{path: "shop.detail_url", value: text[string]{&s.DetailURL, required(miniAppPage)}},
		{path: "shop.image_base_url", value: text[string]{&s.ImageBaseURL, webURL}},
		{path: "shop.item_code", value: text[string]{&s.ItemCode, placeholders}},

		{path: "worker.concurrency", value: number{&c.Worker.Concurrency, 1, 10_000}},
		{path: "worker.prefetch", value: number{&c.Worker.Prefetch, 0, 10_000}},
		{path: "worker.servers", value: number{&c.Worker.Servers, 1, 64}},
		{path: "worker.shutdown_timeout", value: span{&c.Worker.ShutdownTimeout, time.Second, time.Hour}},
		{path: "worker.gather", value: span{&c.Worker.Gather, 0, time.Second}},

		{path: "scheduler.sweep_every", value: span{&c.Scheduler.SweepEvery, time.Second, day}},
		{path: "scheduler.sweep_after", value: span{&c.Scheduler.SweepAfter, 0, day}},
		{path: "scheduler.lookback", value: span{&c.Scheduler.Lookback, time.Minute, 3650 * day}},
		{path: "scheduler.outbox_every", value: span{&c.Scheduler.OutboxEvery, 10 * time.Millisecond, time.Hour}},

		{path: "refunds.show_partial", value: flag{&c.Refunds.ShowPartial}},
		{path: "refunds.audit", value: text[string]{&c.Refunds.Audit, oneOf("manual", "agree")}},

		{path: "settle.after", value: span{&c.Settle.After, 0, 365 * day}},
		{path: "settle.auto", value: flag{&c.Settle.Auto}},
		{path: "settle.desc", value: text[string]{&c.Settle.Desc, required(settleDesc)}},

		{path: "callbacks.forward_url", value: text[string]{&c.Callbacks.ForwardURL, webURL}},

		{path: "gateway.addr", value: text[string]{&c.Gateway.Addr, required(hostPort)}},
		{path: "gateway.callback_addr", value: text[string]{&c.Gateway.CallbackAddr, optionalHostPort}},
		{path: "gateway.tokens", value: list[Secret]{&c.Gateway.Tokens, bearerToken}, secret: true},

		{path: "admin.addr", value: text[string]{&c.Admin.Addr, optionalHostPort}},
		{path: "admin.users", value: table[Secret]{&c.Admin.Users, userName, required(userHash)}, secret: true, group: true},
		{path: "admin.time_zone", value: text[string]{&c.Admin.TimeZone, timeZone}},
		{path: "admin.secure_cookie", value: text[string]{&c.Admin.SecureCookie, oneOf("auto", "always", "never")}},

		{path: "log.level", value: text[string]{&c.Log.Level, oneOf("trace", "debug", "info", "warn", "error")}},
		{path: "log.format", value: text[string]{&c.Log.Format, oneOf("auto", "json", "console")}},
		{path: "log.keep", value: span{&c.Log.Keep, time.Hour, 3650 * day}},
		{path: "log.bodies", value: text[string]{&c.Log.Bodies, oneOf("failed", "all")}},

		{path: "trace.endpoint", value: text[Secret]{&c.Trace.Endpoint, collectorURL}, secret: true},
		{path: "trace.headers", value: table[Secret]{&c.Trace.Headers, headerName, headerValue}, secret: true, group: true},
		{path: "trace.sample_ratio", value: ratio{&c.Trace.SampleRatio}},
	}
}

func column(p *string) setting { return text[string]{p, required(columnName)} }

// index is the table by path, with the key that <path>_file stands for.
func index(keys []key) map[string]*key {
	byPath := make(map[string]*key, len(keys))
	for i := range keys {
		byPath[keys[i].path] = &keys[i]
		if keys[i].secret {
			byPath[keys[i].path+"_file"] = &keys[i]
		}
	}
	return byPath
}

// Require checks that the keys a command cannot work without are set. The error is an *Error that names each missing one.
// redis.uri counts as set when redis.cluster_addrs is.
func (c *Config) Require(paths ...string) error {
	byPath := index(c.keys())
	var problems []Problem
	for _, p := range paths {
		k, ok := byPath[p]
		switch {
		case !ok:
			problems = append(problems, Problem{Key: p, Want: "is not a key"})
		case !k.value.empty() || p == "redis.uri" && len(c.Redis.ClusterAddrs) > 0:
		case k.secret:
			problems = append(problems, Problem{Key: p, Want: fmt.Sprintf("is required (%s, or %s_file with a path to read)", variable(p), p)})
		default:
			problems = append(problems, Problem{Key: p, Want: fmt.Sprintf("is required (%s)", variable(p))})
		}
	}
	return asError(problems)
}
