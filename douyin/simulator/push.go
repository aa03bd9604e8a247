package simulator

import "fmt"

// pushRequest is the body of the order push (ORDER-SYNC). Its texts are slices of the call.
type pushRequest struct {
	seen        uint32
	accessToken []byte
	appName     []byte
	openID      []byte
	orderDetail []byte
	payment     []byte // payment_order_no
	appID       []byte
	extra       []byte
	extShopID   []byte
	legacy      []byte // the last one read of the texts that are known and mean nothing here
	orderType   int64
	orderStatus int64
	updateTime  int64

	detail    orderDetail
	detailErr error
}

const (
	hasToken = 1 << iota
	hasAppName
	hasOpenID
	hasOrderDetail
	hasOrderType
	hasOrderStatus
	hasUpdateTime
	hasPayment
	hasAppID
	hasExtra
	hasExtShopID
	hasClientKey
	hasScene
	hasLaunchFrom
	hasLocation
)

var pushRequired = []requirement{
	{hasOrderDetail, "order_detail"}, {hasOrderType, "order_type"}, {hasOrderStatus, "order_status"}, {hasUpdateTime, "update_time"},
}

// statusTexts are order_detail.status for each order_status (ORDER-SYNC). 3 and 7 are not defined.
var statusTexts = [...][]string{
	0: {"待支付"},
	1: {"已支付"},
	2: {"已取消", "已超时"},
	4: {"已核销"},
	5: {"退款中"},
	6: {"已退款"},
	8: {"退款失败"},
}

func (s *Server) parsePush(c *call) {
	req := &c.push
	c.bad = c.root(func(sc *scanner, key []byte) error { return req.field(sc, key) })
	if req.seen&hasOrderDetail != 0 {
		inner := scanner{data: req.orderDetail, text: c.scan.text}
		req.detailErr = req.detail.read(&inner)
		c.scan.text = inner.text
	}
	c.key = req.detail.orderID
}

func (p *pushRequest) field(sc *scanner, key []byte) error {
	switch string(key) {
	case "access_token":
		return sc.once(&p.seen, hasToken, "access_token", &p.accessToken)
	case "app_name":
		return sc.once(&p.seen, hasAppName, "app_name", &p.appName)
	case "open_id":
		return sc.once(&p.seen, hasOpenID, "open_id", &p.openID)
	case "order_detail":
		return sc.once(&p.seen, hasOrderDetail, "order_detail", &p.orderDetail)
	case "order_type":
		return sc.onceInt(&p.seen, hasOrderType, "order_type", &p.orderType)
	case "order_status":
		return sc.onceInt(&p.seen, hasOrderStatus, "order_status", &p.orderStatus)
	case "update_time":
		return sc.onceInt(&p.seen, hasUpdateTime, "update_time", &p.updateTime)
	case "payment_order_no":
		return sc.once(&p.seen, hasPayment, "payment_order_no", &p.payment)
	case "app_id":
		return sc.once(&p.seen, hasAppID, "app_id", &p.appID)
	case "extra":
		return sc.once(&p.seen, hasExtra, "extra", &p.extra)
	case "ext_shop_id":
		return sc.once(&p.seen, hasExtShopID, "ext_shop_id", &p.extShopID)
	case "client_key":
		return sc.once(&p.seen, hasClientKey, "client_key", &p.legacy)
	case "scene":
		return sc.once(&p.seen, hasScene, "scene", &p.legacy)
	case "launch_from":
		return sc.once(&p.seen, hasLaunchFrom, "launch_from", &p.legacy)
	case "location":
		return sc.once(&p.seen, hasLocation, "location", &p.legacy)
	}
	return unknownField(key)
}

// takePush answers one order push and returns its code.
func (s *Server) takePush(c *call) int {
	r := s.judgePush(c)
	if r == nil {
		r = s.ledger.take(&s.cfg, c)
	} else {
		s.ledger.note(&s.cfg, c, pushRecord{result: refused, code: int32(r.code)})
	}
	if r == nil {
		c.out = append(c.out, pushSuccess...)
		return 0
	}
	c.out = appendPushAnswer(c.out, r.code, r.text())
	return r.code
}

