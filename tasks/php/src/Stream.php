<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\RefusedException;

/**
 * Asks by an entry of the Redis stream ordersync:inbox, for a shop that has ordersync's Redis and
 * not its MySQL. A stream that nobody reads is trimmed: where an entry may not be lost (money),
 * take the Client or the Outbox.
 *
 * Nobody answers the writer, so an id, name or type that cannot be right is a RefusedException
 * before the entry is written.
 */
final class Stream
{
    /** Bounds the stream while nobody reads it. */
    private const MAXLEN = '1000000';

    /** @var callable(string ...): mixed */
    private $command;

    private string $stream;
    private Asked $asked;
    private Words $words;

    /**
     * @param callable(string ...): mixed $command runs one command of Redis given as its words: [$redis, 'rawCommand'] with phpredis,
     *                                             fn (string ...$words) => $predis->executeRaw($words) with Predis
     * @param array{stream?: string, lang?: string} $options stream: another name than ordersync:inbox; lang of the errors, en or zh
     *
     * @throws InvalidOptionException
     */
    public function __construct($command, array $options = [])
    {
        $this->words = new Words(is_string($options['lang'] ?? null) ? $options['lang'] : null);
        (new Check($this->words))->options('Stream', $options, ['stream' => 'text', 'lang' => 'lang']);
        if (!is_callable($command)) {
            throw new InvalidOptionException('ordersync: Stream: ' . $this->words->say('want a function that runs a command of Redis'), 'command');
        }
        $this->command = $command;
        $this->stream = ($options['stream'] ?? '') === '' ? 'ordersync:inbox' : $options['stream'];
        $this->asked = new Asked($this->words);
    }

    /**
     * @param int|string $orderId the shop's key
     * @param array{cause?: string, revision?: string} $options without a revision the entry itself names the change
     *
     * @throws RefusedException
     */
    public function push($orderId, array $options = []): void
    {
        [$kind, $orderId, $fields] = $this->asked->push($orderId, $options);
        $this->add($kind, $orderId, $fields);
    }

    /**
     * @param int|string $orderId
     * @param array{out_refund_no: string, amount_fen: int, reason: string, reason_code?: int, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string} $refund
     *
     * @throws RefusedException
     */
    public function refund($orderId, array $refund): void
    {
        [$kind, $orderId, $payload] = $this->asked->refund($orderId, $refund);
        $this->add($kind, $orderId, ['payload' => $this->asked->json($payload)]);
    }

    /**
     * @param int|string $orderId
     * @param array{out_settle_no: string, desc: string, params?: array<int, array{merchant_uid: string, amount_fen: int}>, finish?: bool, cp_extra?: string, notify_url?: string} $settlement
     *
     * @throws RefusedException
     */
    public function settle($orderId, array $settlement): void
    {
        [$kind, $orderId, $payload] = $this->asked->settle($orderId, $settlement);
        $this->add($kind, $orderId, ['payload' => $this->asked->json($payload)]);
    }

    /**
     * The shop's word on a refund that a buyer asked Douyin for (trade).
     *
     * @param int|string $orderId     of the refund
     * @param string     $outRefundNo as Client::audits() and the callbacks name it
     * @param bool       $agree       true: Douyin pays the money back; false: denied
     * @param string     $denyMessage why not, for the buyer, at most 512 bytes; needed to deny, empty to agree
     *
     * @throws RefusedException
     */
    public function audit($orderId, string $outRefundNo, $agree, string $denyMessage = ''): void
    {
        [$kind, $orderId, $payload] = $this->asked->audit($orderId, $outRefundNo, $agree, $denyMessage);
        $this->add($kind, $orderId, ['payload' => $this->asked->json($payload)]);
    }

    /** @param array<string, string> $fields */
    private function add(string $kind, string $orderId, array $fields): void
    {
        $words = ['XADD', $this->stream, 'MAXLEN', '~', self::MAXLEN, '*', 'kind', $kind, 'order_id', $orderId];
        foreach ($fields as $name => $value) {
            array_push($words, $name, $value);
        }
        $id = ($this->command)(...$words);
        if ($id === false || $id === null) { // phpredis answers an error so
            throw new \RuntimeException('ordersync: ' . $this->words->say('the entry could not be written into the stream'));
        }
    }
}
