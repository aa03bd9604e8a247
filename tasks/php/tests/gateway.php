<?php

declare(strict_types=1);

/*
 * Against a real gateway over HTTP: php_test.go starts it, on a real Redis, with Douyin's simulator behind it.
 * ORDERSYNC_CLIENT_URL, ORDERSYNC_CLIENT_TOKEN, ORDERSYNC_CLIENT_CALLBACK_TOKEN, SIMULATOR_URL.
 */

namespace OrderSync\Tests;

use OrderSync\Client;
use OrderSync\CurlTransport;
use OrderSync\Exception\ConflictException;
use OrderSync\Exception\NotFoundException;
use OrderSync\Exception\RefusedException;
use OrderSync\Exception\UnauthorizedException;
use OrderSync\Exception\UnavailableException;
use OrderSync\Exception\WrongAddressException;
use OrderSync\PaymentLogic;

$url = (string) getenv('ORDERSYNC_CLIENT_URL');
$client = Client::fromEnvironment();

return [
    'a push is queued once' => static function () use ($client): void {
        same('queued', $client->push(1001, ['revision' => 'paid', 'cause' => 'paid'])['status']);
        same('known', $client->push('1001', ['revision' => 'paid', 'cause' => 'paid'])['status']);
        same('queued', $client->push(1001)['status'], 'a change of its own');
    },
    '501 orders in one call' => static function () use ($client): void {
        $all = $client->pushMany(range(2001, 2501));
        same([501, 0, 501], [$all['queued'], $all['failed'], count($all['results'])]);
        $bad = $client->pushMany([['order_id' => 3001, 'cause' => 'whim'], 3002]);
        same(['refused', 'queued', 'cause'], [$bad['results'][0]['status'], $bad['results'][1]['status'], $bad['results'][0]['problem']['field']]);
    },
    'what is known of an order' => static function () use ($client): void {
        same('1001', $client->order(1001)['order_id']);
        thrown(NotFoundException::class, static function () use ($client): void {
            $client->order('404');
        });
    },
    'a refund is one by its number' => static function () use ($client): void {
        $refund = ['out_refund_no' => 'PHP-R1', 'amount_fen' => 990, 'reason' => '用户取消订单'];
        same('new', $client->refund(1001, $refund)['state']);
        same(990, $client->refund(1001, $refund)['amount_fen']);
        same('PHP-R1', $client->refundStatus('PHP-R1')['out_refund_no']);
        thrown(ConflictException::class, static function () use ($client, $refund): void {
            $client->refund(1001, ['amount_fen' => 1] + $refund);
        });
        $e = thrown(RefusedException::class, static function () use ($client, $refund): void {
            $client->refund(1001, ['amount_fen' => 0] + $refund);
        });
        same('amount_fen', $e->getField());
    },
    'a settlement is written down' => static function () use ($client): void {
        $client->settle(1001, ['out_settle_no' => 'PHP-S1', 'desc' => '分账', 'params' => [['merchant_uid' => '7027', 'amount_fen' => 10]]]);
        same('分账', $client->settlementStatus('PHP-S1')['desc']);
    },
    'the token is asked for' => static function () use ($url): void {
        thrown(UnauthorizedException::class, static function () use ($url): void {
            (new Client($url, 'wrong'))->push(1);
        });
    },
    'a typing error is named' => static function () use ($client): void {
        $e = thrown(RefusedException::class, static function () use ($client): void {
            $client->push(1, ['delay_second' => 5]);
        });
        same([400, 'delay_second'], [$e->getStatus(), $e->getField()]);
    },
    'a wrong address is told from a missing record' => static function () use ($url): void {
        foreach ([$url . '/v1', $url . '/shop/', (string) getenv('SIMULATOR_URL')] as $wrong) {
            $e = thrown(WrongAddressException::class, static function () use ($wrong): void {
                (new Client($wrong, (string) getenv('ORDERSYNC_CLIENT_TOKEN')))->push(1);
            });
            yes(strpos($e->getMessage(), rtrim($wrong, '/')) !== false, $e->getMessage());
        }
    },
    'where nobody listens the call ends soon' => static function (): void {
        $begin = microtime(true);
        thrown(UnavailableException::class, static function (): void {
            (new Client('http://127.0.0.1:1', '', ['retries' => 1]))->push(1);
        });
        yes(microtime(true) - $begin < 3, 'in time');
    },
    // A shop that used the class: only its `use` line is another one.
    'the drop-in class pays, queries, pushes, refunds and settles' => static function (): void {
        $made = PaymentLogic::order(['out_order_no' => 'PHP4001', 'total_amount' => 9.9 * 100, 'subject' => '测试商品', 'body' => '测试详情', 'valid_time' => 7200]);
        same(0, $made['err_no'], $made['err_tips']);
        yes($made['data']['order_id'] !== '' && $made['data']['order_token'] !== '', 'tt.pay has what it needs');
        same('PROCESSING', PaymentLogic::query('PHP4001')['payment_info']['order_status']);

        (new CurlTransport())->send('POST', getenv('SIMULATOR_URL') . '/_sim/pay', ['Content-Type: application/json'], '{"out_order_no":"PHP4001"}');
        $paid = PaymentLogic::query('PHP4001');
        same(['SUCCESS', 990], [$paid['payment_info']['order_status'], $paid['payment_info']['total_fee']]);

        same(200, PaymentLogic::pushOrder(['id' => 'PHP4001'])['code']);
        $refund = ['out_order_no' => 'PHP4001', 'out_refund_no' => 'PHP-R2', 'reason' => '退款原因', 'refund_amount' => 1];
        same(0, PaymentLogic::refund($refund)['err_no']);
        same(409, PaymentLogic::refund(['refund_amount' => 2] + $refund)['err_no']);
        same(0, PaymentLogic::settle(['out_order_no' => 'PHP4001', 'out_settle_no' => 'PHP-S2', 'settle_desc' => '分账描述', 'settle_params' => json_encode([])])['err_no']);
    },
    'what Douyin refuses comes back in Douyin\'s words' => static function (): void {
        same(422, PaymentLogic::order(['out_order_no' => 'PHP4002', 'total_amount' => 1, 'subject' => '', 'body' => 'b', 'valid_time' => 300])['err_no'], 'found before it is sent');
        $unknown = PaymentLogic::query('PHP-nobody');
        yes($unknown['err_no'] > 0 && $unknown['err_tips'] !== '', 'refused: ' . json_encode($unknown));
    },
];
