<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Callback;
use OrderSync\Client;
use OrderSync\PaymentLogic;
use OrderSync\Response;

require_once __DIR__ . '/../examples/trade.php';

$shop = static function (): array {
    $pdo = new \PDO('sqlite::memory:', null, null, [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
    $pdo->exec('CREATE TABLE tp_order (id INTEGER PRIMARY KEY, sn TEXT, amount TEXT, title TEXT, image TEXT, course_id INTEGER, third_order_num TEXT, status INTEGER)');
    $pdo->exec("INSERT INTO tp_order VALUES (1, '1210246155355688960', '19.99', 'Go 入门课', 'https://cdn.example.com/c.png', 1001, 'motb1', 0)");

    return [new \TradeOrder($pdo), static fn (): int => (int) $pdo->query('SELECT status FROM tp_order')->fetchColumn()];
};

return [
    'the mini-app gets both texts as the gateway signed them' => static function () use ($shop): void {
        $answer = (string) json_encode(['system' => 'trade', 'data' => TradeVectors::DATA, 'byteAuthorization' => 'SHA256-RSA2048 appid=tt1']);
        $script = new Script(new Response(200, $answer));
        PaymentLogic::configure(['client' => new Client('http://gateway.example', '', ['transport' => $script])]);
        $told = json_decode($shop()[0]->requestOrder(1), true);
        same([0, TradeVectors::DATA, 'SHA256-RSA2048 appid=tt1'], [$told['err_no'], $told['data'], $told['byteAuthorization']]);
        same('{"out_order_no":"1210246155355688960","subject":"Go 入门课","image":"https://cdn.example.com/c.png","sku_id":"1001","total_amount":1999,"valid_time":1800}', $script->sent[0][3]);
    },
    'callbacks of trade reach the shop\'s rows, forged ones do not' => static function () use ($shop): void {
        putenv('SHOP_PLATFORM_KEY=' . TradeVectors::KEY);
        [$order, $status] = $shop();
        same(Callback::failure('signature'), $order->notify(TradeVectors::PAYMENT_BODY . ' ', TradeVectors::PAYMENT_HEADERS));
        same(0, $status());
        same(Callback::success(), $order->notify(TradeVectors::PAYMENT_BODY, TradeVectors::PAYMENT_HEADERS));
        same(1, $status(), 'paid');
        same(Callback::success(), $order->notify(TradeVectors::REFUND_BODY, TradeVectors::REFUND_HEADERS));
        same(6, $status(), 'refunded');
        same(Callback::success(), $order->notify(TradeVectors::PAYMENT_BODY, TradeVectors::PAYMENT_HEADERS));
        same(6, $status(), 'a late one changes nothing');
        putenv('SHOP_PLATFORM_KEY');
    },
];
