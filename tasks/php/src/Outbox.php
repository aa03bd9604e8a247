<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\RefusedException;

/**
 * Asks by a row in the shop's own database: ordersync_outbox. Written inside the transaction that
 * changes the order, the request stands if and only if the change does; ordersync's scheduler hands
 * it over exactly once.
 *
 * Nobody answers the writer, so an id, name or type that cannot be right is a RefusedException
 * before the row is written.
 */
final class Outbox
{
    private const INSERT = 'INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES (?, ?, ?)';

    /** @var callable(string, array<int, string|null>): mixed */
    private $execute;

    private Asked $asked;

    /**
     * @param \PDO|callable(string, array<int, string|null>): mixed $connection the PDO connection of the transaction, or a function
     *                                                                          that runs one statement with ? places on it, such as
     *                                                                          [Db::class, 'execute'] (ThinkPHP) or [DB::class, 'insert'] (Laravel)
     * @param array{lang?: string} $options lang of the errors, en or zh
     *
     * @throws InvalidOptionException
     */
    public function __construct($connection, array $options = [])
    {
        $words = new Words(is_string($options['lang'] ?? null) ? $options['lang'] : null);
        (new Check($words))->options('Outbox', $options, ['lang' => 'lang']);
        $this->asked = new Asked($words);
        if ($connection instanceof \PDO) {
            $connection = static function (string $sql, array $values) use ($connection, $words): void {
                $statement = $connection->prepare($sql);
                if ($statement === false || !$statement->execute($values)) { // PDO::ERRMODE_SILENT, PHP 7's default
                    throw new \RuntimeException('ordersync: ' . $words->say('the outbox row could not be written'));
                }
            };
        }
        if (!is_callable($connection)) {
            throw new InvalidOptionException('ordersync: Outbox: ' . $words->say('want a PDO connection or a function that runs a statement'), 'connection');
        }
        $this->execute = $connection;
    }

    /**
     * @param int|string $orderId the shop's key
     * @param array{cause?: string, revision?: string} $options without a revision the row itself names the change
     *
     * @throws RefusedException
     */
    public function push($orderId, array $options = []): void
    {
        $this->write($this->asked->push($orderId, $options));
    }

    /**
     * @param int|string $orderId
     * @param array{out_refund_no: string, amount_fen: int, reason: string, reason_code?: int, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string} $refund
     *
     * @throws RefusedException
     */
    public function refund($orderId, array $refund): void
    {
        $this->write($this->asked->refund($orderId, $refund));
    }

    /**
     * @param int|string $orderId
     * @param array{out_settle_no: string, desc: string, params?: array<int, array{merchant_uid: string, amount_fen: int}>, finish?: bool, cp_extra?: string, notify_url?: string} $settlement
     *
     * @throws RefusedException
     */
    public function settle($orderId, array $settlement): void
    {
        $this->write($this->asked->settle($orderId, $settlement));
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
        $this->write($this->asked->audit($orderId, $outRefundNo, $agree, $denyMessage));
    }

    /** @param array{0: string, 1: string, 2: array<string, mixed>} $asked */
    private function write(array $asked): void
    {
        [$kind, $orderId, $payload] = $asked;
        ($this->execute)(self::INSERT, [$kind, $orderId, $payload === [] ? null : $this->asked->json($payload)]);
    }
}