// judgePush finds the first reason to refuse a push: the token first, then the fields, then what
// they mean together.
func (s *Server) judgePush(c *call) *refusal {
	req := &c.push
	if req.seen&hasToken != 0 && req.accessToken != nil {
		if r := s.tokens.check(req.accessToken, s.cfg.Now()); r != nil {
			return r
		}
	}
	if c.bad != nil {
		return malformed(c.bad)
	}
	if r := s.judgeFields(req); r != nil {
		return r
	}
	if req.detailErr != nil {
		return &refusal{codeDetail, "order_detail字段格式错误", req.detailErr.Error()}
	}
	if !agree(req.orderStatus, req.detail.status) {
		return &refusal{codeDetail, "order_detail字段格式错误", fmt.Sprintf("status: not the text of order_status %d", req.orderStatus)}
	}
	if s.trade.pushed(req.detail.orderID, req.payment) || s.cfg.RequirePayment && !s.bank.hasPayment(req.detail.orderID) {
		return &refusal{codeNoPayment, "担保交易支付订单不存在", ""}
	}
	return nil
}

func (s *Server) judgeFields(req *pushRequest) *refusal {
	parameter := func(err error) *refusal { return &refusal{codeParameter, "http 参数错误", err.Error()} }
	switch {
	case len(req.accessToken) == 0:
		return &refusal{codeToken, "access_token error", "is missing"}
	case string(req.appName) != "douyin":
		return &refusal{codeAppName, "app_name error", "want douyin"}
	case len(req.openID) == 0:
		return &refusal{codeOpenID, "openid error", "is missing"}
	case !looksReal(req.openID):
		return &refusal{codeOpenIDForeign, "open_id错误，请检查是否在抖音、抖音lite、火山内产生", ""}
	case req.seen&hasAppID != 0 && s.cfg.AppID != "" && string(req.appID) != s.cfg.AppID:
		return parameter(&fieldError{"app_id", "is not the app of the token"})
	}
	if name := missing(req.seen, pushRequired); name != "" {
		return parameter(&fieldError{name, "is missing"})
	}
	if err := first(
		bytesAtMost("extra", req.extra, 0, 2047),
		bytesAtMost("ext_shop_id", req.extShopID, 0, 255),
		s.cfg.Unit.check(req.updateTime),
	); err != nil {
		return parameter(err)
	}
	switch {
	case req.orderType != 0:
		return parameter(&fieldError{"order_type", "only 0 is played by the simulator"})
	case req.orderStatus < 0 || req.orderStatus >= int64(len(statusTexts)) || statusTexts[req.orderStatus] == nil:
		return parameter(&fieldError{"order_status", "is not defined"})
	}
	return nil
}

// malformed gives an error of the body the code that its field has in the documents.
func malformed(err error) *refusal {
	field := ""
	if f, ok := err.(*fieldError); ok { //nolint:errorlint // made a few lines above and never wrapped
		field = f.field
	}
	switch field {
	case "access_token":
		return &refusal{codeToken, "access_token error", err.Error()}
	case "open_id":
		return &refusal{codeOpenID, "openid error", err.Error()}
	case "app_name":
		return &refusal{codeAppName, "app_name error", err.Error()}
	case "order_detail":
		return &refusal{codeDetail, "order_detail字段格式错误", err.Error()}
	}
	return &refusal{codeParameter, "http 参数错误", err.Error()}
}

func agree(status int64, text []byte) bool {
	for _, t := range statusTexts[status] {
		if t == string(text) {
			return true
		}
	}
	return false
}

// looksReal tells whether an open_id could come from Douyin: printable ASCII without spaces. Its
// form is not published.
func looksReal(openID []byte) bool {
	if len(openID) > 128 {
		return false
	}
	for _, c := range openID {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func (u Unit) check(updateTime int64) error {
	switch {
	case u != Milliseconds && isSeconds(updateTime), u != Seconds && isMilliseconds(updateTime):
		return nil
	}
	want := map[Unit]string{EitherUnit: "10 digits (seconds) or 13 (milliseconds)", Seconds: "10 digits (seconds)", Milliseconds: "13 digits (milliseconds)"}
	return &fieldError{"update_time", "want " + want[u]}
}

// instant makes update_times of both units comparable.
func instant(updateTime int64) int64 {
	if isSeconds(updateTime) {
		return updateTime * 1000
	}
	return updateTime
}

// digest is equal for pushes with equal content: everything but the token and update_time.
func (p *pushRequest) digest() uint64 {
	const prime = 1099511628211 // FNV-1a, so that a ledger can be compared with another run's
	h := uint64(14695981039346656037)
	for _, part := range [...][]byte{p.openID, p.payment, p.orderDetail} {
		for _, b := range part {
			h = (h ^ uint64(b)) * prime
		}
		h = (h ^ 0xff) * prime
	}
	return (h ^ uint64(p.orderStatus)) * prime
}
