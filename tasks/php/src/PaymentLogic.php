<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\OrderSyncException;
use OrderSync\Exception\WrongSystemException;

/**
 * Takes the place of the PaymentLogic class that many shops copied: the same static methods, the
 * same arrays in and out. A shop changes its `use` line to OrderSync\PaymentLogic and tells the
 * gateway's address, by configure() or by the environment (ORDERSYNC_CLIENT_URL,
 * ORDERSYNC_CLIENT_TOKEN, ORDERSYNC_CLIENT_CALLBACK_TOKEN; the older ORDERSYNC_URL, ORDERSYNC_TOKEN
 * and ORDERSYNC_CALLBACK_TOKEN are read after them). requestOrder() and audit() are new: what trade
 * (通用交易系统) needs.
 *
 * What is not the same, and why:
 * - pushOrder() returns when the push is queued, and ordersync reads the order from the database:
 *   call it after the commit.
 * - refund() and settle() return when the instruction is written down. refund_no and settle_no are
 *   Douyin's numbers and empty until Douyin has given them; the callback, or
 *   Client::refundStatus(), tells the end.
 * - A failure is an array with an err_no that is not 0, never an exception: Douyin's number where
 *   Douyin refused, else the gateway's HTTP status, and -1 when the gateway could not be reached.
 *   After -1 and 5xx the same call may be made again.
 */
final class PaymentLogic
{
    private const SETTINGS = [
        'client' => Client::class, 'url' => 'text', 'token' => 'text', 'callback_token' => 'text', 'order_id' => 'callable', 'lang' => 'lang',
    ];

    private const DEFAULT_URL = 'http://127.0.0.1:8080';

    /** Words of trade in those of the class. */
    private const TRADE_STATES = ['PROCESS' => 'PROCESSING', 'CANCEL' => 'FAIL'];

    private static ?Client $client = null;
    private static ?Words $words = null;
    private static string $callbackToken = '';

    /** @var callable(string): (int|string)|null */
    private static $orderId = null;

    /**
     * @param array{client?: Client, url?: string, token?: string, callback_token?: string, order_id?: callable(string): (int|string), lang?: string} $settings
     *        order_id finds the shop's key of an order by its out_order_no; without it the two are the same. lang of the errors, en or zh.
     *        What is left out is read from the environment
     *
     * @throws InvalidOptionException
     */
    public static function configure(array $settings): void
    {
        $lang = is_string($settings['lang'] ?? null) ? $settings['lang'] : null;
        $words = new Words($lang);
        (new Check($words))->options('configure', $settings, self::SETTINGS);
        foreach (['url', 'token'] as $own) {
            if (isset($settings['client'], $settings[$own])) {
                throw new InvalidOptionException('ordersync: ' . $words->say('%s: option "%s" does nothing beside "%s"', 'configure', $own, 'client'), $own);
            }
        }
        $options = $lang === null ? [] : ['lang' => $lang];
        $url = $settings['url'] ?? Environment::first(...Environment::URL);
        $made = $settings['client'] ?? null;
        if ($made === null && (isset($settings['url']) || isset($settings['token']))) {
            $made = new Client($url === '' ? self::DEFAULT_URL : $url, $settings['token'] ?? Environment::first(...Environment::TOKEN), $options);
        }
        self::$client = $made ?? ($lang === null ? null : Client::fromEnvironment($options));
        self::$words = $words;
        self::$callbackToken = $settings['callback_token'] ?? '';
        self::$orderId = $settings['order_id'] ?? null;
    }

    /**
     * Creates a payment (create_order).
     *
     * @param array<string, mixed> $data out_order_no, total_amount (fen), subject, body, valid_time
     *
     * @return array<string, mixed> err_no, err_tips, data{order_id, order_token}
     */
    public static function order($data): array
    {
        return self::douyin(static function () use ($data): array {
            self::row($data);
            $payment = self::only($data, ['out_order_no', 'subject', 'body', 'cp_extra', 'notify_url', 'msg_page', 'store_uid', 'expand_order_info', 'limit_pay_way']);
            $payment['total_amount'] = Fen::of('total_amount', $data['total_amount'] ?? null, self::words());
            $payment['valid_time'] = (int) ($data['valid_time'] ?? 0);
            $payment['disable_msg'] = !empty($data['disable_msg']);
            $made = self::client()->createPayment($payment);
            if (!isset($made['order_id'], $made['order_token'])) {
                throw new WrongSystemException('ordersync: ' . self::words()->say('the gateway makes payments of %s: %s is for %s. See douyin.payments', 'trade', 'order', 'ecpay'));
            }

            return ['data' => ['order_id' => $made['order_id'], 'order_token' => $made['order_token']]];
        });
    }

