<?php

declare(strict_types=1);

/* What a framework does for shop.php: class loading, the database, and the one setting that the environment cannot hold. */

spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/../src/' . str_replace('\\', '/', substr($class, strlen('OrderSync\\'))) . '.php';
    if (strncmp($class, 'OrderSync\\', strlen('OrderSync\\')) === 0 && is_file($file)) {
        require $file;
    }
});

function database(): PDO
{
    static $db = null;
    if ($db === null) {
        $db = new PDO((string) getenv('SHOP_PDO'), (string) getenv('SHOP_DB_USER'), (string) getenv('SHOP_DB_PASSWORD'), [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
        ]);
    }

    return $db;
}

// The class names an order by its out_order_no, which is this shop's sn; ordersync names it by the key of its row.
// ORDERSYNC_CLIENT_URL, ORDERSYNC_CLIENT_TOKEN and ORDERSYNC_CLIENT_CALLBACK_TOKEN come from the environment.
OrderSync\PaymentLogic::configure([
    'order_id' => static function (string $outOrderNo) {
        $query = database()->prepare('SELECT id FROM tp_order WHERE sn = ?');
        $query->execute([$outOrderNo]);

        return (string) $query->fetchColumn();
    },
]);
