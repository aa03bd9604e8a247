package simulator

import (
	"encoding/json"
	"time"
)

// Result is what became of one push.
type Result string

// What becomes of a push. Only an accepted push changes what the simulator holds.
const (
	Accepted Result = "accepted" // took effect
	Repeated Result = "repeated" // update_time and content as held already: answered with success
	// update_time not newer than the one held, content another: answered with success, no effect
	Ignored Result = "ignored"
	Refused Result = "refused" // answered with a code
	Faulted Result = "faulted" // a fault stood in the way; no effect
)

const (
	accepted = iota
	repeated
	ignored
	refused
	faulted
)

var results = [...]Result{Accepted, Repeated, Ignored, Refused, Faulted}

// Push is one push of an order, as it was received.
type Push struct {
	At             time.Time `json:"at"`
	UpdateTime     int64     `json:"update_time"` // as sent, in its own unit
	Status         int       `json:"order_status"`
	StatusText     string    `json:"status"`
	Result         Result    `json:"result"`
	Code           int       `json:"code,omitempty"`       // with Refused
	Fault          Kind      `json:"fault,omitempty"`      // that stood in the way, or cut the answer off
	AnswerLost     bool      `json:"answer_lost"`          // it was judged as Result says, and nobody was told
	Regression     bool      `json:"regression,omitempty"` // it took effect and made the order older
	SumDiffers     bool      `json:"sum_differs,omitempty"`
	Digest         string    `json:"digest"` // equal for equal content, update_time left out
	PaymentOrderNo string    `json:"payment_order_no,omitempty"`
}

// pushRecord is a Push in as few bytes as it needs: a load test makes hundreds of thousands.
type pushRecord struct {
	at         int64 // nanoseconds since 1970
	updateTime int64
	digest     uint64
	payment    string
	code       int32
	fault      uint8 // index into kinds, counted from 1
	status     int8
	text       int8
	result     uint8
	lost       bool
	regression bool
	sumDiffers bool
}

func (p *pushRecord) public() Push {
	return Push{
		At: time.Unix(0, p.at), UpdateTime: p.updateTime, Status: int(p.status), StatusText: statusText(p.status, p.text),
		Result: results[p.result], Code: int(p.code), Fault: kindAt(p.fault), AnswerLost: p.lost, Regression: p.regression,
		SumDiffers: p.sumDiffers, Digest: hex64(p.digest), PaymentOrderNo: p.payment,
	}
}

// Counts are pushes of one order by what became of them.
type Counts struct {
	Pushes      int `json:"pushes"`
	Accepted    int `json:"accepted"`
	Repeated    int `json:"repeated"`
	Ignored     int `json:"ignored"`
	Refused     int `json:"refused"`
	Faulted     int `json:"faulted"`
	AnswersLost int `json:"answers_lost"` // of the accepted, repeated, ignored and refused
	Regressions int `json:"regressions"`  // accepted pushes that made the order older
}

// Item is one entry of order_detail.item_list. Price is fen, of the line.
type Item struct {
	ItemCode string `json:"item_code,omitempty"`
	Img      string `json:"img"`
	Title    string `json:"title"`
	SubTitle string `json:"sub_title,omitempty"`
	Amount   int64  `json:"amount"`
	Price    int64  `json:"price"`
}

// Detail is order_detail as it was pushed last. TotalPrice is fen, CreateTime milliseconds.
type Detail struct {
	OrderID          string `json:"order_id"`
	CreateTime       int64  `json:"create_time"`
	Status           string `json:"status"`
	Amount           int64  `json:"amount"`
	TotalPrice       int64  `json:"total_price"`
	DetailURL        string `json:"detail_url"`
	DetailURLBackend string `json:"detail_url_backend,omitempty"`
	Items            []Item `json:"item_list"`
}

// Order is what the simulator knows of one order.
type Order struct {
	OrderID string `json:"order_id"`
	// Held tells whether any push took effect. Without it the fields down to Detail are zero.
	Held           bool    `json:"held"`
	Status         int     `json:"order_status"`
	StatusText     string  `json:"status"`
	UpdateTime     int64   `json:"update_time"`
	PaymentOrderNo string  `json:"payment_order_no,omitempty"`
	Digest         string  `json:"digest,omitempty"`
	OpenID         string  `json:"-"` // personal: for Go tests only
	Detail         *Detail `json:"order_detail,omitempty"`
	Counts
	// LastRefusal is the code of the newest refused push; 0: none was refused.
	LastRefusal int `json:"last_refusal,omitempty"`
	// History is the newest pushes, oldest first. Only Server.Order fills it.
	History []Push `json:"history,omitempty"`
}

// orderRecord is an Order in the ledger.
type orderRecord struct {
	held        bool
	status      int8
	text        int8
	updateTime  int64
	digest      uint64
	openID      string
	payment     string
	backend     string // detail_url_backend: like payment, an empty one does not clear it
	detail      string // order_detail as text; empty with Config.Slim
	counts      [len(results)]uint32
	lost        uint32
	regressions uint32
	lastRefusal int32
	history     []pushRecord
}

func (o *orderRecord) public(id string) Order {
	out := Order{OrderID: id, LastRefusal: int(o.lastRefusal), Counts: Counts{
		Accepted: int(o.counts[accepted]), Repeated: int(o.counts[repeated]), Ignored: int(o.counts[ignored]),
		Refused: int(o.counts[refused]), Faulted: int(o.counts[faulted]),
		AnswersLost: int(o.lost), Regressions: int(o.regressions),
	}}
	for _, n := range o.counts {
		out.Pushes += int(n)
	}
	if !o.held {
		return out
	}
	out.Held, out.Status, out.StatusText, out.UpdateTime = true, int(o.status), statusText(o.status, o.text), o.updateTime
	out.PaymentOrderNo, out.Digest, out.OpenID = o.payment, hex64(o.digest), o.openID
	if o.detail != "" {
		out.Detail = &Detail{}
		if err := json.Unmarshal([]byte(o.detail), out.Detail); err != nil {
			// the fuzz test holds both readers together
			panic("simulator: an accepted order_detail does not parse: " + err.Error())
		}
		out.Detail.DetailURLBackend = o.backend
	}
	return out
}

func statusText(status, text int8) string {
	if status < 0 || int(status) >= len(statusTexts) || text < 0 || int(text) >= len(statusTexts[status]) {
		return ""
	}
	return statusTexts[status][text]
}
