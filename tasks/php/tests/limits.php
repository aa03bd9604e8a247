<?php

declare(strict_types=1);

/*
 * Reads rows that a shop may try to write, as JSON on stdin, and answers for each with the field for which the outbox refuses it;
 * empty: the row was written. php_limits_test.go holds that against what the relay says of the same rows.
 */

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../src/' . str_replace('\\', '/', substr($class, strlen('OrderSync\\'))) . '.php';
});

$rows = 0;
$outbox = new OrderSync\Outbox(static function () use (&$rows): void {
    ++$rows;
}, ['lang' => 'en']);
$refused = [];
foreach (json_decode((string) stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR) as $case) {
    $before = $rows;
    $payload = $case['payload'] ?? [];
    try {
        $case['kind'] === 'audit'
            ? $outbox->audit($case['order_id'], $payload['out_refund_no'], $payload['agree'], $payload['deny_message'] ?? '')
            : $outbox->{$case['kind']}($case['order_id'], $payload);
        $refused[] = $rows === $before + 1 ? '' : 'nothing was written';
    } catch (OrderSync\Exception\RefusedException $e) {
        $refused[] = $rows === $before ? $e->getField() : 'written, though refused';
    }
}
echo json_encode($refused, JSON_THROW_ON_ERROR), "\n";
