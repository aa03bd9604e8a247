package configs

import "time"

// Config is everything that can be set, a field for each group of the file. Load makes it; a Config
// made by hand starts from Default.
type Config struct {
	MySQL     MySQL
	Redis     Redis
	Douyin    Douyin
	Shop      Shop
	Worker    Worker
	Scheduler Scheduler
	Refunds   Refunds
	Settle    Settle
	Callbacks Callbacks
	Gateway   Gateway
	Admin     Admin
	Log       Log
	Trace     Trace

	from map[string]string // key -> the file or variable that gave it
}

// Given tells whether a key was set by the file or a variable, rather than left at its default.
func (c *Config) Given(key string) bool { return c.from[key] != "" }

// TokensNeeded is the first key that is set and tells that Douyin calls back, so that a proxy may
// stand in front of the gateway: the API is refused then for as long as gateway.tokens is empty.
// Empty: none is set, or there are tokens.
func (c *Config) TokensNeeded() string {
	switch {
	case len(c.Gateway.Tokens) > 0:
		return ""
	case c.Douyin.CallbackToken != "":
		return "douyin.callback_token"
	case len(c.Douyin.CallbackTokensOld) > 0:
		return "douyin.callback_tokens_old"
	case c.Douyin.Trade.PlatformKey != "":
		return "douyin.trade.platform_key"
	case c.Douyin.NotifyURL != "":
		return "douyin.notify_url"
	case c.Gateway.CallbackAddr != "":
		return "gateway.callback_addr"
	}
	return ""
}

// MySQL is the shop's database, which holds our tables too.
type MySQL struct {
	DSN Secret // of go-sql-driver; empty: not set, see Config.Require

	// CAFile is a path to PEM: the authorities that sign MySQL's certificate. Empty: those that the
	// system trusts.
	CAFile string
	// CertFile and KeyFile are paths to PEM: the certificate that MySQL wants of its clients, and its
	// key. Empty: none.
	CertFile, KeyFile string
}

// Redis is one server, a Sentinel group (URI) or a cluster (ClusterAddrs). At most one of URI and
// ClusterAddrs is set; with neither see Config.Require.
type Redis struct {
	URI          Secret   // redis, rediss, redis-sentinel, unix, redis+unix
	ClusterAddrs []string // host:port of some of its nodes
	Username     string   // of a cluster, or where URI names none; empty: Redis's default user
	Password     Secret   // likewise; empty: none

	TLS bool // also without rediss://, for Sentinel and cluster
	// CAFile, CertFile and KeyFile are as in MySQL.
	CAFile            string
	CertFile, KeyFile string
}

// Douyin is the app as Douyin's console shows it, and how it is called. What of the console is empty
// is not set: a command that needs it says so, see Config.Require.
type Douyin struct {
	BaseURL           string         // host of the order push and of ecpay
	AppID             string         // of the mini-app
	Secret            Secret         // of the app: fetches tokens
	Salt              Secret         // of ecpay: signs its calls
	CallbackToken     Secret         // of ecpay: verifies its callbacks; without one they are refused
	CallbackTokensOld []Secret       // still accepted while the token is being changed
	NotifyURL         string         // empty: none is sent unless a request brings one
	ThirdpartyID      string         // empty: the shop calls for itself
	UpdateTimeUnit    string         // "ms" or "s"
	RateLimit         int            // order pushes per second over all processes; 0: no limit of ours
	Timeout           time.Duration  // of one HTTP exchange, 100 ms to a minute
	Codes             map[int]string // Douyin's code -> unavailable, throttled, unauthorized, rejected

	Payments string // "ecpay" or "trade": where new payments are made
	OpenURL  string // host of the client_token and of the calls of trade
	Trade    Trade
}

// Trade is Douyin's second payment system, 通用交易系统, as the console shows it.
type Trade struct {
	PrivateKey      Secret   // of the app, PEM: signs payments
	KeyVersion      string   // the console's version of the public key that belongs to PrivateKey
	PlatformKey     Secret   // Douyin's public key of this app, PEM: verifies callbacks
	PlatformKeysOld []Secret // still accepted while it is being changed
	Quoted          bool     // byteAuthorization with quotes around its values

	GoodsType  int    // what the app sells; 0: each payment names it
	TagGroupID string // rule group; empty: each payment names it

	OrderPage  Page // of the order; without a Path each payment names it
	RefundPage Page // of a refund; without a Path: OrderPage

	Since  string            // orders of the shop created since then are of trade: see TradeSince; empty: none
	Fulfil map[string]string // status word -> to_status of fulfill_push_status; empty: none is told
}

