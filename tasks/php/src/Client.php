<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\OrderSyncException;
use OrderSync\Exception\WrongSystemException;

/**
 * The gateway's HTTP API.
 *
 * Every call may be repeated: a push is one by its revision (made up here when the caller gives
 * none), a refund, a settlement and a payment by their numbers. So the client itself repeats what
 * got no usable answer, and a caller that got an UnavailableException may do so too.
 *
 * An id or a field of a wrong type is a RefusedException before anything is sent. A field that this
 * version does not know is passed on: the gateway takes it or names it.
 */
final class Client
{
    /** Orders in one request of pushMany. */
    private const MANY = 500;

    private const OPTIONS = [
        'connect_timeout' => 'seconds', 'timeout' => 'seconds', 'retries' => 'count', 'lang' => 'lang', 'transport' => Transport::class,
        'sleep' => 'callable',
    ];

    private Caller $caller;
    private Check $check;
    private Words $words;

    /**
     * @param string $url     of the gateway, such as http://127.0.0.1:8080
     * @param string $token   one of gateway.tokens; empty for a gateway on loopback without tokens
     * @param array{connect_timeout?: float, timeout?: float, retries?: int, lang?: string, transport?: Transport, sleep?: callable(float): void} $options
     *                        timeouts in seconds (1 and 5); retries beyond the first try (2, at most 10); lang of the errors,
     *                        en or zh (that of ORDERSYNC_LANG or LANG)
     *
     * @throws InvalidOptionException
     */
    public function __construct(
        string $url,
        #[\SensitiveParameter]
        string $token = '',
        array $options = []
    ) {
        $this->words = new Words(is_string($options['lang'] ?? null) ? $options['lang'] : null);
        $this->check = new Check($this->words);
        $this->check->options('Client', $options, self::OPTIONS);
        foreach (['connect_timeout', 'timeout'] as $own) {
            if (isset($options['transport'], $options[$own])) {
                throw new InvalidOptionException('ordersync: ' . $this->words->say('%s: option "%s" does nothing beside "%s"', 'Client', $own, 'transport'), $own);
            }
        }
        $transport = $options['transport']
            ?? new CurlTransport((float) ($options['connect_timeout'] ?? 1.0), (float) ($options['timeout'] ?? 5.0), $this->words);
        $this->caller = new Caller($url, $token, $transport, $options['retries'] ?? 2, $this->words, $options['sleep'] ?? null);
    }

