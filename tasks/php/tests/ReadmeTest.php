<?php

declare(strict_types=1);

/*
 * Runs every PHP block of both READMEs: whoever copies one gets what it says. A block that nothing
 * here knows fails.
 */

namespace OrderSync\Tests;

use OrderSync\Callback;
use OrderSync\Client;
use OrderSync\PaymentLogic;
use OrderSync\Response;
use OrderSync\Transport;

require_once __DIR__ . '/frameworks.php';

/** The code of a README's blocks of PHP. */
$blocks = static function (string $file): array {
    preg_match_all('/^```php\n(.*?)^```$/ms', (string) file_get_contents(dirname(__DIR__) . "/$file"), $found);

    return $found[1];
};

/** Answers every call, and keeps what was asked. */
$gateway = static function (array &$asked): Transport {
    return new class($asked) implements Transport {
        /** @var array<int, string> */
        private array $asked;

        /** @param array<int, string> $asked */
        public function __construct(array &$asked)
        {
            $this->asked = &$asked;
        }

        public function send(string $method, string $url, array $headers, ?string $body): Response
        {
            $path = substr($url, strlen('http://gateway.example'));
            $fields = array_keys(json_decode($body ?? '[]', true));
            sort($fields);
            $this->asked[] = trim("$method $path " . implode(',', array_diff($fields, ['revision'])));
            $answers = [
                '/v1/payments' => ['data' => '{}', 'byteAuthorization' => 'x', 'order_id' => 'motb1', 'order_token' => 't'],
                '/v1/refunds?audit=needed' => ['refunds' => [['out_refund_no' => 'DY1', 'amount_fen' => 1, 'audit_deadline' => '2026-12-01T00:00:00Z']]],
            ];

            return new Response(200, (string) json_encode($answers[$path] ?? ['status' => 'queued']));
        }
    };
};

/** What runs a block with a text in it. */
$with = static function (string $code, array $given): array {
    $run = static function (string $code, array $given): array {
        extract($given);
        ob_start();
        try {
            eval($code);
        } finally {
            $said = ob_get_clean();
        }

        return get_defined_vars();
    };

    return $run($code, $given);
};

/** By a text of theirs, what the blocks of a README do. */
$does = static function (string $code) use ($gateway, $with): string {
    $asked = [];
    $client = new Client('http://gateway.example', '', ['transport' => $gateway($asked), 'retries' => 0, 'lang' => 'en']);
    $order = new class() extends \ArrayObject {
        public int $id = 7;

        /** @param array<string, mixed> $row */
        public function update(array $row): void
        {
        }
    };
    $order['id'] = 7;
    $app = new class() {
        /** @var array<int, mixed> */
        public array $made = [];

        public function bind(string $class, callable $make): void
        {
            $this->made[] = $make();
        }

        public function singleton(string $class, callable $make): void
        {
            $this->made[] = $make();
        }
    };
    $given = ['client' => $client, 'order' => $order, 'token' => 'the-token', 'id' => '7'];
    if (strpos($code, 'new Client(') !== false) { // it is made as the block says, and another one asks
        $code = (string) preg_replace('/^(\$client) = (new Client\(.*\);)$/m', '$made = $2', $code);
    }
    if (strpos($code, 'public function register') !== false) {
        $code = '$service = new class($app) { public $app; public function __construct($app) { $this->app = $app; } ' . $code . ' }; $service->register();';
        $with($code, ['app' => $app]);
        same([true], array_map(static fn ($made): bool => $made instanceof Client, $app->made));

        return 'a service';
    }
    if (strpos($code, 'Callback::receive') !== false) {
        $code = str_replace(["file_get_contents('php://input')", '$_SERVER', 'exit(', 'http_response_code(403);'], ['$body', '$headers', 'print(', ''], $code);
        $stored = [];
        $code = str_replace('store(', '$store(', $code);
        $secrets = ['token' => 'ecpay-token', 'oldToken' => '', 'platformKey' => TradeVectors::KEY, 'oldPlatformKey' => ''];
        $store = static function (...$row) use (&$stored): void {
            $stored[] = array_slice($row, 0, 3);
        };
        $said = $with($code, $secrets + ['store' => $store, 'body' => TradeVectors::PAYMENT_BODY, 'headers' => TradeVectors::PAYMENT_HEADERS])['said'];
        same([[[Callback::TRADE, 'payment', $stored[0][2]]], Callback::success()], [$stored, $said]);

        return 'a callback';
    }
    if (strpos($code, 'PaymentLogic::configure') !== false) {
        $with('use think\facade\Db; ' . $code, $given + ['callbackToken' => 'callback-token']);
        same(Callback::sign('callback-token', '1', '2', '3'), PaymentLogic::handler(['timestamp' => '1', 'nonce' => '2', 'msg' => '3']));
        PaymentLogic::configure([]);

        return 'configured';
    }
    if (strpos($code, 'Outbox($pdo)') !== false) {
        $pdo = new \PDO('sqlite::memory:', null, null, [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $pdo->exec('CREATE TABLE `order` (id INTEGER, status INTEGER); CREATE TABLE ordersync_outbox (kind TEXT, order_id TEXT, payload TEXT)');
        $with($code, $given + ['pdo' => $pdo]);

        return implode(' ', $pdo->query('SELECT kind, order_id, payload FROM ordersync_outbox')->fetch(\PDO::FETCH_NUM));
    }
    if (strpos($code, 'OrderSync\Stream') !== false) {
        $redis = new class() {
            /** @var array<int, string> */
            public array $kinds = [];

            public function rawCommand(string ...$words): string
            {
                $this->kinds[] = $words[7];

                return '1-0';
            }

            /** @param array<int, string> $words */
            public function executeRaw(array $words): string
            {
                return $this->rawCommand(...$words);
            }
        };
        $with($code, $given + ['redis' => $redis, 'predis' => $redis]);

        return implode(' ', $redis->kinds);
    }
    \think\facade\Db::$ran = \Illuminate\Support\Facades\DB::$ran = [];
    $with($code, $given);
    if ($asked === []) {
        $rows = array_merge(\think\facade\Db::$ran, \Illuminate\Support\Facades\DB::$ran);

        return implode(' ', array_filter((array) end($rows)));
    }

    return implode("\n", $asked);
};

$want = [
    "POST /v1/orders/7/push cause\nPOST /v1/orders/push orders\nGET /v1/orders/7",
    "POST /v1/orders/7/refunds amount_fen,out_refund_no,reason\nPOST /v1/orders/7/settlements desc,out_settle_no\n"
        . "POST /v1/payments body,out_order_no,subject,total_amount,valid_time\nGET /v1/payments/T10086\nGET /v1/refunds/R10086-1\nGET /v1/settlements/S10086-1",
    "POST /v1/payments image,out_order_no,subject,total_amount\nGET /v1/refunds?audit=needed\n"
        . "POST /v1/refunds/DYmotb123/audit agree\nPOST /v1/refunds/DYmotb124/audit agree,deny_message",
    'push 7 {"cause":"paid"}',
    'push audit',
    'push 7 {"cause":"paid"}',
    'a service',
    'push 7 {"cause":"paid"}',
    'a service',
    'configured',
    'a callback',
];
$tests = [];
foreach (['README.md', 'README.zh-CN.md'] as $file) {
    $tests["every PHP block of $file does what it says"] = static function () use ($file, $blocks, $does, $want): void {
        $all = $blocks($file);
        same(count($want), count($all), 'blocks');
        foreach ($all as $i => $code) {
            same($want[$i], $does($code), "block $i:\n$code");
        }
    };
}

return $tests;