// TradeSince is the moment of douyin.trade.since: RFC 3339, or a date, with or without a time, in loc.
// Zero: there is none.
func (c *Config) TradeSince(loc *time.Location) time.Time {
	at, _ := parseMoment(c.Douyin.Trade.Since, loc) // Load let nothing else pass
	return at
}

// Page is a page of the mini-app. Values of Params may hold {order_id}, {out_order_no} and
// {out_refund_no}.
type Page struct {
	Path   string            // no leading /, no query; empty: there is no page
	Params map[string]string // empty: none
}

// TradeOn tells whether anything of the second payment system is configured.
func (c *Config) TradeOn() bool {
	t := c.Douyin.Trade
	return c.Douyin.Payments == "trade" || t.PrivateKey != "" || t.PlatformKey != "" || len(t.PlatformKeysOld) > 0 || t.Since != "" || len(c.Shop.Trade) > 0
}

// Shop is how the shop's own tables are called and what their values mean.
type Shop struct {
	SQL          ShopSQL // in place of Tables, Columns and Filter, where Order is set
	Tables       Tables
	Columns      Columns
	Status       map[string]string // the shop's value -> Douyin's word
	Filter       map[string]Values // column of the order table -> the values that it may have; empty: every order is Douyin's
	Trade        map[string]Values // column of the order table, or of shop.sql.order -> values: which orders are of trade; empty: none by that
	Time         string            // "unix", "unix_ms" or "datetime"
	Money        string            // "yuan" or "fen"
	DetailURL    string            // page of the mini-app, with placeholders: see worker.Builder
	ImageBaseURL string            // empty: cover images are absolute already
	ItemCode     string            // with the same placeholders; empty: not sent
}

// Values are what a column may hold: one of Texts, or NULL. At least one of the two is there.
type Values struct {
	Texts []string
	Null  bool // NULL is one of them
}

// ShopSQL are SELECTs of the shop's own, in place of Tables, Columns and Filter. Order empty: there are
// none. Items empty: Order names the one line; Changes empty: the sweep reads Order.
type ShopSQL struct{ Order, Items, Changes string }

// Tables are the shop's table names, its prefix included; "schema.table" is allowed.
type Tables struct{ Order, User, Product, Course string }

// Columns are the shop's column names. The plain ones belong to the order table.
type Columns struct {
	ID, UserID, ProductID, CourseID, Price, Amount, CreateTime string // as in shop.Columns

	OrderNo string // what Douyin gets as order_id; Load sets it to ID when nobody does

	// Empty: the shop has no such column.
	SN, ThirdOrderNum, Status, UpdatedAt string

	User    UserColumns
	Product ProductColumns
	Course  CourseColumns
}

// UserColumns are those of Tables.User.
type UserColumns struct{ ID, OpenID string }

// ProductColumns are those of Tables.Product.
type ProductColumns struct{ ID, CoverImg string }

// CourseColumns are those of Tables.Course.
type CourseColumns struct{ ID, Name string }

// Worker is one worker process.
type Worker struct {
	Concurrency     int           // slots: pushes that may be at Douyin at once
	Prefetch        int           // further pushes in hand, whose orders are read and whose results are written meanwhile; 0: none
	Servers         int           // fetch loops for pushes: each costs one round trip to Redis per task
	ShutdownTimeout time.Duration // for tasks in hand after a signal; the rest goes back to its queue
	Gather          time.Duration // how long statements wait for company at most; 0: not at all
}

// Scheduler is the sweep over MySQL and the outbox relay.
type Scheduler struct {
	SweepEvery  time.Duration // from one tick to the next
	SweepAfter  time.Duration // how old an unsynced order must be; 0: it may be new
	Lookback    time.Duration // how far back the sweep looks
	OutboxEvery time.Duration // from one look at the outbox to the next
}

// Refunds says what a refund does to its order.
type Refunds struct {
	ShowPartial bool // push 退款中 for a partial refund too
	// "manual" or "agree": what is said to a refund that a buyer asked Douyin for.
	Audit string
}

