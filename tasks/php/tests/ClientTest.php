<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Client;
use OrderSync\Exception\ConflictException;
use OrderSync\Exception\NotFoundException;
use OrderSync\Exception\OrderSyncException;
use OrderSync\Exception\RefusedException;
use OrderSync\Exception\UnauthorizedException;
use OrderSync\Exception\UnavailableException;
use OrderSync\Exception\WrongAddressException;
use OrderSync\Response;

/** @param array<string, mixed> $options */
$client = static function (Script $script, array $options = []): Client {
    return new Client('http://gateway.example:8080/', 'the-token', $options + ['transport' => $script, 'sleep' => static function (float $seconds): void {
    }]);
};
$queued = new Response(202, '{"order_id":"7","status":"queued","revision":"paid","task_id":"push:7:paid","queue":"push"}');

return [
    'a push is sent as the gateway reads it' => static function () use ($client, $queued): void {
        $script = new Script($queued);
        $answer = $client($script)->push(7, ['revision' => 'paid', 'cause' => 'paid', 'delay_seconds' => 5]);
        same('queued', $answer['status']);
        [$method, $url, $headers, $body] = $script->sent[0];
        same('POST http://gateway.example:8080/v1/orders/7/push', "$method $url");
        same('{"revision":"paid","cause":"paid","delay_seconds":5}', $body);
        yes(in_array('Authorization: Bearer the-token', $headers, true), 'the token is sent');
        yes(in_array('Content-Type: application/json', $headers, true), 'the body says what it is');
    },
    'all tries of a push are one change' => static function () use ($client, $queued): void {
        $script = new Script(null, new Response(503, '{"detail":"down"}'), $queued);
        $client($script)->push('7');
        same(3, count($script->sent));
        yes(preg_match('/^\{"revision":"[0-9a-f]{32}"\}$/', (string) $script->sent[0][3]) === 1, 'a revision was made up');
        same($script->sent[0], $script->sent[2]);
    },
    'two pushes are two changes' => static function () use ($client, $queued): void {
        $script = new Script($queued, $queued);
        $c = $client($script);
        $c->push('7');
        $c->push('7');
        yes($script->sent[0][3] !== $script->sent[1][3], 'the revisions differ');
    },
    'ids are escaped, and none is another path' => static function () use ($client): void {
        $script = new Script(new Response(200, '{}'));
        $client($script)->order('订单/7');
        same('http://gateway.example:8080/v1/orders/%E8%AE%A2%E5%8D%95%2F7', $script->sent[0][1]);
        same(null, $script->sent[0][3]);
        foreach (['', '.', '..'] as $id) {
            thrown(RefusedException::class, static function () use ($client, $id): void {
                $client(new Script())->order($id);
            });
        }
    },
    'many orders go 500 at a time and are answered in order' => static function () use ($client): void {
        $answer = static function (int $from, int $to): Response {
            $results = array_map(static fn (int $i): array => ['order_id' => (string) $i, 'status' => 'queued'], range($from, $to));

            return new Response(202, (string) json_encode(['queued' => $to - $from + 1, 'known' => 0, 'failed' => 0, 'results' => $results]));
        };
        $script = new Script($answer(1, 500), $answer(501, 501));
        $all = $client($script)->pushMany(range(1, 501));
        same(501, $all['queued']);
        same('501', $all['results'][500]['order_id']);
        same(2, count($script->sent));
        $first = json_decode((string) $script->sent[0][3], true);
        same(500, count($first['orders']));
        same('1', $first['orders'][0]['order_id'], 'ids are text');
        yes($first['orders'][0]['revision'] !== $first['orders'][1]['revision'], 'each is a change of its own');
        same(['queued' => 0, 'known' => 0, 'failed' => 0, 'results' => []], $client(new Script())->pushMany([]));
    },
    'what may pass is tried again, what comes again is not' => static function () use ($client): void {
        foreach ([502 => 3, 503 => 3, 504 => 3, 408 => 3, 429 => 3, 500 => 1, 501 => 1, 400 => 1, 401 => 1, 404 => 1, 409 => 1, 422 => 1, 302 => 1] as $status => $tries) {
            $script = new Script(...array_fill(0, 5, new Response($status, '{"detail":"no"}')));
            thrown(OrderSyncException::class, static function () use ($client, $script): void {
                $client($script)->push('7');
            });
            same($tries, count($script->sent), "HTTP $status");
        }
        $script = new Script();
        thrown(UnavailableException::class, static function () use ($client, $script): void {
            $client($script, ['retries' => 0])->push('7');
        });
        same(1, count($script->sent));
    },
    'the wait obeys Retry-After, within reason' => static function () use ($client, $queued): void {
        $waits = [];
        $script = new Script(new Response(503, '', 1), new Response(503, '', 3600), new Response(503, ''), null, $queued);
        $client($script, ['retries' => 4, 'sleep' => static function (float $seconds) use (&$waits): void {
            $waits[] = $seconds;
        }])->push('7');
        same([1.0, 3.0], array_slice($waits, 0, 2));
        yes($waits[2] >= 0.2 && $waits[2] <= 0.6 && $waits[3] >= 0.4 && $waits[3] <= 1.2, 'it grows: ' . json_encode($waits));
    },
    'a problem becomes the exception that says what to do' => static function () use ($client): void {
        $classes = [
            400 => RefusedException::class, 401 => UnauthorizedException::class, 403 => UnauthorizedException::class, 404 => NotFoundException::class,
            409 => ConflictException::class, 413 => RefusedException::class, 415 => RefusedException::class, 422 => RefusedException::class,
            500 => UnavailableException::class, 503 => UnavailableException::class,
        ];
        foreach ($classes as $status => $class) {
            $problem = '{"type":"about:blank","title":"x","status":' . $status . ',"detail":"too much","field":"amount_fen","code":2010,"log_id":"L1","paid_fen":1000}';
            $e = thrown($class, static function () use ($client, $status, $problem): void {
                $client(new Script(new Response($status, $problem)), ['retries' => 0])->refund('7', ['out_refund_no' => 'R1', 'amount_fen' => 1, 'reason' => 'r']);
            });
            same($class, get_class($e));
            /** @var OrderSyncException $e */
            same([$status, 'amount_fen', 2010, 'L1', 1000], [$e->getStatus(), $e->getField(), $e->getDouyinCode(), $e->getLogId(), $e->getProblem()['paid_fen']]);
            same('ordersync: amount_fen: too much', $e->getMessage());
        }
    },
    'an answer that is not the gateway\'s is no success' => static function () use ($client): void {
        $answers = [
            new Response(200, '<html>welcome</html>', null, 'text/html'), new Response(404, '<h1>404 page not found</h1>', null, 'text/html'),
            new Response(404, '404 page not found'), new Response(405, ''), new Response(302, '', null, 'text/html'), new Response(404, '{"message":"no"}'),
            new Response(404, '{"type":"about:blank","title":"Not Found","status":404,"detail":"no such path: see /openapi.yaml"}', null, 'application/problem+json'),
            new Response(404, '{"type":"about:blank","title":"Not Found","status":404,"detail":"no such path on this port"}', null, 'application/problem+json'),
        ];
        foreach ($answers as $answer) {
            $script = new Script($answer, $answer);
            $e = thrown(WrongAddressException::class, static function () use ($client, $script): void {
                $client($script)->order('7');
            });
            same(1, count($script->sent), 'it is not tried again');
            yes(strpos($e->getMessage(), 'http://gateway.example:8080 is not the address of the gateway') !== false, $e->getMessage());
        }
    },
    'an answer that was cut off is asked for again' => static function () use ($client, $queued): void {
        $script = new Script(new Response(202, '{"order_id":"7","sta', null, 'application/json'), $queued);
        same('queued', $client($script)->push('7')['status']);
        same($script->sent[0], $script->sent[1]);
    },
    'what a proxy says by itself is not a wrong address' => static function () use ($client): void {
        foreach ([401 => UnauthorizedException::class, 403 => UnauthorizedException::class, 413 => RefusedException::class, 429 => UnavailableException::class, 502 => UnavailableException::class] as $status => $class) {
            $e = thrown($class, static function () use ($client, $status): void {
                $client(new Script(new Response($status, '<html>', null, 'text/html')), ['retries' => 0])->order('7');
            });
            same($class, get_class($e));
        }
    },
    // It is the port behind the gateway's: its sign-in is no word on a token.
    'the operators\' port is named' => static function () use ($client): void {
        $e = thrown(UnauthorizedException::class, static function () use ($client): void {
            $client(new Script(new Response(401, '<html>', null, 'text/html')))->order('7');
        });
        same('ordersync: HTTP 401, and not in the gateway\'s words: is http://gateway.example:8080 the operators\' port (admin.addr), or a proxy that wants a password?', $e->getMessage());
    },
    'money goes where it belongs' => static function () use ($client): void {
        $script = new Script(...array_fill(0, 6, new Response(200, '{}')));
        $c = $client($script);
        $c->refund(7, ['out_refund_no' => 'R1', 'amount_fen' => 990, 'reason' => '退/款']);
        $c->settle(7, ['out_settle_no' => 'S1', 'desc' => 'd', 'params' => [['merchant_uid' => '1', 'amount_fen' => 2]], 'finish' => true]);
        $c->refundStatus('R*1');
        $c->settlementStatus('S1');
        $c->createPayment(['out_order_no' => 'T1', 'total_amount' => 990, 'subject' => 's', 'body' => 'b', 'valid_time' => 300]);
        $c->queryPayment('T1');
        same([
            'POST /v1/orders/7/refunds {"out_refund_no":"R1","amount_fen":990,"reason":"退/款"}',
            'POST /v1/orders/7/settlements {"out_settle_no":"S1","desc":"d","params":[{"merchant_uid":"1","amount_fen":2}],"finish":true}',
            'GET /v1/refunds/R%2A1 ', 'GET /v1/settlements/S1 ',
            'POST /v1/payments {"out_order_no":"T1","total_amount":990,"subject":"s","body":"b","valid_time":300}', 'GET /v1/payments/T1 ',
        ], array_map(static fn (array $s): string => $s[0] . ' ' . substr($s[1], strlen('http://gateway.example:8080')) . ' ' . $s[3], $script->sent));
    },
    'the token is shown nowhere' => static function () use ($client): void {
        $c = $client(new Script(new Response(401, '{"detail":"no"}')));
        $e = thrown(UnauthorizedException::class, static function () use ($c): void {
            $c->push('7');
        });
        yes(strpos(print_r($c, true) . $e, 'the-token') === false, 'neither printed nor in an exception');
    },
    'settings that cannot work are refused at once' => static function (): void {
        foreach ([['', ''], ['gateway:8080', ''], ['ftp://x', ''], ['http://x?y', ''], ['http://x', "a\r\nX: y"]] as [$url, $token]) {
            thrown(\InvalidArgumentException::class, static function () use ($url, $token): void {
                new Client($url, $token);
            });
        }
        foreach ([['timeut' => 1], ['timeout' => 0], ['connect_timeout' => -1]] as $options) {
            thrown(\InvalidArgumentException::class, static function () use ($options): void {
                new Client('http://x', '', $options);
            });
        }
    },
    'text that is not UTF-8 is refused before it is sent' => static function () use ($client): void {
        $script = new Script();
        $e = thrown(RefusedException::class, static function () use ($client, $script): void {
            $client($script)->refund('7', ['out_refund_no' => 'R1', 'amount_fen' => 1, 'reason' => "\xcd\xcb"]);
        });
        same(422, $e->getCode());
        same([], $script->sent);
    },
];
