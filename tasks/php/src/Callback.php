<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\ForgedCallbackException;
use OrderSync\Exception\InvalidOptionException;

/**
 * Douyin's callbacks, for a shop that still takes them itself: directly, or handed on by ordersync
 * (callbacks.forward_url), which leaves body, headers and signature as they were.
 *
 * receive() takes those of both systems. Nothing here answers pre_create_refund, with which Douyin
 * asks for a number and a page of a buyer's refund: ordersync answers that, the same for ever. A
 * shop that is handed one on needs to do nothing; its word, where one is needed, is
 * Client::audit().
 */
final class Callback
{
    public const ECPAY = 'ecpay';
    public const TRADE = 'trade';

    /**
     * The developer number that the message of each type names: type is not signed in ecpay, so it
     * must agree with what is.
     */
    private const NUMBERS = ['payment' => 'cp_orderno', 'refund' => 'cp_refundno', 'settle' => 'cp_settle_no'];

    /**
     * The same in trade. The second is Douyin's, where the first is empty: of a refund or
     * settlement that Douyin made.
     */
    private const TRADE_NUMBERS = [
        'payment' => ['out_order_no'], 'refund' => ['out_refund_no', 'refund_id'], 'settle' => ['out_settle_no', 'settle_id'],
    ];

    private const MAX_BYTES = 65536;

    /** ECPAY or TRADE. */
    public string $system;

    /**
     * payment, refund, settle, withdraw, ...; of trade also pre_create_refund. Empty: Douyin has
     * signed what nobody understands.
     */
    public string $type;

    /** @var array<string, mixed> the signed message */
    public array $message;

    /** @param array<string, mixed> $message */
    private function __construct(string $system, string $type, array $message)
    {
        $this->system = $system;
        $this->type = $type;
        $this->message = $message;
    }

    /**
     * Verifies a callback of either system. The header Byte-Signature tells which: with it the RSA
     * signature decides and nothing else, without it the sha1.
     *
     * @param string       $body    the raw body: file_get_contents('php://input'), never a decoded and encoded one
     * @param array<mixed> $headers getallheaders(), $_SERVER, or name to list of values as PSR-7 and Laravel have it
     * @param array{tokens?: string[], platform_keys?: string[], lang?: string} $secrets tokens of ecpay and Douyin's public keys of the app
     *        as PEM, after a change the old ones too; empty texts are passed over
     *
     * @throws ForgedCallbackException
     * @throws InvalidOptionException
     */
    public static function receive(string $body, array $headers, array $secrets): self
    {
        $words = new Words(is_string($secrets['lang'] ?? null) ? $secrets['lang'] : null);
        (new Check($words))->options('Callback', $secrets, ['tokens' => 'texts', 'platform_keys' => 'texts', 'lang' => 'lang']);
        $ours = TradeSignature::headers($headers);
        if ($ours !== null && !isset($ours['byte-signature'])) {
            return self::ecpay($body, $secrets['tokens'] ?? [], $words);
        }

        return self::trade($body, $ours, $secrets['platform_keys'] ?? [], $words);
    }

    /**
     * @param array<string, string>|null $headers
     * @param string[]                   $platformKeys
     */
    private static function trade(string $body, ?array $headers, array $platformKeys, Words $words): self
    {
        $signature = new TradeSignature($platformKeys, $words);
        if (!$signature->able()) {
            throw new ForgedCallbackException('ordersync: ' . $words->say('callback of trade: no platform key is configured'));
        }
        if (strlen($body) > self::MAX_BYTES || $headers === null || !$signature->fits($body, $headers)) {
            throw new ForgedCallbackException('ordersync: ' . $words->say('callback: wrong signature'));
        }
        $envelope = json_decode($body, true, 16, JSON_BIGINT_AS_STRING);
        $type = is_array($envelope) && is_string($envelope['type'] ?? null) ? $envelope['type'] : '';
        $msg = is_array($envelope) && is_string($envelope['msg'] ?? null) ? $envelope['msg'] : '';
        $message = json_decode($msg, true, 16, JSON_BIGINT_AS_STRING);

        return new self(self::TRADE, $type, is_array($message) ? $message : []);
    }

