package douyin

// Result is how a payment, refund or settlement stands, in Douyin's word.
type Result string

// The words of Douyin's documentation.
const (
	ResultProcessing Result = "PROCESSING"
	ResultSuccess    Result = "SUCCESS"
	ResultFail       Result = "FAIL"
	ResultTimeout    Result = "TIMEOUT" // of a payment that was not made in time
)

// PaymentNotice is the message of a payment callback (PAY-CB).
type PaymentNotice struct {
	AppID       string // of the mini-app
	OutOrderNo  string // cp_orderno
	OrderID     string // Douyin's number
	Status      Result // SUCCESS: failures are not told
	TotalAmount int64  // fen
	PaidAt      int64  // seconds since 1970; 0: not told, or in a form that nobody knows
	Way         string // "1" WeChat, "2" Alipay, "10" Douyin Pay
	ChannelNo   string // of WeChat or Alipay; may be empty
	SellerUID   string // who receives the money
	ItemID      string // of the video it was bought from; may be missing in the first delivery
	CPExtra     string // as it was sent
	Extra       string // "", "null" or CPS data as JSON text
	Message     string // Douyin's words; may be empty
}

// RefundNotice is the message of a refund callback (REFUND-CB).
type RefundNotice struct {
	AppID       string // of the mini-app
	OutRefundNo string // cp_refundno
	RefundNo    string // Douyin's number; may be empty
	OrderID     string // Douyin's number of the order
	Status      Result // SUCCESS, FAIL
	Amount      int64  // fen
	AllSettled  bool   // refunded after the settlement, from the balance
	RefundedAt  int64  // seconds since 1970, or 0
	CPExtra     string // as it was sent
	Message     string // Douyin's words, above all with FAIL
}

// SettleNotice is the message of a settle callback (SETTLE-CB).
type SettleNotice struct {
	AppID       string // of the mini-app
	OutSettleNo string // cp_settle_no
	SettleNo    string // Douyin's number; old callbacks have none
	OutOrderNo  string // old callbacks have none
	OrderID     string // Douyin's number of the order
	Status      Result // SUCCESS, FAIL
	Amount      int64  // fen; 0 in old callbacks
	Rake        int64  // fen, Douyin's fee
	Commission  int64  // fen, of promoters
	Detail      string // who got what, in Douyin's words
	SettledAt   int64  // seconds since 1970, or 0
	CPExtra     string // as it was sent
	Message     string // Douyin's words, above all with FAIL
}
