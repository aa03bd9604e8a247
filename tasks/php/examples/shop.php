<?php

declare(strict_types=1);

/*
 * A shop's own code: the whole life of an order, as it stands in shops that copied the PaymentLogic class. The class's namespace is
 * the shop's. To hand the work to ordersync one line changes:
 *
 *     -use app\api\logic\PaymentLogic;
 *     +use OrderSync\PaymentLogic;
 *
 * cmd/internal/journeys/e2e_php_test.go changes it and lets orders live against real servers.
 * bootstrap.php is what a framework does: it loads classes and opens the database.
 */

use app\api\logic\PaymentLogic;

require __DIR__ . '/bootstrap.php';

final class Order
{
    private const UNPAID = 0;
    private const PAID = 1;
    private const REDEEMED = 4;
    private const REFUNDING = 5;
    private const REFUNDED = 6;
    private const REFUND_FAILED = 8;

    private PDO $db;

    public function __construct(PDO $db)
    {
        $this->db = $db;
    }

    /** The buyer presses "pay": what tt.pay needs on the phone. */
    public function pay(int $id): array
    {
        $order = $this->find($id);
        $made = PaymentLogic::order([
            'out_order_no' => $order['sn'],
            'total_amount' => $order['amount'] * 100,   // fen, as shops compute them: a float
            'subject' => '课程',
            'body' => '线上课程',
            'valid_time' => 7200,
        ]);
        if ($made['err_no'] == 0) {
            $this->change($id, ['third_order_num' => $made['data']['order_id']]);
        }

        return $made;
    }

    /** The shop's notify_url. Douyin's callback comes with the body and the signature that Douyin gave it. */
    public function notify(string $body): string
    {
        $post = json_decode($body, true);
        if (!is_array($post) || !hash_equals(PaymentLogic::handler($post), (string) ($post['msg_signature'] ?? ''))) {
            http_response_code(403);

            return json_encode(['err_no' => 400, 'err_tips' => 'signature']);
        }
        $msg = json_decode($post['msg'], true);
        if ($post['type'] === 'payment' && $msg['status'] === 'SUCCESS') {
            $order = $this->find($msg['cp_orderno']);
            if ($order['status'] == self::UNPAID) { // the same callback may come again, and late
                $this->change($order['id'], ['status' => self::PAID]);
                PaymentLogic::pushOrder($order);
            }
        }
        if ($post['type'] === 'refund') {
            $order = $this->find(substr($msg['cp_refundno'], strlen('R')));
            $this->change($order['id'], ['status' => $msg['status'] === 'SUCCESS' ? self::REFUNDED : self::REFUND_FAILED]);
            PaymentLogic::pushOrder($order);
        }
        PaymentLogic::log(getenv('SHOP_LOG') ?: 'php://stderr', $post['type'] . ' ' . $msg['status']);

        return PaymentLogic::success();
    }

    /** The shop's own page asks whether the money has come. */
    public function query(int $id): array
    {
        return PaymentLogic::query($this->find($id)['sn']);
    }

    /** The buyer took the course: the order centre shows 已核销. */
    public function redeem(int $id): array
    {
        $this->change($id, ['status' => self::REDEEMED]);

        return PaymentLogic::pushOrder($this->find($id));
    }

    public function refund(int $id): array
    {
        $order = $this->find($id);
        $this->change($id, ['status' => self::REFUNDING]);

        return PaymentLogic::refund([
            'out_order_no' => $order['sn'],
            'out_refund_no' => 'R' . $order['sn'],
            'reason' => '用户取消订单',
            'refund_amount' => $order['amount'] * 100,
        ]);
    }

    public function settle(int $id): array
    {
        $order = $this->find($id);

        return PaymentLogic::settle([
            'out_order_no' => $order['sn'],
            'out_settle_no' => 'S' . $order['sn'],
            'settle_desc' => '课程分账',
            'settle_params' => json_encode([]),
        ]);
    }

    /** @param int|string $which id, or sn */
    private function find($which): array
    {
        $query = $this->db->prepare('SELECT * FROM tp_order WHERE ' . (is_int($which) ? 'id' : 'sn') . ' = ?');
        $query->execute([$which]);
        $order = $query->fetch();
        if ($order === false) {
            throw new RuntimeException('no such order');
        }

        return $order;
    }

    private function change(int $id, array $values): void
    {
        foreach ($values as $column => $value) {
            $this->db->prepare("UPDATE tp_order SET $column = ? WHERE id = ?")->execute([$value, $id]);
        }
    }
}

$order = new Order(database());
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
header('Content-Type: application/json');
if ($path === '/dy_notify') {
    echo $order->notify((string) file_get_contents('php://input'));
} elseif (in_array($path, ['/pay', '/query', '/redeem', '/refund', '/settle'], true)) {
    $action = substr($path, 1);
    echo json_encode($order->$action((int) ($_GET['id'] ?? 0)), JSON_UNESCAPED_UNICODE);
} else {
    http_response_code(404);
}
