<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Exception\RefusedException;
use OrderSync\Outbox;

$database = static function (int $errors): \PDO {
    $pdo = new \PDO('sqlite::memory:', null, null, [\PDO::ATTR_ERRMODE => $errors]);
    $pdo->exec('CREATE TABLE ordersync_outbox (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, order_id TEXT NOT NULL, payload TEXT)');

    return $pdo;
};
$rows = static fn (\PDO $pdo): array => $pdo->query('SELECT kind, order_id, payload FROM ordersync_outbox ORDER BY id')->fetchAll(\PDO::FETCH_NUM);

return [
    'rows are as the scheduler reads them' => static function () use ($database, $rows): void {
        $pdo = $database(\PDO::ERRMODE_EXCEPTION);
        $outbox = new Outbox($pdo);
        $outbox->push(7);
        $outbox->push('7', ['cause' => 'paid', 'revision' => 'paid']);
        $outbox->refund(7, ['out_refund_no' => 'R1', 'amount_fen' => 990, 'reason' => '退/款']);
        $outbox->settle(7, ['out_settle_no' => 'S1', 'desc' => 'd', 'params' => [['merchant_uid' => '1', 'amount_fen' => 2]]]);
        $outbox->audit(7, 'DYmotb2', true);
        $outbox->audit('7', 'DYmotb2', false, '课程已学完');
        same([
            ['push', '7', null], ['push', '7', '{"cause":"paid","revision":"paid"}'],
            ['refund', '7', '{"out_refund_no":"R1","amount_fen":990,"reason":"退/款"}'],
            ['settle', '7', '{"out_settle_no":"S1","desc":"d","params":[{"merchant_uid":"1","amount_fen":2}]}'],
            ['audit', '7', '{"out_refund_no":"DYmotb2","agree":true}'],
            ['audit', '7', '{"out_refund_no":"DYmotb2","agree":false,"deny_message":"课程已学完"}'],
        ], $rows($pdo));
    },
    'what is rolled back was never asked' => static function () use ($database, $rows): void {
        $pdo = $database(\PDO::ERRMODE_EXCEPTION);
        $pdo->beginTransaction();
        (new Outbox($pdo))->push(7);
        $pdo->rollBack();
        same([], $rows($pdo));
    },
    'a silent PDO does not lose a row silently' => static function () use ($database): void {
        $pdo = $database(\PDO::ERRMODE_SILENT);
        $pdo->exec('DROP TABLE ordersync_outbox');
        thrown(\RuntimeException::class, static function () use ($pdo): void {
            (new Outbox($pdo))->push(7);
        });
    },
    'a framework\'s own function will do' => static function (): void {
        $seen = [];
        (new Outbox(static function (string $sql, array $values) use (&$seen): int {
            $seen[] = [$sql, $values];

            return 1;
        }))->push(7);
        same([['INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES (?, ?, ?)', ['push', '7', null]]], $seen);
    },
    'neither a missing order nor a missing connection passes' => static function () use ($database): void {
        thrown(RefusedException::class, static function () use ($database): void {
            (new Outbox($database(\PDO::ERRMODE_EXCEPTION)))->push('');
        });
        thrown(\InvalidArgumentException::class, static function (): void {
            new Outbox('no function of this name');
        });
    },
];
