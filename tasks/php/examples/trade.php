<?php

declare(strict_types=1);

/*
 * A shop that has moved to trade (通用交易系统): what is other than in shop.php, beside what stays.
 * miniapp.js is the other half, in the mini-app. Orders that were paid by tt.pay are refunded and
 * settled by the actions of shop.php as before: ordersync knows the system of each order.
 *
 * Environment: ORDERSYNC_CLIENT_URL, ORDERSYNC_CLIENT_TOKEN, ORDERSYNC_CLIENT_CALLBACK_TOKEN, and
 * SHOP_PLATFORM_KEY with Douyin's public key of the app (平台公钥).
 */

use OrderSync\Callback;
use OrderSync\Exception\ForgedCallbackException;
use OrderSync\PaymentLogic;

final class TradeOrder
{
    private const UNPAID = 0;
    private const PAID = 1;
    private const CANCELLED = 2;
    private const REFUNDED = 6;
    private const REFUND_FAILED = 8;

    private PDO $db;

    public function __construct(PDO $db)
    {
        $this->db = $db;
    }

    /**
     * The buyer presses "pay". The answer is what the mini-app hands to tt.requestOrder: two texts
     * in a JSON object, and neither of them is decoded on the way. json_encode() may escape them as
     * it likes: the mini-app's decoder gives the same texts back.
     */
    public function requestOrder(int $id): string
    {
        $order = $this->find('id', $id);
        $made = PaymentLogic::requestOrder([
            'out_order_no' => $order['sn'],
            'total_amount' => $order['amount'] * 100,   // fen, as shops compute them: a float
            'subject' => $order['title'],
            'image' => $order['image'],
            'sku_id' => (string) $order['course_id'],
            'valid_time' => 1800,
        ]);

        return (string) json_encode($made, JSON_UNESCAPED_UNICODE);
    }

    /**
     * The shop's notify_url, where callbacks.forward_url hands on what Douyin has sent, of both
     * systems.
     *
     * @param array<string, mixed> $headers $_SERVER will do
     */
    public function notify(string $body, array $headers): string
    {
        try {
            $callback = Callback::receive($body, $headers, [
                'tokens' => [(string) getenv('ORDERSYNC_CLIENT_CALLBACK_TOKEN')],
                'platform_keys' => [(string) getenv('SHOP_PLATFORM_KEY')],
            ]);
        } catch (ForgedCallbackException $e) {
            http_response_code(403);

            return Callback::failure('signature');
        }
        if ($callback->type === 'payment') { // the same callback may come again, and late
            $order = $this->find('sn', $callback->number());
            if ((int) $order['status'] === self::UNPAID) {
                $this->change((int) $order['id'], $callback->status() === 'SUCCESS' ? self::PAID : self::CANCELLED);
            }
        }
        if ($callback->type === 'refund') { // also one that a buyer asked Douyin for: then the shop has no row with its number
            $order = $this->orderOfRefund($callback);
            if ($order !== null) {
                $this->change((int) $order['id'], $callback->status() === 'SUCCESS' ? self::REFUNDED : self::REFUND_FAILED);
            }
        }

        // pre_create_refund needs nothing here: ordersync has answered it. The shop's word, where
        // one is needed, is agree() or deny().
        return Callback::success();
    }

    /** An employee agrees to a refund that a buyer has asked Douyin for. */
    public function agree(string $outRefundNo): array
    {
        return PaymentLogic::audit($outRefundNo, true);
    }

    public function deny(string $outRefundNo, string $why): array
    {
        return PaymentLogic::audit($outRefundNo, false, $why);
    }

    /** @return array<string, mixed>|null */
    private function orderOfRefund(Callback $callback): ?array
    {
        // Douyin's number of the order stands in every callback of it; the payment's callback has
        // brought both.
        $no = $callback->system === Callback::TRADE ? '' : substr($callback->number(), strlen('R'));
        $query = $this->db->prepare('SELECT * FROM tp_order WHERE third_order_num = ? OR sn = ?');
        $query->execute([(string) ($callback->message['order_id'] ?? ''), $no]);
        $order = $query->fetch(PDO::FETCH_ASSOC);

        return $order === false ? null : $order;
    }

    /**
     * @param int|string $value
     *
     * @return array<string, mixed>
     */
    private function find(string $column, $value): array
    {
        $query = $this->db->prepare("SELECT * FROM tp_order WHERE $column = ?");
        $query->execute([$value]);
        $order = $query->fetch(PDO::FETCH_ASSOC);
        if ($order === false) {
            throw new RuntimeException('no such order');
        }

        return $order;
    }

    private function change(int $id, int $status): void
    {
        $this->db->prepare('UPDATE tp_order SET status = ? WHERE id = ?')->execute([$status, $id]);
    }
}
