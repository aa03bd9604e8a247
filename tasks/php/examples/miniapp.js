/*
 * The mini-app's half of trade.php: from the press on "pay" to the till. tt.requestOrder works on a phone only; the IDE has none.
 *
 * data and byteAuthorization go from the shop's answer into tt.requestOrder as they came. data looks like JSON and is a text: no
 * JSON.parse, no JSON.stringify, no trim. Douyin's signature is over its bytes, and whatever changes one ends as 签名校验异常.
 */
export function pay(orderId) {
  tt.request({
    url: 'https://shop.example.com/requestOrder?id=' + encodeURIComponent(orderId),
    method: 'POST',
    success(answer) { // answer.data is the shop's JSON object, decoded once by tt.request
      if (answer.data.err_no !== 0) {
        tt.showToast({ title: answer.data.err_tips, icon: 'none' });
        return;
      }
      tt.requestOrder({
        data: answer.data.data,
        byteAuthorization: answer.data.byteAuthorization,
        success(made) { // made.orderId is Douyin's number
          tt.getOrderPayment({
            orderId: made.orderId,
            success() { /* the buyer has left the till; whether he has paid is told by the callback */ },
            fail(error) { console.error('getOrderPayment', error.errNo, error.errMsg); },
          });
        },
        fail(error) { console.error('requestOrder', error.errNo, error.errMsg, error.errLogId); },
      });
    },
  });
}
