<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Client;
use OrderSync\Exception\ConflictException;
use OrderSync\Exception\RefusedException;
use OrderSync\Exception\WrongSystemException;
use OrderSync\PaymentLogic;
use OrderSync\Response;

/** @param array<string, mixed> $options */
$client = static function (Script $script, array $options = []): Client {
    return new Client('http://gateway.example', 'the-token', $options + ['transport' => $script, 'retries' => 0]);
};
// What a gateway answers, written by Go: <, > and & are escaped, / and Chinese are not. The last
// text has what encoders differ about.
$authorization = 'SHA256-RSA2048 appid=tt0123456789abcdef,nonce_str=N,timestamp=1764374400,key_version=1,signature=ab+/==';
$answers = [
    TradeVectors::DATA => '{"system":"trade","data":' . str_replace(['\\/', '<', '>', '&'], ['/', '\\u003c', '\\u003e', '\\u0026'], (string) json_encode(TradeVectors::DATA, JSON_UNESCAPED_UNICODE)) . ',"byteAuthorization":"' . $authorization . '"}',
    "{\"a\":\"\\u4e2d<>&'/\\/\",\"b\":1.0,\"n\":90071992547409931,\"c\":\"\u{2028}\u{1F600}\\t\", \"d\" : [ ]}\n" => '{"system":"trade","data":"{\"a\":\"\\\\u4e2d\u003c\u003e\u0026\'/\\\\/\",\"b\":1.0,\"n\":90071992547409931,\"c\":\"\u2028' . "\u{1F600}" . '\\\\t\", \"d\" : [ ]}\n","byteAuthorization":"' . $authorization . '"}',
];
$order = ['out_order_no' => 'T1', 'total_amount' => 1990, 'subject' => 'Go 入门课', 'image' => 'https://cdn.example.com/c1001.png'];