    /**
     * Signs a payment for tt.requestOrder (trade), where order() makes one for tt.pay.
     *
     * Hand data and byteAuthorization to tt.requestOrder as they are. Both are texts: data looks
     * like JSON, and whoever decodes and encodes it breaks Douyin's signature (签名校验异常).
     *
     * @param array<string, mixed> $order out_order_no, total_amount (fen), subject, image, and where it has them valid_time (seconds), sku_id,
     *                                    quantity, price (fen), goods_type, tag_group_id, currency and the other fields of Client::requestOrder()
     *
     * @return array<string, mixed> err_no, err_tips, data, byteAuthorization
     */
    public static function requestOrder(array $order): array
    {
        return self::douyin(static function () use ($order): array {
            $payment = self::only($order, [
                'out_order_no', 'subject', 'image', 'sku_id', 'tag_group_id', 'sku_attr', 'currency', 'merchant_uid', 'pay_scene', 'promotion_id', 'notify_url',
            ]);
            $payment['total_amount'] = Fen::of('total_amount', $order['total_amount'] ?? null, self::words());
            $payment += array_filter(array_intersect_key($order, ['order_page' => 0, 'sku_page' => 0, 'hide_pay_ways' => 0]), 'is_array');
            foreach (['valid_time', 'quantity', 'price', 'goods_type'] as $name) {
                if (isset($order[$name]) && $order[$name] !== '') {
                    $payment[$name] = Fen::of($name, $order[$name], self::words());
                }
            }

            return self::client()->requestOrder($payment);
        });
    }

    /**
     * The shop's word on a refund that a buyer asked Douyin for (trade).
     *
     * @param string $outRefundNo of the refund, as the gateway and Callback::number() name it
     * @param bool   $agree       true: Douyin pays the money back; false: denied
     * @param string $denyMessage why not, for the buyer; needed to deny, empty to agree
     *
     * @return array<string, mixed> err_no, err_tips, audit (agreed, denied; needed while Douyin was not told yet)
     */
    public static function audit(string $outRefundNo, $agree, string $denyMessage = ''): array
    {
        return self::douyin(static function () use ($outRefundNo, $agree, $denyMessage): array {
            return ['audit' => self::client()->audit($outRefundNo, $agree, $denyMessage)['audit'] ?? ''];
        });
    }

    /**
     * Asks how a payment stands (query_order). Of a payment of trade order_status and total_fee say
     * the same in ecpay's words, and pay_status, total_amount, discount_amount and items are there
     * too.
     *
     * @param int|string $out_trade_no
     *
     * @return array<string, mixed> err_no, err_tips, out_order_no, order_id, payment_info
     */
    public static function query($out_trade_no): array
    {
        return self::douyin(static function () use ($out_trade_no): array {
            $found = self::client()->queryPayment((string) $out_trade_no);
            if (isset($found['pay_status'])) {
                $state = (string) $found['pay_status'];
                $found += ['order_status' => self::TRADE_STATES[$state] ?? $state, 'total_fee' => $found['total_amount'] ?? 0];
            }
            $info = $found + ['pay_time' => '', 'way' => 0, 'channel_no' => '', 'channel_gateway_no' => '', 'seller_uid' => '', 'item_id' => '', 'cp_extra' => ''];
            unset($info['out_order_no'], $info['order_id']);

            return ['out_order_no' => $found['out_order_no'] ?? '', 'order_id' => $found['order_id'] ?? '', 'payment_info' => $info];
        });
    }

    /**
     * Refunds.
     *
     * @param array<string, mixed> $data out_order_no (or order_id, the shop's key), out_refund_no, reason, refund_amount (fen)
     *
     * @return array<string, mixed> err_no, err_tips, refund_no
     */
    public static function refund($data): array
    {
        return self::douyin(static function () use ($data): array {
            self::row($data);
            $refund = self::only($data, ['out_refund_no', 'reason', 'cp_extra', 'notify_url', 'msg_page']);
            $refund['amount_fen'] = Fen::of('refund_amount', $data['refund_amount'] ?? null, self::words());
            $refund['disable_msg'] = !empty($data['disable_msg']);
            $status = self::client()->refund(self::orderId($data), $refund);

            return ['err_tips' => '受理成功', 'refund_no' => $status['refund_no'] ?? ''];
        });
    }

    /**
     * Settles.
     *
     * @param array<string, mixed> $data out_order_no (or order_id), out_settle_no, settle_desc, settle_params (JSON text)
     *
     * @return array<string, mixed> err_no, err_tips, settle_no
     */
    public static function settle($data): array
    {
        return self::douyin(static function () use ($data): array {
            self::row($data);
            $settlement = self::only($data, ['out_settle_no', 'cp_extra', 'notify_url']);
            $settlement['desc'] = (string) ($data['settle_desc'] ?? '');
            $settlement['params'] = self::receivers($data['settle_params'] ?? '');
            $settlement['finish'] = in_array($data['finish'] ?? false, [true, 1, '1', 'true'], true);
            $status = self::client()->settle(self::orderId($data), $settlement);

            return ['settle_no' => $status['settle_no'] ?? ''];
        });
    }

