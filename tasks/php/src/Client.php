<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\OrderSyncException;
use OrderSync\Exception\RefusedException;

/**
 * The gateway's HTTP API.
 *
 * Every call may be repeated: a push is one by its revision (made up here when the caller gives none), a refund, a settlement
 * and a payment by their numbers. So the client itself repeats what got no usable answer, and a caller that got an
 * UnavailableException may do so too.
 */
final class Client
{
    /** Orders in one request of pushMany. */
    private const MANY = 500;

    private Caller $caller;

    /**
     * @param string $url     of the gateway, such as http://127.0.0.1:8080
     * @param string $token   one of gateway.tokens; empty for a gateway on loopback without tokens
     * @param array{connect_timeout?: float, timeout?: float, retries?: int, transport?: Transport, sleep?: callable(float): void} $options
     *                        timeouts in seconds (1 and 5); retries beyond the first try (2)
     */
    public function __construct(
        string $url,
        #[\SensitiveParameter]
        string $token = '',
        array $options = []
    ) {
        $unknown = array_diff(array_keys($options), ['connect_timeout', 'timeout', 'retries', 'transport', 'sleep']);
        if ($unknown !== []) {
            throw new \InvalidArgumentException('unknown option ' . implode(', ', $unknown));
        }
        $transport = $options['transport']
            ?? new CurlTransport((float) ($options['connect_timeout'] ?? 1.0), (float) ($options['timeout'] ?? 5.0));
        $this->caller = new Caller($url, $token, $transport, (int) ($options['retries'] ?? 2), $options['sleep'] ?? null);
    }

    /**
     * Asks ordersync to tell Douyin an order's present state. Call it after the order is committed.
     *
     * @param int|string $orderId the shop's key
     * @param array{revision?: string, cause?: string, delay_seconds?: int} $options the same revision twice is one push
     *
     * @return array{order_id: string, status: string, revision: string, task_id: string, queue: string} status: queued or known
     *
     * @throws OrderSyncException
     */
    public function push($orderId, array $options = []): array
    {
        return $this->caller->call('POST', '/v1/orders/' . self::segment($orderId) . '/push', self::named($options));
    }

    /**
     * Asks for many pushes, 500 to a request.
     *
     * @param array<int|string|array{order_id: int|string, revision?: string, cause?: string, delay_seconds?: int}> $orders ids, or ids with options
     *
     * @return array{queued: int, known: int, failed: int, results: array<int, array<string, mixed>>} an answer for each, in the order of $orders
     *
     * @throws OrderSyncException
     */
    public function pushMany(array $orders): array
    {
        $all = ['queued' => 0, 'known' => 0, 'failed' => 0, 'results' => []];
        foreach (array_chunk(array_values($orders), self::MANY) as $some) {
            $items = array_map(static function ($order): array {
                $order = is_array($order) ? $order : ['order_id' => $order];
                $order['order_id'] = (string) ($order['order_id'] ?? '');

                return self::named($order);
            }, $some);
            $answer = $this->caller->call('POST', '/v1/orders/push', ['orders' => $items]);
            foreach (['queued', 'known', 'failed'] as $count) {
                $all[$count] += (int) ($answer[$count] ?? 0);
            }
            $all['results'] = array_merge($all['results'], $answer['results'] ?? []);
        }

        return $all;
    }

    /**
     * What ordersync and Douyin know of an order.
     *
     * @param int|string $orderId
     *
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function order($orderId): array
    {
        return $this->caller->call('GET', '/v1/orders/' . self::segment($orderId));
    }

    /**
     * Gives the instruction to pay money back. It returns once the instruction is written down; the money moves later.
     *
     * @param int|string $orderId the shop's key
     * @param array{out_refund_no: string, amount_fen: int, reason: string, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string} $refund
     *
     * @return array<string, mixed> the refund as refundStatus() shows it
     *
     * @throws OrderSyncException ConflictException: the number was used with other content
     */
    public function refund($orderId, array $refund): array
    {
        return $this->caller->call('POST', '/v1/orders/' . self::segment($orderId) . '/refunds', $refund);
    }

    /**
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function refundStatus(string $outRefundNo): array
    {
        return $this->caller->call('GET', '/v1/refunds/' . self::segment($outRefundNo));
    }

    /**
     * Gives the instruction to settle an order's money.
     *
     * @param int|string $orderId the shop's key
     * @param array{out_settle_no: string, desc: string, params?: array<int, array{merchant_uid: string, amount_fen: int}>, finish?: bool, cp_extra?: string, notify_url?: string} $settlement
     *
     * @return array<string, mixed> the settlement as settlementStatus() shows it
     *
     * @throws OrderSyncException
     */
    public function settle($orderId, array $settlement): array
    {
        return $this->caller->call('POST', '/v1/orders/' . self::segment($orderId) . '/settlements', $settlement);
    }

    /**
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function settlementStatus(string $outSettleNo): array
    {
        return $this->caller->call('GET', '/v1/settlements/' . self::segment($outSettleNo));
    }

    /**
     * Douyin's create_order, signed by the gateway.
     *
     * @param array{out_order_no: string, total_amount: int, subject: string, body: string, valid_time: int, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string, store_uid?: string, expand_order_info?: string, limit_pay_way?: string} $payment
     *
     * @return array{out_order_no: string, order_id: string, order_token: string} for tt.pay
     *
     * @throws OrderSyncException
     */
    public function createPayment(array $payment): array
    {
        return $this->caller->call('POST', '/v1/payments', $payment);
    }

    /**
     * Douyin's query_order, signed by the gateway.
     *
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function queryPayment(string $outOrderNo): array
    {
        return $this->caller->call('GET', '/v1/payments/' . self::segment($outOrderNo));
    }

    /**
     * Gives a push a revision, so that all tries of it are one push.
     *
     * @param array<string, mixed> $push
     *
     * @return array<string, mixed>
     */
    private static function named(array $push): array
    {
        if (($push['revision'] ?? '') === '') {
            $push['revision'] = bin2hex(random_bytes(16));
        }

        return $push;
    }

    /** @param int|string $id */
    private static function segment($id): string
    {
        $id = (string) $id;
        if ($id === '' || $id === '.' || $id === '..') { // would be another path
            throw new RefusedException('ordersync: the id or number is missing', 422);
        }

        return rawurlencode($id);
    }
}
