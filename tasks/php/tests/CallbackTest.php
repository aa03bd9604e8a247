<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Callback;
use OrderSync\Exception\ForgedCallbackException;

// Vector DC1 of douyin/testdata/callback_vectors.json: derived, by the rule that the published ones
// fit.
$msg = '{"appid":"tt0123456789abcdef","cp_refundno":"R20240101000001","cp_extra":"","status":"SUCCESS","refund_amount":100,"is_all_settled":false,"refunded_at":1704067200,"message":"","order_id":"7398108028895054107","refund_no":"7398108028895054999"}';
$signature = 'd840033810ebeba65e54ca71ae014350a7342d99';
$token = 'cb_token_for_tests';
/** @param array<string, mixed> $change */
$body = static function (array $change = []) use ($msg, $signature): string {
    return (string) json_encode($change + ['timestamp' => '1704067200', 'nonce' => '4242', 'msg' => $msg, 'type' => 'refund', 'msg_signature' => $signature]);
};
$forged = static function (string $text, string ...$tokens): void {
    thrown(ForgedCallbackException::class, static function () use ($text, $tokens): void {
        Callback::verify($text, ...$tokens);
    });
};

return [
    'published vector C1 (bytedance/open-pay-signature-go-demo)' => static function (): void {
        same('c9df04a40645c4ec15c13bc542cea589eac57e64', Callback::sign('fdsifakhflasjfxxxxxxxxx', '1652675265', '9999', '80850852'));
    },
    'published vector C2 (yansongda/pay)' => static function (): void {
        same('840bdf067c1d6056becfe88735c8ebb7e1ab809c', Callback::sign('douyin_mini_token', '1722769986', '5280', '{"appid":"tt226e54d3bd581bf801","cp_orderno":"202408041111312119","cp_extra":"","way":"2","channel_no":"","channel_gateway_no":"","payment_order_no":"","out_channel_order_no":"","total_amount":1,"status":"SUCCESS","seller_uid":"73744242495132490630","extra":"","item_id":"","paid_at":1722769986,"message":"","order_id":"7398108028895054107"}'));
    },
    'a signed callback is read, with the timestamp as text or number' => static function () use ($body, $token): void {
        foreach (['1704067200', 1704067200] as $timestamp) {
            $callback = Callback::verify($body(['timestamp' => $timestamp]), $token);
            same(['refund', 'R20240101000001', 'SUCCESS', 100], [$callback->type, $callback->number(), $callback->status(), $callback->message['refund_amount']]);
        }
    },
    'after a change the old token is taken too' => static function () use ($body, $token): void {
        same('refund', Callback::verify($body(), 'the-new-one', $token)->type);
    },
    'whatever is changed, it is forged' => static function () use ($body, $forged, $msg, $token, $signature): void {
        foreach ([
            ['timestamp' => '1704067201'], ['nonce' => '4243'], ['msg' => str_replace('100', '900', $msg)], ['msg_signature' => strtoupper($signature)],
            ['type' => 'payment'], ['type' => 'withdraw'], ['msg' => ''], ['msg' => ['a' => 1]], ['timestamp' => 1.5], ['timestamp' => true],
            ['nonce' => "4242\n"], ['msg_signature' => null],
        ] as $change) {
            $forged($body($change), $token);
        }
    },
    'no token verifies nothing' => static function () use ($body, $forged, $msg): void {
        $forged($body());
        $forged($body(), '');
        $forged($body(['msg_signature' => Callback::sign('', '1704067200', '4242', $msg)]), '');
        $forged($body(), 'another');
    },
    'what is no envelope is refused' => static function () use ($forged, $body, $token): void {
        foreach (['', 'x', '[]', 'null', '"text"', '{}', $body() . str_repeat(' ', 65536)] as $text) {
            $forged($text, $token);
        }
    },
    'Douyin reads exactly this' => static function (): void {
        same('{"err_no":0,"err_tips":"success"}', Callback::success());
        same('{"err_no":400,"err_tips":"签名"}', Callback::failure('签名'));
    },
];
