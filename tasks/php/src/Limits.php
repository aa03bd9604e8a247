<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\RefusedException;

/**
 * Holds values to the limits that ordersync has for the rows of the outbox and the entries of the
 * stream: whoever writes them hears no answer, so that a value beyond a limit would be put aside
 * later, out of sight. No text shows a value.
 *
 * @internal
 */
final class Limits
{
    private const ID_BYTES = 64;
    private const MAX_FEN = 10000000000;
    private const MAX_RECEIVERS = 4;
    private const CAUSES = ['paid', 'changed', 'callback', 'refund', 'sweep', 'manual', 'backfill'];
    private const REASON_CODES = [0, 101, 102, 103, 999];

    /** Bytes of texts. */
    private const BYTES = ['reason' => 100, 'cp_extra' => 2048, 'notify_url' => 256, 'msg_page' => 1024];

    /** Characters of desc. */
    private const DESC_CHARACTERS = 80;

    private Words $words;
    private Check $check;

    public function __construct(Words $words, Check $check)
    {
        $this->words = $words;
        $this->check = $check;
    }

    /**
     * @param array<string, mixed> $push
     *
     * @throws RefusedException
     */
    public function push(string $orderId, array $push): void
    {
        $this->id('order_id', $orderId);
        $this->id('revision', $push['revision'] ?? '');
        if (!in_array($push['cause'] ?? '', array_merge([''], self::CAUSES), true)) {
            throw $this->check->refused('cause', $this->words->say('is unknown: want %s', implode(', ', self::CAUSES)));
        }
    }

    /**
     * @param array<string, mixed> $refund
     *
     * @throws RefusedException
     */
    public function refund(string $orderId, array $refund): void
    {
        $this->id('order_id', $orderId);
        $this->number('out_refund_no', $refund['out_refund_no']);
        $this->fen('amount_fen', $refund['amount_fen']);
        $this->texts($refund);
        if (!in_array($refund['reason_code'] ?? 0, self::REASON_CODES, true)) {
            throw $this->check->refused('reason_code', $this->words->say('is unknown: want %s', '101, 102, 103, 999'));
        }
    }

    /**
     * @param array<string, mixed> $settlement
     *
     * @throws RefusedException
     */
    public function settle(string $orderId, array $settlement): void
    {
        $this->id('order_id', $orderId);
        $this->number('out_settle_no', $settlement['out_settle_no']);
        $this->texts($settlement);
        $characters = (int) preg_match_all('/./su', $settlement['desc']);
        if ($characters > self::DESC_CHARACTERS) {
            throw $this->check->refused('desc', $this->words->say('has %d characters, at most %d are allowed', $characters, self::DESC_CHARACTERS));
        }
        $this->receivers(array_values($settlement['params'] ?? []));
    }

    /** @throws RefusedException */
    public function audit(string $orderId, string $outRefundNo): void
    {
        $this->id('order_id', $orderId);
        $this->number('out_refund_no', $outRefundNo);
    }

    /** @param array<int, array{merchant_uid: string, amount_fen: int}> $receivers */
    private function receivers(array $receivers): void
    {
        if (count($receivers) > self::MAX_RECEIVERS) {
            throw $this->check->refused('params', $this->words->say('has %d receivers, at most %d are allowed', count($receivers), self::MAX_RECEIVERS));
        }
        $sum = 0;
        foreach ($receivers as $i => $one) {
            if (trim($one['merchant_uid']) === '') {
                throw $this->check->refused("params[$i].merchant_uid", $this->words->say('is missing'));
            }
            $this->bytes("params[$i].merchant_uid", $one['merchant_uid'], 32);
            $this->fen("params[$i].amount_fen", $one['amount_fen']);
            $sum += $one['amount_fen'];
        }
        if ($sum > self::MAX_FEN) {
            throw $this->check->refused('params', $this->words->say('want 1 to %d fen', self::MAX_FEN));
        }
    }

    /** @param array<string, mixed> $fields */
    private function texts(array $fields): void
    {
        foreach (['reason', 'desc'] as $name) {
            if (isset($fields[$name]) && trim($fields[$name]) === '') {
                throw $this->check->refused($name, $this->words->say('is missing'));
            }
        }
        foreach (self::BYTES as $name => $most) {
            $this->bytes($name, $fields[$name] ?? '', $most);
        }
        $url = $fields['notify_url'] ?? '';
        if ($url !== '' && preg_match('~^https://[^/?#@\s:]+(:443)?([/?#]\S*)?$~Di', $url) !== 1) {
            throw $this->check->refused('notify_url', $this->words->say('want an https address on port 443'));
        }
    }

    private function bytes(string $field, string $text, int $most): void
    {
        if (strlen($text) > $most) {
            throw $this->check->refused($field, $this->words->say('has %d bytes, at most %d are allowed', strlen($text), $most));
        }
    }

    private function fen(string $field, int $fen): void
    {
        if ($fen < 1 || $fen > self::MAX_FEN) {
            throw $this->check->refused($field, $this->words->say('want 1 to %d fen', self::MAX_FEN));
        }
    }

    /** Douyin's rule for developer numbers. */
    private function number(string $field, string $number): void
    {
        $this->bytes($field, $number, self::ID_BYTES);
        if (preg_match('/^[0-9A-Za-z_*-]+$/D', $number) !== 1) {
            throw $this->check->refused($field, $this->words->say('may hold only digits, latin letters, _, - and *'));
        }
    }

    private function id(string $field, string $id): void
    {
        $this->bytes($field, $id, self::ID_BYTES);
        if (preg_match('~[\s/:\p{Z}\p{Cc}]~u', $id) !== 0) { // false: it is not UTF-8
            throw $this->check->refused($field, $this->words->say('has a space, slash, colon or control character'));
        }
    }
}
