<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\ForgedCallbackException;

/**
 * Douyin's callbacks, for a shop that still takes them itself: directly, or handed on by ordersync (callbacks.forward_url),
 * which leaves body and signature as they were.
 */
final class Callback
{
    /** The developer number that the message of each type names: type is not signed, so it must agree with what is. */
    private const NUMBERS = ['payment' => 'cp_orderno', 'refund' => 'cp_refundno', 'settle' => 'cp_settle_no'];

    private const MAX_BYTES = 65536;

    /** payment, refund, settle, withdraw, ... */
    public string $type;

    /** @var array<string, mixed> the signed message */
    public array $message;

    /** @param array<string, mixed> $message */
    private function __construct(string $type, array $message)
    {
        $this->type = $type;
        $this->message = $message;
    }

    /**
     * Verifies a callback.
     *
     * @param string $body   the raw body: file_get_contents('php://input'), never a decoded and encoded one
     * @param string ...$tokens of Douyin's payment settings; after a change the old one too
     *
     * @throws ForgedCallbackException
     */
    public static function verify(string $body, string ...$tokens): self
    {
        $envelope = strlen($body) > self::MAX_BYTES ? null : json_decode($body, true, 16, JSON_BIGINT_AS_STRING);
        if (!is_array($envelope)) {
            throw new ForgedCallbackException('ordersync: not a callback of Douyin\'s');
        }
        $parts = [];
        foreach (['timestamp', 'nonce', 'msg', 'type', 'msg_signature'] as $name) {
            $value = $envelope[$name] ?? '';
            if ($name === 'timestamp' && is_int($value)) { // text in the newer documents, a number in the older
                $value = (string) $value;
            }
            if (!is_string($value) || $value === '') {
                throw new ForgedCallbackException("ordersync: callback: $name is missing");
            }
            $parts[$name] = $value;
        }
        // The texts are joined without a separator: a nonce that could hold a brace might take over the message's beginning.
        if (preg_match('/^\d{1,20}$/D', $parts['timestamp']) !== 1 || preg_match('/^[\w-]{1,64}$/D', $parts['nonce']) !== 1) {
            throw new ForgedCallbackException('ordersync: callback: timestamp or nonce has characters that do not belong there');
        }
        $right = false;
        foreach ($tokens as $token) {
            $want = self::sign($token, $parts['timestamp'], $parts['nonce'], $parts['msg']);
            $right = ($token !== '' && hash_equals($want, $parts['msg_signature'])) || $right;
        }
        $message = json_decode($parts['msg'], true, 16, JSON_BIGINT_AS_STRING);
        if (!$right || !is_array($message)) {
            throw new ForgedCallbackException('ordersync: callback: wrong signature');
        }
        foreach (self::NUMBERS as $type => $number) {
            if (($parts['type'] === $type) !== isset($message[$number])) {
                throw new ForgedCallbackException('ordersync: callback: type disagrees with the signed message');
            }
        }

        return new self($parts['type'], $message);
    }

    /** msg_signature: SHA-1 in lower-case hex over the texts, sorted by bytes, without a separator. */
    public static function sign(
        #[\SensitiveParameter]
        string $token,
        string $timestamp,
        string $nonce,
        string $msg
    ): string {
        $parts = [$token, $timestamp, $nonce, $msg];
        sort($parts, SORT_STRING);

        return sha1(implode('', $parts));
    }

    /** The shop's number of the payment, refund or settlement; empty for other types. */
    public function number(): string
    {
        $number = $this->message[self::NUMBERS[$this->type] ?? ''] ?? '';

        return is_string($number) ? $number : '';
    }

    /** SUCCESS, FAIL or PROCESSING; empty for other types. */
    public function status(): string
    {
        $status = $this->message['status'] ?? '';

        return is_string($status) ? $status : '';
    }

    /** What Douyin must be answered, with HTTP 200, once the news is stored. Anything else is a redelivery. */
    public static function success(): string
    {
        return '{"err_no":0,"err_tips":"success"}';
    }

    /** The answer that brings a redelivery. */
    public static function failure(string $why = 'failed'): string
    {
        return json_encode(['err_no' => 400, 'err_tips' => $why], JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
    }
}
