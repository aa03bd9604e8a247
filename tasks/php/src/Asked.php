<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\RefusedException;

/**
 * What can be asked for without an answer, as kind, order and payload: the outbox and the stream
 * write the same. What would be put aside later, out of sight of whoever asked, is refused here.
 *
 * @internal
 */
final class Asked
{
    private Words $words;
    private Check $check;
    private Limits $limits;

    public function __construct(Words $words)
    {
        $this->words = $words;
        $this->check = new Check($words);
        $this->limits = new Limits($words, $this->check);
    }

    /**
     * @param mixed $orderId
     * @param array<mixed> $options
     *
     * @return array{0: string, 1: string, 2: array<string, mixed>}
     */
    public function push($orderId, array $options): array
    {
        $this->check->fields($options, Fields::PUSH_ROW);
        $orderId = $this->check->orderId($orderId);
        $this->limits->push($orderId, $options);

        return ['push', $orderId, $options];
    }

    /**
     * @param mixed $orderId
     * @param array<mixed> $refund
     *
     * @return array{0: string, 1: string, 2: array<string, mixed>}
     */
    public function refund($orderId, array $refund): array
    {
        $orderId = $this->check->orderId($orderId);
        $refund = $this->whole($refund, Fields::REFUND, ['out_refund_no', 'amount_fen', 'reason']);
        $this->limits->refund($orderId, $refund);

        return ['refund', $orderId, $refund];
    }

    /**
     * @param mixed $orderId
     * @param array<mixed> $settlement
     *
     * @return array{0: string, 1: string, 2: array<string, mixed>}
     */
    public function settle($orderId, array $settlement): array
    {
        $orderId = $this->check->orderId($orderId);
        $settlement = $this->whole($settlement, Fields::SETTLE, ['out_settle_no', 'desc']);
        $this->limits->settle($orderId, $settlement);

        return ['settle', $orderId, $settlement];
    }

    /**
     * @param mixed $orderId
     * @param mixed $agree
     *
     * @return array{0: string, 1: string, 2: array<string, mixed>}
     */
    public function audit($orderId, string $outRefundNo, $agree, string $denyMessage): array
    {
        $orderId = $this->check->orderId($orderId);
        $word = ['out_refund_no' => $outRefundNo] + $this->check->word($agree, $denyMessage);

        $word = $this->whole($word, ['out_refund_no' => 'text', 'agree' => 'bool', 'deny_message' => 'text'], ['out_refund_no']);
        $this->limits->audit($orderId, $outRefundNo);

        return ['audit', $orderId, $word];
    }

    /** @param array<string, mixed> $payload */
    public function json(array $payload): string
    {
        try {
            return json_encode((object) $payload, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        } catch (\JsonException $e) {
            throw new RefusedException('ordersync: ' . $this->words->say('the request cannot be JSON: %s', $e->getMessage()), 422, [], $e);
        }
    }

    /**
     * @param array<mixed> $given
     * @param array<string, string> $known
     * @param string[] $needed
     *
     * @return array<string, mixed>
     */
    private function whole(array $given, array $known, array $needed): array
    {
        $this->check->fields($given, $known);
        foreach ($needed as $name) {
            if (!isset($given[$name]) || $given[$name] === '') {
                throw $this->check->refused($name, $this->words->say('is missing'));
            }
        }

        return $given;
    }
}
