<?php

declare(strict_types=1);

namespace OrderSync;

/**
 * Asks by a row in the shop's own database: ordersync_outbox. Written inside the transaction that changes the order, the
 * request stands if and only if the change does; ordersync's scheduler hands it over exactly once.
 */
final class Outbox
{
    private const INSERT = 'INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES (?, ?, ?)';

    /** @var callable(string, array<int, string|null>): mixed */
    private $execute;

    /**
     * @param \PDO|callable(string, array<int, string|null>): mixed $connection the PDO connection of the transaction, or a function
     *                                                                          that runs one statement with ? places on it, such as
     *                                                                          [Db::class, 'execute'] (ThinkPHP) or [DB::class, 'insert'] (Laravel)
     */
    public function __construct($connection)
    {
        if ($connection instanceof \PDO) {
            $connection = static function (string $sql, array $values) use ($connection): void {
                $statement = $connection->prepare($sql);
                if ($statement === false || !$statement->execute($values)) { // PDO::ERRMODE_SILENT, PHP 7's default
                    throw new \RuntimeException('ordersync: the outbox row could not be written');
                }
            };
        }
        if (!is_callable($connection)) {
            throw new \InvalidArgumentException('want a PDO connection or a function that runs a statement');
        }
        $this->execute = $connection;
    }

    /**
     * @param int|string $orderId the shop's key
     * @param array{cause?: string, revision?: string} $options without a revision the row itself names the change
     */
    public function push($orderId, array $options = []): void
    {
        $this->write('push', $orderId, $options === [] ? null : $options);
    }

    /**
     * @param int|string $orderId
     * @param array{out_refund_no: string, amount_fen: int, reason: string, cp_extra?: string, notify_url?: string, disable_msg?: bool, msg_page?: string} $refund
     */
    public function refund($orderId, array $refund): void
    {
        $this->write('refund', $orderId, $refund);
    }

    /**
     * @param int|string $orderId
     * @param array{out_settle_no: string, desc: string, params?: array<int, array{merchant_uid: string, amount_fen: int}>, finish?: bool, cp_extra?: string, notify_url?: string} $settlement
     */
    public function settle($orderId, array $settlement): void
    {
        $this->write('settle', $orderId, $settlement);
    }

    /**
     * @param int|string $orderId
     * @param array<string, mixed>|null $payload
     */
    private function write(string $kind, $orderId, ?array $payload): void
    {
        $orderId = (string) $orderId;
        if ($orderId === '') {
            throw new \InvalidArgumentException('ordersync: the order id is missing');
        }
        $text = $payload === null ? null
            : json_encode($payload, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        ($this->execute)(self::INSERT, [$kind, $orderId, $text]);
    }
}
