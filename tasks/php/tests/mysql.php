<?php

declare(strict_types=1);

/* On a real MySQL or MariaDB with ordersync's tables; php_test.go reads afterwards what stands there. MYSQL_PDO: PDO's DSN. */

namespace OrderSync\Tests;

use OrderSync\Outbox;

return [
    'the request stands if and only if the change does' => static function (): void {
        $pdo = new \PDO((string) getenv('MYSQL_PDO'), 'root', '', [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $outbox = new Outbox($pdo);
        $pdo->beginTransaction();
        $outbox->push(7);
        $pdo->rollBack();

        $pdo->beginTransaction();
        $outbox->push(8, ['cause' => 'paid']);
        $outbox->refund('8', ['out_refund_no' => 'R8', 'amount_fen' => 990, 'reason' => '用户取消']);
        $outbox->settle('8', ['out_settle_no' => 'S8', 'desc' => '分账', 'params' => [['merchant_uid' => '7027', 'amount_fen' => 10]], 'finish' => true]);
        $outbox->audit('8', 'DY9', false, '课程已学完');
        $pdo->commit();
    },
];