return [
    'both texts come through byte for byte' => static function () use ($client, $answers, $authorization, $order): void {
        foreach ($answers as $data => $answer) {
            same(['data' => $data, 'byteAuthorization' => $authorization], $client(new Script(new Response(200, $answer)))->requestOrder($order));
            PaymentLogic::configure(['client' => $client(new Script(new Response(200, $answer)))]);
            $made = PaymentLogic::requestOrder($order);
            same(['data' => $data, 'byteAuthorization' => $authorization, 'err_no' => 0, 'err_tips' => 'success'], $made);
            // As a shop hands it to its mini-app: whatever the flags of the encoder, the text in it
            // is the same.
            foreach ([0, JSON_UNESCAPED_UNICODE, JSON_UNESCAPED_SLASHES | JSON_PRETTY_PRINT, JSON_HEX_TAG | JSON_HEX_AMP] as $flags) {
                same($data, json_decode((string) json_encode($made, $flags), true)['data']);
            }
        }
    },
    'requestOrder() asks for what interface says' => static function () use ($client, $answers): void {
        $script = new Script(new Response(200, $answers[TradeVectors::DATA]));
        PaymentLogic::configure(['client' => $client($script)]);
        PaymentLogic::requestOrder(['out_order_no' => 'T1', 'total_amount' => 19.99 * 100, 'subject' => '课程', 'body' => '课程详情', 'image' => '/c.png', 'valid_time' => '1800', 'sku_id' => 7, 'quantity' => 1, 'price' => 0.07 * 100, 'goods_type' => '401', 'tag_group_id' => 'tag_group_1', 'currency' => '', 'order_page' => ['path' => 'pages/order', 'params' => '{"id":"1"}'], 'hide_pay_ways' => [2]]);
        [$method, $url, , $body] = $script->sent[0];
        same('POST http://gateway.example/v1/payments', "$method $url");
        same('{"out_order_no":"T1","subject":"课程","image":"/c.png","sku_id":"7","tag_group_id":"tag_group_1","total_amount":1999,"order_page":{"path":"pages/order","params":"{\"id\":\"1\"}"},"hide_pay_ways":[2],"valid_time":1800,"quantity":1,"price":7,"goods_type":401}', $body);
    },
    'the other system is named' => static function () use ($client, $answers, $order): void {
        thrown(WrongSystemException::class, static function () use ($client, $order): void {
            $client(new Script(new Response(200, '{"out_order_no":"T1","order_id":"N7","order_token":"Cg"}')))->requestOrder($order);
        });
        $foreign = '{"type":"about:blank","title":"Bad Request","status":400,"detail":"is not a field of a payment in ecpay, where this gateway makes new ones (douyin.payments)","field":"image","system":"ecpay"}';
        $e = thrown(WrongSystemException::class, static function () use ($client, $foreign, $order): void {
            $client(new Script(new Response(400, $foreign, null, 'application/problem+json')))->requestOrder($order);
        });
        same('ordersync: image: is not a field of a payment in ecpay, where this gateway makes new ones (douyin.payments)', $e->getMessage());
        PaymentLogic::configure(['client' => $client(new Script(new Response(200, $answers[TradeVectors::DATA]))), 'lang' => 'en']);
        $made = PaymentLogic::order($order + ['body' => 'b', 'valid_time' => 300]);
        same(['err_no' => -1, 'err_tips' => 'ordersync: the gateway makes payments of trade: order is for ecpay. See douyin.payments'], $made);
    },
    'a payment of trade is told in the class\'s words too' => static function () use ($client): void {
        foreach (['PROCESS' => 'PROCESSING', 'SUCCESS' => 'SUCCESS', 'TIMEOUT' => 'TIMEOUT', 'CANCEL' => 'FAIL', 'FAIL' => 'FAIL'] as $state => $word) {
            $answer = '{"system":"trade","out_order_no":"T1","order_id":"motb1","pay_status":"' . $state . '","total_amount":1990,"discount_amount":90,"items":[{"item_order_id":"motb3"}]}';
            PaymentLogic::configure(['client' => $client(new Script(new Response(200, $answer)))]);
            $found = PaymentLogic::query('T1');
            same([0, 'T1', 'motb1', $word, 1990], [$found['err_no'], $found['out_order_no'], $found['order_id'], $found['payment_info']['order_status'], $found['payment_info']['total_fee']]);
            same([$state, 90, 'motb3'], [$found['payment_info']['pay_status'], $found['payment_info']['discount_amount'], $found['payment_info']['items'][0]['item_order_id']]);
        }
    },
    'a word on a refund is sent as it is read' => static function () use ($client): void {
        $script = new Script(...array_fill(0, 4, new Response(202, '{"out_refund_no":"DYmotb2","audit":"needed"}')));
        $c = $client($script);
        $c->audit('DYmotb2', true);
        same('needed', $c->audit('DYmotb2', false, '课程已学完')['audit']);
        PaymentLogic::configure(['client' => $c]);
        same(['audit' => 'needed', 'err_no' => 0, 'err_tips' => 'success'], PaymentLogic::audit('DYmotb2', true));
        same([
            'POST http://gateway.example/v1/refunds/DYmotb2/audit {"agree":true}',
            'POST http://gateway.example/v1/refunds/DYmotb2/audit {"agree":false,"deny_message":"课程已学完"}',
            'POST http://gateway.example/v1/refunds/DYmotb2/audit {"agree":true}',
        ], array_map(static fn (array $s): string => "$s[0] $s[1] $s[3]", $script->sent));
    },
    'a word that cannot be right is not sent' => static function () use ($client): void {
        foreach ([[false, ''], [false, " \n"], [true, 'why'], [false, str_repeat('退', 171)]] as [$agree, $why]) {
            $script = new Script();
            $e = thrown(RefusedException::class, static function () use ($client, $script, $agree, $why): void {
                $client($script)->audit('DYmotb2', $agree, $why);
            });
            same([[], 'deny_message', 422], [$script->sent, $e->getField(), $e->getStatus()]);
        }
        $script = new Script(new Response(202, '{}'));
        $client($script)->audit('DYmotb2', false, str_repeat('退', 170) . 'xx');
        same(1, count($script->sent), '512 bytes are allowed');
        PaymentLogic::configure(['client' => $client(new Script())]);
        same(422, PaymentLogic::audit('', true)['err_no']);
    },
    'another word is a conflict' => static function () use ($client): void {
        thrown(ConflictException::class, static function () use ($client): void {
            $client(new Script(new Response(409, '{"detail":"it has another word already"}')))->audit('DYmotb2', true);
        });
    },
    'refunds that wait come page by page' => static function () use ($client): void {
        $script = new Script(new Response(200, '{"refunds":[{"out_refund_no":"A"},{"out_refund_no":"B"}],"next":"B/1"}'), new Response(200, '{"refunds":[{"out_refund_no":"C"}],"next":""}'));
        $all = [];
        foreach ($client($script)->eachAudit() as $refund) {
            $all[] = $refund['out_refund_no'];
        }
        same(['A', 'B', 'C'], $all);
        same(['http://gateway.example/v1/refunds?audit=needed', 'http://gateway.example/v1/refunds?audit=needed&after=B%2F1'], array_column($script->sent, 1));
        same([], iterator_to_array($client(new Script(new Response(200, '{"refunds":[]}')))->eachAudit()));
        $same = new Response(200, '{"refunds":[{"out_refund_no":"A"}],"next":"A"}');
        same(2, iterator_count($client(new Script($same, $same))->eachAudit()), 'a page that names itself is the last');
    },
];
