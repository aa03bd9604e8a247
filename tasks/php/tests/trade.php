<?php

declare(strict_types=1);

/*
 * The way of a payment of trade, from the shop's PHP to Douyin's simulator; trade_test.go starts
 * both ends. ORDERSYNC_CLIENT_URL, SIMULATOR_URL.
 */

namespace OrderSync\Tests;

use OrderSync\CurlTransport;
use OrderSync\PaymentLogic;
use OrderSync\Response;

$douyin = static function (string $path, array $body): Response {
    $url = getenv('SIMULATOR_URL') . '/_sim/trade/' . $path;

    return (new CurlTransport())->send('POST', $url, ['Content-Type: application/json'], (string) json_encode($body));
};
$order = ['out_order_no' => 'T1', 'total_amount' => 19.9 * 100, 'subject' => 'Go 入门 <b> & "/\\ 课', 'image' => 'https://cdn.example.com/c.png?a=1&b=2'];

return [
    'what the mini-app gets is what was signed' => static function () use ($douyin, $order): void {
        $made = PaymentLogic::requestOrder($order);
        same(0, $made['err_no'], (string) $made['err_tips']);
        $told = json_decode((string) json_encode($made), true); // the shop's answer, as the mini-app decodes it
        $taken = $douyin('request_order', ['data' => $told['data'], 'byteAuthorization' => $told['byteAuthorization'], 'open_id' => 'open-1']);
        same(200, $taken->status, $taken->body);
        same(200, $douyin('pay', ['out_order_no' => 'T1'])->status);
    },
    'what was decoded and encoded on the way is not' => static function () use ($douyin, $order): void {
        $made = PaymentLogic::requestOrder(['out_order_no' => 'T2'] + $order);
        $again = (string) json_encode(json_decode($made['data'], true));
        yes($again !== $made['data'], 'PHP writes it in another way');
        $taken = $douyin('request_order', ['data' => $again, 'byteAuthorization' => $made['byteAuthorization'], 'open_id' => 'open-1']);
        same(400, $taken->status, $taken->body);
    },
];