    /**
     * Verifies a callback of ecpay. A shop that has trade too takes receive().
     *
     * @param string $body   the raw body: file_get_contents('php://input'), never a decoded and encoded one
     * @param string ...$tokens of Douyin's payment settings; after a change the old one too
     *
     * @throws ForgedCallbackException
     */
    public static function verify(string $body, string ...$tokens): self
    {
        return self::ecpay($body, $tokens, new Words());
    }

    /** @param string[] $tokens */
    private static function ecpay(string $body, array $tokens, Words $words): self
    {
        $envelope = strlen($body) > self::MAX_BYTES ? null : json_decode($body, true, 16, JSON_BIGINT_AS_STRING);
        if (!is_array($envelope)) {
            throw new ForgedCallbackException('ordersync: ' . $words->say('not a callback of Douyin\'s'));
        }
        $parts = [];
        foreach (['timestamp', 'nonce', 'msg', 'type', 'msg_signature'] as $name) {
            $value = $envelope[$name] ?? '';
            if ($name === 'timestamp' && is_int($value)) { // text in the newer documents, a number in the older
                $value = (string) $value;
            }
            if (!is_string($value) || $value === '') {
                throw new ForgedCallbackException('ordersync: ' . $words->say('callback: %s is missing', $name));
            }
            $parts[$name] = $value;
        }
        // The texts are joined without a separator: a nonce that could hold a brace might take over
        // the message's beginning.
        if (preg_match('/^\d{1,20}$/D', $parts['timestamp']) !== 1 || preg_match('/^[\w-]{1,64}$/D', $parts['nonce']) !== 1) {
            throw new ForgedCallbackException('ordersync: ' . $words->say('callback: timestamp or nonce has characters that do not belong there'));
        }
        $right = false;
        foreach ($tokens as $token) {
            $want = self::sign($token, $parts['timestamp'], $parts['nonce'], $parts['msg']);
            $right = ($token !== '' && hash_equals($want, $parts['msg_signature'])) || $right;
        }
        $message = json_decode($parts['msg'], true, 16, JSON_BIGINT_AS_STRING);
        if (!$right || !is_array($message)) {
            throw new ForgedCallbackException('ordersync: ' . $words->say('callback: wrong signature'));
        }
        foreach (self::NUMBERS as $type => $number) {
            if (($parts['type'] === $type) !== isset($message[$number])) {
                throw new ForgedCallbackException('ordersync: ' . $words->say('callback: type disagrees with the signed message'));
            }
        }

        return new self(self::ECPAY, $parts['type'], $message);
    }

    /**
     * msg_signature: SHA-1 in lower-case hex over the texts, sorted by bytes, without a separator.
     */
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

    /**
     * The shop's number of the payment, refund or settlement; Douyin's where Douyin made it and
     * gave no other. Of pre_create_refund the out_refund_no that ordersync answers, as
     * Client::audit() takes it. Empty for other types.
     */
    public function number(): string
    {
        if ($this->system === self::ECPAY) {
            return $this->text(self::NUMBERS[$this->type] ?? '');
        }
        if ($this->type === 'pre_create_refund') {
            $id = $this->text('refund_id');

            return $id === '' ? '' : 'DY' . $id;
        }
        foreach (self::TRADE_NUMBERS[$this->type] ?? [] as $name) {
            if ($this->text($name) !== '') {
                return $this->text($name);
            }
        }

        return '';
    }

    /**
     * SUCCESS, FAIL or PROCESSING; of a payment of trade SUCCESS or CANCEL; empty for other types.
     */
    public function status(): string
    {
        return $this->text('status');
    }

    /**
     * What Douyin must be answered, with HTTP 200, once the news is stored. Anything else is a
     * redelivery.
     */
    public static function success(): string
    {
        return '{"err_no":0,"err_tips":"success"}';
    }

    /** The answer that brings a redelivery. */
    public static function failure(string $why = 'failed'): string
    {
        return json_encode(['err_no' => 400, 'err_tips' => $why], JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
    }

    private function text(string $name): string
    {
        $value = $this->message[$name] ?? '';

        return is_string($value) ? $value : '';
    }
}