    /**
     * Pushes an order to Douyin's order centre.
     *
     * @param array<string, mixed> $data the order's row; only its id is read
     *
     * @return array{code: int, msg: string, data: mixed} code 200 or 500
     */
    public static function pushOrder($data): array
    {
        try {
            $answer = self::client()->push(is_array($data) || $data instanceof \ArrayAccess ? $data['id'] ?? '' : '');
        } catch (OrderSyncException $e) {
            return ['code' => 500, 'msg' => 'err_code:' . self::number($e) . 'msg:' . $e->getMessage(), 'data' => []];
        }

        return ['code' => 200, 'msg' => 'success', 'data' => json_encode($answer, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES)];
    }

    /**
     * The signature that a callback must have: compare it with msg_signature by hash_equals().
     * Callback::verify() does more.
     *
     * @param array<string, mixed> $map the decoded body
     */
    public static function handler($map): string
    {
        $token = self::$callbackToken !== '' ? self::$callbackToken : Environment::first(...Environment::CALLBACK_TOKEN);
        if ($token === '') { // a signature over no secret could be made by anybody
            throw new \LogicException('ordersync: ' . self::words()->say('callback_token is not configured'));
        }

        return Callback::sign($token, (string) ($map['timestamp'] ?? ''), (string) ($map['nonce'] ?? ''), (string) ($map['msg'] ?? ''));
    }

    /** What Douyin must be answered once a callback is stored. */
    public static function success(): string
    {
        return Callback::success();
    }

    /**
     * Appends a line to a file, as the class did.
     *
     * @param string $path
     * @param string $content
     */
    public static function log($path, $content): void
    {
        file_put_contents($path, date('Y-m-d H:i:s') . '-----' . $content . "\n", FILE_APPEND | LOCK_EX);
    }

    /**
     * @param callable(): array<string, mixed> $call
     *
     * @return array<string, mixed>
     */
    private static function douyin(callable $call): array
    {
        try {
            return $call() + ['err_no' => 0, 'err_tips' => 'success'];
        } catch (OrderSyncException $e) {
            return ['err_no' => self::number($e), 'err_tips' => $e->getMessage()];
        }
    }

    private static function number(OrderSyncException $e): int
    {
        return $e->getDouyinCode() ?: ($e->getStatus() ?: -1);
    }

    private static function client(): Client
    {
        return self::$client = self::$client ?? Client::fromEnvironment();
    }

    private static function words(): Words
    {
        return self::$words = self::$words ?? new Words();
    }

    /**
     * Refuses what has no fields: the class's callers hand over arrays, and models of a framework.
     *
     * @param mixed $data
     */
    private static function row($data): void
    {
        if (!is_array($data) && !$data instanceof \ArrayAccess) {
            throw (new Check(self::words()))->refused('data', self::words()->say('want an array'));
        }
    }

    /**
     * @param array<string, mixed>|\ArrayAccess<string, mixed> $data
     *
     * @return int|string
     */
    private static function orderId($data)
    {
        if (isset($data['order_id'])) {
            return $data['order_id'];
        }
        $no = self::only($data, ['out_order_no'])['out_order_no'] ?? '';

        return self::$orderId === null ? $no : (self::$orderId)($no);
    }

    /**
     * @param array<string, mixed>|\ArrayAccess<string, mixed> $data
     * @param string[] $keys
     *
     * @return array<string, string>
     */
    private static function only($data, array $keys): array
    {
        $some = [];
        foreach ($keys as $key) {
            $value = $data[$key] ?? '';
            if (!is_scalar($value) && !(is_object($value) && method_exists($value, '__toString'))) { // an array would be "Array"
                throw (new Check(self::words()))->refused($key, self::words()->say('want text'));
            }
            if ((string) $value !== '') {
                $some[$key] = (string) $value;
            }
        }

        return $some;
    }

    /**
     * @param mixed $params JSON text, or the array that it is made of
     *
     * @return array<int, array{merchant_uid: string, amount_fen: int}>
     */
    private static function receivers($params): array
    {
        if (is_string($params)) {
            $params = trim($params) === '' ? [] : json_decode($params, true);
        }
        if (!is_array($params)) {
            throw (new Check(self::words()))->refused('settle_params', self::words()->say('is not JSON'));
        }

        return array_map(static fn ($one): array => [
            'merchant_uid' => is_array($one) && is_scalar($one['merchant_uid'] ?? null) ? (string) $one['merchant_uid'] : '',
            'amount_fen' => Fen::of('settle_params.amount', is_array($one) ? $one['amount'] ?? null : null, self::words()),
        ], array_values($params));
    }
}
