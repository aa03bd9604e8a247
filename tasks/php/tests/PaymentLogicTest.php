<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Client;
use OrderSync\PaymentLogic;
use OrderSync\Response;

/** @param array<string, mixed> $settings */
$answering = static function (?Response $answer, array $settings = []): Script {
    $script = new Script($answer);
    PaymentLogic::configure($settings + ['client' => new Client('http://gateway.example', 'the-token', ['transport' => $script, 'retries' => 0]), 'callback_token' => 'cb_token_for_tests']);

    return $script;
};
$refused = new Response(422, '{"detail":"Douyin refuses: 业务参数错误","code":2010}');

return [
    'order() takes and gives what the class did' => static function () use ($answering): void {
        $script = $answering(new Response(200, '{"out_order_no":"T1","order_id":"N7","order_token":"Cg"}'));
        $result = PaymentLogic::order(['out_order_no' => 'T1', 'total_amount' => 0.07 * 100, 'subject' => '测试商品', 'body' => '测试详情', 'valid_time' => '7200', 'cp_extra' => '']);
        same(['data' => ['order_id' => 'N7', 'order_token' => 'Cg'], 'err_no' => 0, 'err_tips' => 'success'], $result);
        same('{"out_order_no":"T1","subject":"测试商品","body":"测试详情","total_amount":7,"valid_time":7200,"disable_msg":false}', $script->sent[0][3]);
    },
    'query() gives payment_info' => static function () use ($answering): void {
        $answering(new Response(200, '{"out_order_no":"T1","order_id":"N7","order_status":"SUCCESS","total_fee":990,"pay_time":"2026-11-23 04:05:06","way":10}'));
        $result = PaymentLogic::query('T1');
        same([0, 'T1', 'N7'], [$result['err_no'], $result['out_order_no'], $result['order_id']]);
        same(['SUCCESS', 990, 10, ''], [$result['payment_info']['order_status'], $result['payment_info']['total_fee'], $result['payment_info']['way'], $result['payment_info']['channel_no']]);
    },
    'refund() knows the order by its out_order_no' => static function () use ($answering): void {
        $data = ['out_order_no' => '2021110118351347832', 'out_refund_no' => 'R1', 'reason' => '退款原因', 'refund_amount' => 1];
        $new = new Response(202, '{"out_refund_no":"R1","state":"new"}');
        $script = $answering($new);
        same(['err_tips' => '受理成功', 'refund_no' => '', 'err_no' => 0], PaymentLogic::refund($data));
        same(['http://gateway.example/v1/orders/2021110118351347832/refunds', '{"out_refund_no":"R1","reason":"退款原因","amount_fen":1,"disable_msg":false}'], array_values(array_intersect_key($script->sent[0], [1 => 0, 3 => 0])));

        $script = $answering($new, ['order_id' => static fn (string $no): int => $no === '2021110118351347832' ? 7 : 0]);
        PaymentLogic::refund($data);
        same('http://gateway.example/v1/orders/7/refunds', $script->sent[0][1], 'asked the shop');
        $script = $answering($new);
        PaymentLogic::refund($data + ['order_id' => 8]);
        same('http://gateway.example/v1/orders/8/refunds', $script->sent[0][1], 'told');
    },
    'settle() reads the JSON text that Douyin wants' => static function () use ($answering): void {
        $script = $answering(new Response(202, '{"out_settle_no":"S1","state":"new"}'));
        $result = PaymentLogic::settle(['out_order_no' => 'T1', 'out_settle_no' => 'S1', 'settle_desc' => '分账描述', 'settle_params' => json_encode([['merchant_uid' => '商户号', 'amount' => '10']]), 'finish' => 'true']);
        same(['settle_no' => '', 'err_no' => 0, 'err_tips' => 'success'], $result);
        same('{"out_settle_no":"S1","desc":"分账描述","params":[{"merchant_uid":"商户号","amount_fen":10}],"finish":true}', $script->sent[0][3]);
        $script = $answering(null);
        same(422, PaymentLogic::settle(['out_order_no' => 'T1', 'settle_params' => '{'])['err_no']);
        same([], $script->sent);
    },
    'pushOrder() reads the id of the row' => static function () use ($answering): void {
        $script = $answering(new Response(202, '{"order_id":"7","status":"queued"}'));
        $result = PaymentLogic::pushOrder(['id' => 7, 'uid' => 1, 'product_id' => 2, 'course_id' => 3, 'price' => '9.90', 'amount' => '9.90', 'create_time' => 1, 'sn' => 's', 'third_order_num' => '']);
        same(['code' => 200, 'msg' => 'success', 'data' => '{"order_id":"7","status":"queued"}'], $result);
        same('http://gateway.example/v1/orders/7/push', $script->sent[0][1]);
    },
    'a failure is an array, never an exception' => static function () use ($answering, $refused): void {
        foreach ([[$refused, 2010], [new Response(409, '{"detail":"other content"}'), 409], [new Response(503, ''), 503], [null, -1]] as [$answer, $number]) {
            $answering($answer);
            $result = PaymentLogic::refund(['out_order_no' => 'T1', 'out_refund_no' => 'R1', 'reason' => 'r', 'refund_amount' => 1]);
            same($number, $result['err_no']);
            yes($result['err_tips'] !== '', 'with words');
            $answering($answer);
            same(500, PaymentLogic::pushOrder(['id' => 7])['code']);
        }
    },
    'a fraction of a fen is refused and never rounded' => static function () use ($answering): void {
        foreach ([[1, true], ['100', true], [100.0, true], [1.1 * 100, true], [4.35 * 100, true], [99999999.99 * 100, true], [0.5, false], ['0.5', false], ['', false], [null, false], [NAN, false], [INF, false], [true, false], [' 1', false]] as [$amount, $taken]) {
            $script = $answering(new Response(202, '{}'));
            $result = PaymentLogic::refund(['out_order_no' => 'T1', 'out_refund_no' => 'R1', 'reason' => 'r', 'refund_amount' => $amount]);
            same($taken, count($script->sent) === 1, var_export($amount, true));
            same($taken ? 0 : 422, $result['err_no']);
        }
    },
    'handler() gives the signature that success() answers' => static function () use ($answering): void {
        $answering(null);
        $msg = '{"appid":"tt0123456789abcdef","cp_refundno":"R20240101000001","cp_extra":"","status":"SUCCESS","refund_amount":100,"is_all_settled":false,"refunded_at":1704067200,"message":"","order_id":"7398108028895054107","refund_no":"7398108028895054999"}';
        same('d840033810ebeba65e54ca71ae014350a7342d99', PaymentLogic::handler(['timestamp' => 1704067200, 'nonce' => '4242', 'msg' => $msg, 'type' => 'refund', 'msg_signature' => 'x']));
        same('{"err_no":0,"err_tips":"success"}', PaymentLogic::success());
        PaymentLogic::configure([]);
        thrown(\LogicException::class, static function (): void {
            PaymentLogic::handler(['timestamp' => '1', 'nonce' => '2', 'msg' => '3']);
        });
    },
    'the environment configures it too' => static function (): void {
        PaymentLogic::configure([]);
        putenv('ORDERSYNC_URL=http://127.0.0.1:1');
        putenv('ORDERSYNC_CALLBACK_TOKEN=t');
        same(-1, PaymentLogic::query('T1')['err_no'], 'nobody listens there');
        same(40, strlen(PaymentLogic::handler(['timestamp' => '1', 'nonce' => '2', 'msg' => '3'])));
        putenv('ORDERSYNC_URL');
        putenv('ORDERSYNC_CALLBACK_TOKEN');
        PaymentLogic::configure([]);
    },
];