// Settle is when and how orders are settled.
type Settle struct {
	After time.Duration // since payment; 0: at once
	Auto  bool          // every paid order is settled when After is over
	Desc  string        // settle_desc of automatic settlements
}

// Callbacks is what happens with Douyin's callbacks beside our own use.
type Callbacks struct {
	ForwardURL string // empty: not handed on
}

// Gateway is the public port.
type Gateway struct {
	Addr         string   // host:port
	CallbackAddr string   // host:port; empty: callbacks are taken on Addr only
	Tokens       []Secret // without one the gateway binds to loopback only; see TokensNeeded
}

// Admin is the private port. It belongs to one process: two on one machine need different ones.
type Admin struct {
	Addr  string            // host:port; empty: nothing is served there
	Users map[string]Secret // name -> "viewer:" or "operator:" and a bcrypt hash; empty: nobody can sign in

	TimeZone     string // in which times are shown and read: Asia/Shanghai; empty: loc of mysql.dsn
	SecureCookie string // "auto", "always" or "never": when a browser may send the sign-in over https alone
}

// Log is our process log (Level, Format) and the table ordersync_log (Keep, Bodies).
type Log struct {
	Level  string        // "trace", "debug", "info", "warn" or "error"
	Format string        // "auto", "json" or "console"
	Keep   time.Duration // an hour at least; callbacks are kept for eight days at least
	Bodies string        // "failed" or "all": see store.LogBodies
}

// Trace is where OpenTelemetry traces go. The fields without a key stand for OTEL_ variables; what
// else these say (TLS, compression, OTEL_SERVICE_NAME) the OpenTelemetry libraries read by themselves.
type Trace struct {
	Endpoint    Secret            // of a collector that takes OTLP over HTTP; a secret, for some providers put a token into its path
	Headers     map[string]Secret // name -> value, beside those of OTEL_EXPORTER_OTLP_HEADERS
	SampleRatio float64           // 0 to 1: of the traces that begin here

	Collector bool // an OTEL_ variable names a collector, which counts where Endpoint is empty
	Sampler   bool // OTEL_TRACES_SAMPLER is set, and SampleRatio is not
	Disabled  bool // OTEL_SDK_DISABLED=true
}

// On tells whether anything is traced.
func (t Trace) On() bool { return !t.Disabled && (t.Endpoint != "" || t.Collector) }

// Default is the configuration of an empty file. What has no default is empty: see Config.Require.
func Default() *Config {
	return &Config{
		Douyin: Douyin{
			BaseURL: "https://developer.toutiao.com", UpdateTimeUnit: "ms", RateLimit: 50, Timeout: 10 * time.Second,
			Payments: "ecpay", OpenURL: "https://open.douyin.com",
		},
		Shop: Shop{
			Tables: Tables{Order: "order", User: "dy_user", Product: "product", Course: "course"},
			Columns: Columns{
				ID: "id", UserID: "uid", ProductID: "product_id", CourseID: "course_id", Price: "price", Amount: "amount",
				CreateTime: "create_time", SN: "sn", ThirdOrderNum: "third_order_num", OrderNo: "id", Status: "status",
				User: UserColumns{ID: "id", OpenID: "openid"}, Product: ProductColumns{ID: "id", CoverImg: "cover_img"},
				Course: CourseColumns{ID: "id", Name: "name"},
			},
			Status: map[string]string{"1": "paid"}, Time: "unix", Money: "yuan", DetailURL: "pages/course/course",
		},
		Worker: Worker{Concurrency: 50, Prefetch: 50, Servers: 2, ShutdownTimeout: 75 * time.Second, Gather: 2 * time.Millisecond},
		Scheduler: Scheduler{
			SweepEvery: time.Minute, SweepAfter: 2 * time.Minute, Lookback: 168 * time.Hour, OutboxEvery: 200 * time.Millisecond,
		},
		Refunds: Refunds{Audit: "manual"},
		Settle:  Settle{After: 168 * time.Hour, Desc: "订单分账"},
		Gateway: Gateway{Addr: "127.0.0.1:8080"},
		Admin:   Admin{Addr: "127.0.0.1:8081", SecureCookie: "auto"},
		Log:     Log{Level: "info", Format: "auto", Keep: 90 * 24 * time.Hour, Bodies: "failed"},
		Trace:   Trace{SampleRatio: 1},
	}
}
