package simulator

import "testing"

// Vectors that were published (R1: bytedance/open-pay-signature-go-demo; R3, R5, R6: yansongda/pay;
// R8: houseme/bytedance), and derived ones that the official Go function was run for. Where each
// stands is said in douyin/testdata/sign_vectors.json.
func TestRequestSignatureVectors(t *testing.T) {
	const derived = "your_payment_salt"
	for _, v := range []struct{ name, salt, body, sign string }{
		{"R1", "your_payment_salt", `{"app_id":"ttcfdbb9xxxxxxxxxxx","thirdparty_id":"tta4bad200000xxxxxx","out_order_no":"test-02167569xxxxxx","total_amount":2376,"subject":"test-payment_subject-test-paym...","body":"强烈推荐！经典腊汁肉夹馍团购价仅需7.92元！","valid_time":172800,"notify_url":"https://www.xxx.com","disable_msg":0,"msg_page":"pages/user/orderDetail/orderDetail?id=997979879879879879","sign":"edc608b160a1be3de0xxxxxx"}`, "54f102e7115f8a6a3e6af4633dc33959"},
		{"R1 without disable_msg", "your_payment_salt", `{"app_id":"ttcfdbb9xxxxxxxxxxx","thirdparty_id":"tta4bad200000xxxxxx","out_order_no":"test-02167569xxxxxx","total_amount":2376,"subject":"test-payment_subject-test-paym...","body":"强烈推荐！经典腊汁肉夹馍团购价仅需7.92元！","valid_time":172800,"notify_url":"https://www.xxx.com","msg_page":"pages/user/orderDetail/orderDetail?id=997979879879879879"}`, "063fc4b15627f2ab0efb60c179253a6a"},
		{"R3", "oDxWDBr4U7FAAQ8hnGDm29i4A6pbTMDKme4WLLvA", `{"out_order_no":"202406100423024876","total_amount":1,"subject":"闫嵩达 - test - subject - 01","body":"闫嵩达 - test - body - 01","valid_time":600,"notify_url":"https://yansongda.cn/douyin/notify"}`, "771c1952ffb5e0744fc0ad1337aafa6a"},
		{"R5", "oDxWDBr4U7FAAQ8hnGDm29i4A6pbTMDKme4WLLvA", `{"out_order_no":"202406100423024876"}`, "7517fb55db55327c396e5b7c9cb1be31"},
		{"R6", "oDxWDBr4U7FAAQ8hnGDm29i4A6pbTMDKme4WLLvA", `{"out_refund_no":"202408040747147327"}`, "fa6511979b1185cf98df2538f63ee1a3"},
		{"R8", "test", `{"app_id":"appid12345","out_trade_no":"out_trade_no","total_amount":100}`, "2001ff1c8ffa0f6b4bfb592133a84294"},
		{"base", derived, `{"app_id":"tt0123456789abcdef","out_order_no":"T20240101000001","total_amount":100}`, "d06622434b36525fcdbe804717c4b4bc"},
		{"zero is signed", derived, `{"disable_msg":0,"out_order_no":"T20240101000001","total_amount":100}`, "c5e066757749b7be0dd03ddd5c3ab3dd"},
		{"empty and null dropped", derived, `{"body":"  ","cp_extra":"","msg_page":"null","out_order_no":"T20240101000001","total_amount":100}`, "d06622434b36525fcdbe804717c4b4bc"},
		{"outer spaces trimmed", derived, `{"out_order_no":"T20240101000001","subject":"  abc  ","total_amount":100}`, "243aa3d43ccb43d8a72ea77ebc1c0727"},
		{"quotes then spaces", derived, `{"out_order_no":"T20240101000001","subject":" \" abc \" ","total_amount":100}`, "243aa3d43ccb43d8a72ea77ebc1c0727"},
		{"empty quotes dropped", derived, `{"out_order_no":"T20240101000001","subject":"\"\"","total_amount":100}`, "d06622434b36525fcdbe804717c4b4bc"},
		{"duplicate values kept", derived, `{"body":"same","out_order_no":"T20240101000001","subject":"same","total_amount":100}`, "0d1331236811b1a61427dbbaa6f5660d"},
		{"boolean true", derived, `{"finish":true,"out_order_no":"T20240101000001","total_amount":100}`, "a812e1d62b1409fca5935c9405b18548"},
		{"text true", derived, `{"finish":"true","out_order_no":"T20240101000001","total_amount":100}`, "a812e1d62b1409fca5935c9405b18548"},
		{"a million", derived, `{"out_order_no":"T20240101000001","total_amount":1000000}`, "7f9e684e19c50db701ade4766023719e"},
		{"ignored keys", derived, `{"app_id":"tt0123456789abcdef","other_settle_params":"[1]","out_order_no":"T20240101000001","sign":"zzz","thirdparty_id":"ttx","total_amount":100}`, "d06622434b36525fcdbe804717c4b4bc"},
		{"Chinese", derived, `{"out_order_no":"T20240101000001","reason":"用户取消订单","total_amount":100}`, "ae5e936749e164d9cb8843978f4dce20"},
		{"Chinese, escaped", derived, `{"out_order_no":"T20240101000001","reason":"\u7528\u6237\u53d6\u6d88\u8ba2\u5355","total_amount":100}`, "ae5e936749e164d9cb8843978f4dce20"},
	} {
		if got := requestSignature(readForm(t, v.body), v.salt); got != v.sign {
			t.Errorf("%s: %s, want %s", v.name, got, v.sign)
		}
	}
}

// C1: bytedance/open-pay-signature-go-demo; C2: yansongda/pay; DC1: derived, by the rule that C1
// and C2 fit.
func TestCallbackSignatureVectors(t *testing.T) {
	for _, v := range []struct{ name, token, timestamp, nonce, msg, sign string }{
		{"C1", "fdsifakhflasjfxxxxxxxxx", "1652675265", "9999", "80850852", "c9df04a40645c4ec15c13bc542cea589eac57e64"},
		{"C2", "douyin_mini_token", "1722769986", "5280", `{"appid":"tt226e54d3bd581bf801","cp_orderno":"202408041111312119","cp_extra":"","way":"2","channel_no":"","channel_gateway_no":"","payment_order_no":"","out_channel_order_no":"","total_amount":1,"status":"SUCCESS","seller_uid":"73744242495132490630","extra":"","item_id":"","paid_at":1722769986,"message":"","order_id":"7398108028895054107"}`, "840bdf067c1d6056becfe88735c8ebb7e1ab809c"},
		{"DC1", "cb_token_for_tests", "1704067200", "4242", `{"appid":"tt0123456789abcdef","cp_refundno":"R20240101000001","cp_extra":"","status":"SUCCESS","refund_amount":100,"is_all_settled":false,"refunded_at":1704067200,"message":"","order_id":"7398108028895054107","refund_no":"7398108028895054999"}`, "d840033810ebeba65e54ca71ae014350a7342d99"},
	} {
		if got := callbackSignature(v.token, v.timestamp, v.nonce, v.msg); got != v.sign {
			t.Errorf("%s: %s, want %s", v.name, got, v.sign)
		}
	}
}

func readForm(t testing.TB, body string) form {
	t.Helper()
	c := &call{body: []byte(body)}
	parseForm("out_order_no")(nil, c)
	if c.bad != nil {
		t.Fatalf("%s: %v", body, c.bad)
	}
	return c.form
}
