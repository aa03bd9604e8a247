package store

import "time"

// System is the one of Douyin's payment systems in which an order was paid. An order never changes
// it, and an instruction about its money has it for good.
type System string

// The systems.
const (
	Ecpay System = "ecpay" // guaranteed payment (担保支付), the first generation
	Trade System = "trade" // 通用交易系统, the second
)

// Systems are all of them.
func Systems() []System { return []System{Ecpay, Trade} }

// oneRefund tells that Douyin takes one refund of a payment at a time, and refuses another one
// while it is under way, whoever has opened it.
func (s System) oneRefund() bool { return s == Trade }

// Origin tells who has opened an instruction.
type Origin string

// The origins. Of ecpay all are OriginOurs.
const (
	OriginOurs    Origin = "ours"    // the shop
	OriginUser    Origin = "user"    // the buyer, at Douyin
	OriginService Origin = "service" // Douyin's service
	OriginExpiry  Origin = "expiry"  // Douyin, because the order had expired
	OriginOther   Origin = "other"   // Douyin, for another reason
	OriginAuto    Origin = "auto"    // Douyin's automatic settlement
)

// AuditState is how far Douyin is with a refund that wants the shop's word.
type AuditState string

// Decided tells whether nothing the shop says changes it any more.
func (s AuditState) Decided() bool { return s != "" && s != AuditNone && s != AuditNeeded }

// The states of an audit, as Douyin has told them.
const (
	AuditNone     AuditState = "none"   // nobody is asked
	AuditNeeded   AuditState = "needed" // Douyin waits for the shop's word
	AuditAgreed   AuditState = "agreed"
	AuditDenied   AuditState = "denied"   // the refund has ended: MoneyFailed
	AuditOvertime AuditState = "overtime" // nobody said a word, and Douyin has agreed
)

// AuditWord is the shop's word on a refund that a buyer asked Douyin for.
type AuditWord string

// The words. The empty one: none was said yet.
const (
	Agree AuditWord = "agree"
	Deny  AuditWord = "deny"
)

// Audit is what becomes of a refund that a buyer, or Douyin's service, asked for. State is what
// Douyin holds, Word what the shop has said; between the two lies a call.
type Audit struct {
	State       AuditState // empty: AuditNone
	Deadline    *time.Time // then Douyin agrees by itself; nil where nobody is asked
	Word        AuditWord  // empty: none was said
	By          string     // who said it
	At          *time.Time // when, by the database's clock; nil: none was said
	DenyMessage string     // with Deny: the shop's words for the buyer
	DueAt       *time.Time // when Douyin is to be told the word, or asked how the audit stands; nil: never
	SentAt      *time.Time // since when the word may be at Douyin; nil: it is not
	Tries       int        // times that the word was announced
	Message     string     // of the last try without success; empty: none

	Answer string // to pre_create_refund: the bytes that Douyin is told each time; empty: it never asked
}