    /**
     * The client that the environment describes: ORDERSYNC_CLIENT_URL (http://127.0.0.1:8080 where
     * it is not set) and ORDERSYNC_CLIENT_TOKEN, or ORDERSYNC_URL and ORDERSYNC_TOKEN.
     *
     * @param array{connect_timeout?: float, timeout?: float, retries?: int, lang?: string, transport?: Transport, sleep?: callable(float): void} $options
     *
     * @throws InvalidOptionException
     */
    public static function fromEnvironment(array $options = []): self
    {
        $url = Environment::first(...Environment::URL);

        return new self($url !== '' ? $url : 'http://127.0.0.1:8080', Environment::first(...Environment::TOKEN), $options);
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
        $path = '/v1/orders/' . $this->orderSegment($orderId) . '/push';
        $this->check->fields($options, Fields::PUSH, true);

        return $this->caller->call('POST', $path, self::named($options));
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
        $items = [];
        foreach (array_keys($orders) as $name) { // one order's fields would be taken for orders
            if (is_string($name)) {
                throw $this->check->refused('orders', $this->words->say('want a list of orders, found the name "%s"', $name), 400);
            }
        }
        foreach (array_values($orders) as $i => $order) {
            $items[] = $this->item($order, "orders[$i]");
        }
        foreach (array_chunk($items, self::MANY) as $some) {
            $answer = $this->caller->call('POST', '/v1/orders/push', ['orders' => $some]);
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
        return $this->caller->call('GET', '/v1/orders/' . $this->orderSegment($orderId));
    }

    /**
     * Gives the instruction to pay money back. It returns once the instruction is written down; the
     * money moves later.
     *
     * @param int|string $orderId the shop's key
     * @param array{out_refund_no: string, amount_fen: int, reason: string, reason_code?: int, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string} $refund
     *
     * @return array<string, mixed> the refund as refundStatus() shows it
     *
     * @throws OrderSyncException ConflictException: the number was used with other content
     */
    public function refund($orderId, array $refund): array
    {
        $path = '/v1/orders/' . $this->orderSegment($orderId) . '/refunds';
        $this->check->fields($refund, Fields::REFUND, true);

        return $this->caller->call('POST', $path, $refund);
    }

    /**
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function refundStatus(string $outRefundNo): array
    {
        return $this->caller->call('GET', '/v1/refunds/' . $this->number($outRefundNo, 'out_refund_no'));
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
        $path = '/v1/orders/' . $this->orderSegment($orderId) . '/settlements';
        $this->check->fields($settlement, Fields::SETTLE, true);

        return $this->caller->call('POST', $path, $settlement);
    }

    /**
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function settlementStatus(string $outSettleNo): array
    {
        return $this->caller->call('GET', '/v1/settlements/' . $this->number($outSettleNo, 'out_settle_no'));
    }

    /**
     * Refunds that wait for the shop's word, the nearest deadline first, at most 100 of them. A
     * buyer has asked Douyin for such a refund; without a word Douyin agrees at audit_deadline.
     *
     * @param string $after next of the page before; empty: the first page
     *
     * @return array{refunds: array<int, array<string, mixed>>, next?: string} without next, or with an empty one, there are no more
     *
     * @throws OrderSyncException
     */
    public function audits(string $after = ''): array
    {
        return $this->caller->call('GET', '/v1/refunds?audit=needed' . ($after === '' ? '' : '&after=' . rawurlencode($after)));
    }

    /**
     * All of audits(), page by page.
     *
     * @return \Generator<int, array<string, mixed>>
     *
     * @throws OrderSyncException
     */
    public function eachAudit(): \Generator
    {
        $after = '';
        do {
            $page = $this->audits($after);
            foreach ($page['refunds'] ?? [] as $refund) {
                yield $refund;
            }
            $next = (string) ($page['next'] ?? '');
            $more = $next !== '' && $next !== $after; // a page that names itself would never end
            $after = $next;
        } while ($more);
    }

    /**
     * Says the shop's word on a refund that a buyer asked Douyin for. It returns once the word is
     * written down; Douyin is told later.
     *
     * @param string $outRefundNo of the refund, as audits() and the callbacks name it
     * @param bool   $agree       true: Douyin pays the money back; false: denied
     * @param string $denyMessage why not, for the buyer, at most 512 bytes; needed to deny, empty to agree
     *
     * @return array<string, mixed> the refund as refundStatus() shows it
     *
     * @throws OrderSyncException ConflictException: it has another word already, or nothing is to be decided
     */
    public function audit(string $outRefundNo, $agree, string $denyMessage = ''): array
    {
        $number = $this->number($outRefundNo, 'out_refund_no');

        return $this->caller->call('POST', '/v1/refunds/' . $number . '/audit', $this->check->word($agree, $denyMessage));
    }

    /**
     * Makes a payment, in the system that douyin.payments of the gateway names.
     *
     * Where that is ecpay: Douyin's create_order, signed by the gateway, with out_order_no,
     * total_amount, subject, body, valid_time. Where it is trade: see requestOrder(). The same
     * number with the same content is one payment.
     *
     * @param array{out_order_no: string, total_amount: int, subject: string, body?: string, valid_time?: int, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string, store_uid?: string, expand_order_info?: string, limit_pay_way?: string, image?: string, sku_id?: string, quantity?: int, price?: int, goods_type?: int, tag_group_id?: string, currency?: string} $payment
     *
     * @return array<string, mixed> of ecpay out_order_no, order_id and order_token for tt.pay; of trade data and byteAuthorization
     *
     * @throws OrderSyncException
     */
    public function createPayment(array $payment): array
    {
        $this->check->fields($payment, Fields::PAYMENT, true);

        return $this->caller->call('POST', '/v1/payments', $payment);
    }

    /**
     * Signs a payment for tt.requestOrder (trade). Nothing is asked of Douyin. Hand both texts to
     * tt.requestOrder as they are: Douyin's signature is over the bytes of data, and whoever
     * decodes and encodes it again breaks it.
     *
     * @param array{out_order_no: string, total_amount: int, subject: string, image: string, valid_time?: int, sku_id?: string, quantity?: int, price?: int, goods_type?: int, tag_group_id?: string, currency?: string, sku_attr?: string, order_page?: array{path: string, params?: string}, sku_page?: array{path: string, params?: string}, merchant_uid?: string, hide_pay_ways?: int[], pay_scene?: string, promotion_id?: string, notify_url?: string} $order
     *        amounts in fen, of currency DIAMOND in diamonds; valid_time in seconds; what is left out comes from douyin.trade of
     *        the configuration
     *
     * @return array{data: string, byteAuthorization: string}
     *
     * @throws OrderSyncException ConflictException: the number has other content; WrongSystemException: the gateway makes payments of ecpay
     */
    public function requestOrder(array $order): array
    {
        $made = $this->createPayment($order);
        $data = $made['data'] ?? null;
        $authorization = $made['byteAuthorization'] ?? null;
        if (!is_string($data) || !is_string($authorization)) {
            throw new WrongSystemException('ordersync: ' . $this->words->say('the gateway makes payments of %s: %s is for %s. See douyin.payments', 'ecpay', 'requestOrder', 'trade'));
        }

        return ['data' => $data, 'byteAuthorization' => $authorization];
    }

    /**
     * How a payment stands: of ecpay Douyin's query_order (order_status, total_fee), of trade
     * pay_status, total_amount, discount_amount and items. Field system tells which.
     *
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function queryPayment(string $outOrderNo): array
    {
        return $this->caller->call('GET', '/v1/payments/' . $this->number($outOrderNo, 'out_order_no'));
    }

    /**
     * @param mixed $order
     *
     * @return array<string, mixed>
     */
    private function item($order, string $name): array
    {
        $order = is_array($order) ? $order : ['order_id' => $order];
        $id = $this->check->orderId($order['order_id'] ?? null, $name . '.order_id');
        unset($order['order_id']);
        $this->check->fields($order, Fields::PUSH, true, $name . '.');

        return self::named(['order_id' => $id] + $order);
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

    /** @param mixed $id */
    private function orderSegment($id): string
    {
        return rawurlencode($this->check->orderId($id));
    }

    private function number(string $number, string $field): string
    {
        if (trim($number) === '' || $number === '.' || $number === '..') { // would be another path
            throw $this->check->refused($field, $this->words->say('is missing'));
        }

        return rawurlencode($number);
    }
}
