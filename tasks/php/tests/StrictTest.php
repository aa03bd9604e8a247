<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Client;
use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\RefusedException;
use OrderSync\Outbox;
use OrderSync\PaymentLogic;
use OrderSync\Response;
use OrderSync\Stream;

/** @param array<string, mixed> $options */
$client = static function (Script $script, array $options = []): Client {
    return new Client('http://gateway.example', 'the-token', $options + ['transport' => $script, 'retries' => 0, 'lang' => 'en']);
};
$outbox = static function (array &$rows): Outbox {
    return new Outbox(static function (string $sql, array $values) use (&$rows): void {
        $rows[] = $values;
    }, ['lang' => 'en']);
};

return [
    'an id that is none is named and not sent' => static function () use ($client, $outbox): void {
        foreach ([[[1], 'array'], [null, 'null'], [true, 'bool'], [1.5, 'float'], [new \stdClass(), 'stdClass']] as [$id, $kind]) {
            $script = new Script();
            $rows = [];
            $c = $client($script);
            $o = $outbox($rows);
            foreach ([
                static fn () => $c->push($id), static fn () => $c->order($id), static fn () => $c->refund($id, []), static fn () => $c->settle($id, []),
                static fn () => $o->push($id), static fn () => $o->refund($id, []), static fn () => $o->audit($id, 'R1', true),
            ] as $call) {
                $e = thrown(RefusedException::class, $call);
                same(['order_id', "ordersync: order_id: want a whole number or text, found $kind"], [$e->getField(), $e->getMessage()]);
            }
            $e = thrown(RefusedException::class, static fn () => $c->pushMany([1, ['order_id' => $id]]));
            same('orders[1].order_id', $e->getField());
            same([[], []], [$script->sent, $rows]);
            same(500, PaymentLogic::pushOrder(['id' => $id])['code']);
        }
    },
    'a number below 1 is what a search that found nothing leaves' => static function () use ($client): void {
        $script = new Script();
        foreach ([0, -1] as $id) {
            $e = thrown(RefusedException::class, static fn () => $client($script)->push($id));
            same(['order_id', 'ordersync: order_id: is wrong: want a key of the shop, found a number below 1'], [$e->getField(), $e->getMessage()]);
        }
        same([], $script->sent);
    },
    // PHP would make true of each of these, and a refund would be agreed to that was to be denied.
    'a word on a refund is true or false, and nothing that is like one' => static function () use ($client, $outbox): void {
        $script = new Script();
        $rows = [];
        $c = $client($script);
        $o = $outbox($rows);
        $s = new Stream(static function () use (&$rows): string {
            return $rows[] = 'XADD';
        }, ['lang' => 'en']);
        PaymentLogic::configure(['client' => $c, 'lang' => 'en']);
        foreach ([['false', 'string'], ['0.0', 'string'], [1, 'int'], ['deny', 'string'], [null, 'null'], [[], 'array']] as [$word, $kind]) {
            foreach ([static fn () => $c->audit('DY1', $word), static fn () => $o->audit(7, 'DY1', $word), static fn () => $s->audit(7, 'DY1', $word)] as $call) {
                $e = thrown(RefusedException::class, $call);
                same(['agree', "ordersync: agree: is wrong: want true or false, found $kind"], [$e->getField(), $e->getMessage()]);
            }
            same(422, PaymentLogic::audit('DY1', $word)['err_no']);
        }
        PaymentLogic::configure([]);
        same([[], []], [$script->sent, $rows]);
    },
    'the class takes arrays and models, and answers to everything else by an err_no' => static function () use ($client): void {
        $script = new Script(new Response(202, '{"refund_no":"1"}'));
        PaymentLogic::configure(['client' => $client($script), 'lang' => 'en']);
        foreach ([null, 'SN1', 7, new \stdClass()] as $data) {
            foreach (['order', 'refund', 'settle'] as $method) {
                same(['err_no' => 422, 'err_tips' => 'ordersync: data: want an array'], PaymentLogic::$method($data), $method);
            }
            same(500, PaymentLogic::pushOrder($data)['code']);
        }
        same([], $script->sent);
        $model = new \ArrayObject(['order_id' => 7, 'out_refund_no' => 'R1', 'refund_amount' => 5, 'reason' => 'r']);
        same(0, PaymentLogic::refund($model)['err_no']);
        same('http://gateway.example/v1/orders/7/refunds', $script->sent[0][1]);
        PaymentLogic::configure([]);
    },
    'an object that is text is an id' => static function () use ($client): void {
        $script = new Script(new Response(200, '{}'));
        $client($script)->order(new class() {
            public function __toString(): string
            {
                return '7';
            }
        });
        same('http://gateway.example/v1/orders/7', $script->sent[0][1]);
    },
    'a field of a wrong type is named and not sent' => static function () use ($client, $outbox): void {
        $script = new Script();
        $rows = [];
        $c = $client($script);
        $o = $outbox($rows);
        $s = new Stream(static function (string ...$words) use (&$rows): string {
            $rows[] = $words;

            return '1-0';
        }, ['lang' => 'en']);
        $refund = ['out_refund_no' => 'R1', 'amount_fen' => 990, 'reason' => 'r'];
        foreach ([
            ['delay_seconds', 'is wrong: want a whole number, found string', static fn () => $c->push(7, ['delay_seconds' => '5'])],
            ['orders[0].cause', 'is wrong: want text, found int', static fn () => $c->pushMany([['order_id' => 7, 'cause' => 1]])],
            ['amount_fen', 'is wrong: want a whole number, found float', static fn () => $c->refund(7, ['amount_fen' => 9.9] + $refund)],
            ['total_amount', 'is wrong: want a whole number, found string', static fn () => $c->createPayment(['total_amount' => '990'])],
            ['hide_pay_ways', 'is wrong: want a list of whole numbers, found array', static fn () => $c->createPayment(['hide_pay_ways' => ['2']])],
            ['order_page', 'is wrong: want path and params, both texts, found array', static fn () => $c->requestOrder(['order_page' => ['params' => '{}']])],
            ['params', 'is wrong: want a list of merchant_uid (text) and amount_fen (a whole number), found array', static fn () => $c->settle(7, ['params' => [['merchant_uid' => 1]]])],
            ['amount_fen', 'is wrong: want a whole number, found string', static fn () => $o->refund(7, ['amount_fen' => '990'] + $refund)],
            ['amount_fen', 'is missing', static fn () => $o->refund(7, ['out_refund_no' => 'R1', 'reason' => 'r'])],
            ['reason', 'is missing', static fn () => $o->refund(7, ['reason' => ''] + $refund)],
            ['desc', 'is missing', static fn () => $o->settle(7, ['out_settle_no' => 'S1'])],
            ['out_refund_no', 'is missing', static fn () => $o->audit(7, '', true)],
            ['deny_message', 'is missing', static fn () => $o->audit(7, 'R1', false)],
            ['agree', 'is wrong: want true or false, found string', static fn () => $o->audit(7, 'R1', 'deny')],
            ['agree', 'is wrong: want true or false, found int', static fn () => $c->audit('R1', 0, 'words')],
            ['agree', 'is wrong: want true or false, found null', static fn () => $s->audit(7, 'R1', null)],
            ['orders', 'want a list of orders, found the name "order_id"', static fn () => $c->pushMany(['order_id' => 7, 'cause' => 'paid'])],
            ['params', 'is wrong: want a list of merchant_uid (text) and amount_fen (a whole number), found array', static fn () => $o->settle(7, ['out_settle_no' => 'S1', 'desc' => 'd', 'params' => ['a' => ['merchant_uid' => '1', 'amount_fen' => 1]]])],
            ['out_refund_no', 'is missing', static fn () => $c->refundStatus('..')],
            ['out_settle_no', 'is missing', static fn () => $c->settlementStatus(' ')],
            ['out_order_no', 'is missing', static fn () => $c->queryPayment('')],
            ['out_refund_no', 'is missing', static fn () => $c->audit('.', true)],
            ['deny_message', 'is only for a denial', static fn () => $c->audit('R1', true, 'words')],
        ] as [$field, $words, $call]) {
            $e = thrown(RefusedException::class, $call);
            same([$field, "ordersync: $field: $words"], [$e->getField(), $e->getMessage()]);
        }
        same([[], []], [$script->sent, $rows]);
        same([422, 0], [PaymentLogic::audit('R1', 'deny')['err_no'], count($script->sent)], 'an array in the class');
    },
    'the outbox, whose writer hears no answer, knows every name' => static function () use ($outbox): void {
        $rows = [];
        $o = $outbox($rows);
        foreach ([
            ['couse', 'is unknown: did you mean "cause"?', static fn () => $o->push(7, ['couse' => 'paid'])],
            ['delay_seconds', 'is unknown: want revision, cause', static fn () => $o->push(7, ['delay_seconds' => 5])],
            ['amount', 'is unknown: want out_refund_no, amount_fen, reason, reason_code, cp_extra, notify_url, disable_msg, msg_page', static fn () => $o->refund(7, ['amount' => 1])],
            ['0', 'is unknown: want revision, cause', static fn () => $o->push(7, ['paid'])],
        ] as [$field, $words, $call]) {
            $e = thrown(RefusedException::class, $call);
            same("ordersync: $field: $words", $e->getMessage());
        }
        same([], $rows);
    },
    'a name that the client does not know is the gateway\'s to judge' => static function () use ($client): void {
        $script = new Script(new Response(400, '{"detail":"is not a field of this call","field":"amont"}'));
        $e = thrown(RefusedException::class, static fn () => $client($script)->refund(7, ['amont' => 1]));
        same([1, 'amont'], [count($script->sent), $e->getField()]);
    },
    'an option that is wrong is named, with what was wanted' => static function (): void {
        $transport = new Script();
        foreach ([
            ['timeut', 'Client: option "timeut" is unknown: did you mean "timeout"?', ['timeut' => 1]],
            ['proxy', 'Client: option "proxy" is unknown: want connect_timeout, timeout, retries, lang, transport, sleep', ['proxy' => 'x']],
            ['timeout', 'Client: option "timeout" is wrong: want seconds, a number above 0, found string', ['timeout' => '5s']],
            ['timeout', 'Client: option "timeout" is wrong: want seconds, a number above 0, found float', ['timeout' => NAN]],
            ['retries', 'Client: option "retries" is wrong: want a whole number from 0 to 10, found int', ['retries' => -1]],
            ['retries', 'Client: option "retries" is wrong: want a whole number from 0 to 10, found null', ['retries' => null]],
            ['transport', 'Client: option "transport" is wrong: want OrderSync\\Transport, found string', ['transport' => 'curl']],
            ['sleep', 'Client: option "sleep" is wrong: want a function, found int', ['sleep' => 1]],
            ['timeout', 'Client: option "timeout" does nothing beside "transport"', ['timeout' => 1, 'transport' => $transport]],
        ] as [$option, $words, $options]) {
            $e = thrown(InvalidOptionException::class, static fn () => new Client('http://x', '', $options + ['lang' => 'en']));
            same([$option, "ordersync: $words"], [$e->getOption(), $e->getMessage()]);
        }
        $e = thrown(InvalidOptionException::class, static fn () => new Client('http://x', '', ['lang' => 'fr']));
        same('lang', $e->getOption());
        foreach ([
            ['callback_tokn', static fn () => PaymentLogic::configure(['callback_tokn' => 'x'])],
            ['order_id', static fn () => PaymentLogic::configure(['order_id' => 'no such function'])],
            ['url', static fn () => PaymentLogic::configure(['client' => new Client('http://x'), 'url' => 'http://y'])],
            ['url', static fn () => PaymentLogic::configure(['url' => 'gateway:8080'])],
            ['token', static fn () => PaymentLogic::configure(['token' => "a\nb"])],
            ['langg', static fn () => new Outbox('trim', ['langg' => 'en'])],
            ['streem', static fn () => new Stream('trim', ['streem' => 'x'])],
            ['connection', static fn () => new Outbox('no such function')],
            ['command', static fn () => new Stream(null)],
        ] as [$option, $call]) {
            $e = thrown(InvalidOptionException::class, $call);
            same($option, $e->getOption());
            yes($e instanceof \InvalidArgumentException, 'a fault of the program');
        }
    },
    'no text of a check shows a value' => static function (): void {
        $e = thrown(InvalidOptionException::class, static fn () => PaymentLogic::configure(['token' => ['very-secret']]));
        $f = thrown(InvalidOptionException::class, static fn () => new Client('http://user:very-secret@gateway.example'));
        yes(strpos($e->getMessage() . $f->getMessage(), 'very-secret') === false, 'hidden');
    },
    'variables of the client come first, then those of before' => static function (): void {
        $all = ['ORDERSYNC_CLIENT_URL', 'ORDERSYNC_URL', 'ORDERSYNC_CLIENT_TOKEN', 'ORDERSYNC_TOKEN', 'ORDERSYNC_CLIENT_CALLBACK_TOKEN', 'ORDERSYNC_CALLBACK_TOKEN'];
        $before = array_map('getenv', $all);
        $sent = static function (array $variables) use ($all): array {
            array_map('putenv', $all);
            foreach ($variables as $name => $value) {
                putenv("$name=$value");
            }
            $script = new Script(new Response(200, '{}'));
            Client::fromEnvironment(['transport' => $script])->order(1);
            PaymentLogic::configure([]);
            $signature = isset($variables['ORDERSYNC_CALLBACK_TOKEN']) ? PaymentLogic::handler(['timestamp' => '1', 'nonce' => '2', 'msg' => '3']) : '';

            return [$script->sent[0][1], implode(',', preg_grep('/^Authorization/', $script->sent[0][2]) ?: []), $signature];
        };
        try {
            same(['http://127.0.0.1:8080/v1/orders/1', '', ''], $sent([]));
            $old = ['ORDERSYNC_URL' => 'http://old', 'ORDERSYNC_TOKEN' => 'old', 'ORDERSYNC_CALLBACK_TOKEN' => 'old'];
            same(['http://old/v1/orders/1', 'Authorization: Bearer old', \OrderSync\Callback::sign('old', '1', '2', '3')], $sent($old));
            $new = ['ORDERSYNC_CLIENT_URL' => 'http://new', 'ORDERSYNC_CLIENT_TOKEN' => 'new', 'ORDERSYNC_CLIENT_CALLBACK_TOKEN' => 'new'];
            same(['http://new/v1/orders/1', 'Authorization: Bearer new', \OrderSync\Callback::sign('new', '1', '2', '3')], $sent($new + $old));
        } finally {
            foreach ($all as $i => $name) {
                putenv($before[$i] === false ? $name : "$name=$before[$i]");
            }
            PaymentLogic::configure([]);
        }
    },
];
