<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Client;
use OrderSync\Exception\ConflictException;
use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\RefusedException;
use OrderSync\Exception\WrongAddressException;
use OrderSync\Response;
use OrderSync\Words;

/** Every English text that the sources say, and what follows it in the table of meanings. */
$said = static function (): array {
    $all = [];
    foreach (array_merge(glob(__DIR__ . '/../src/*.php') ?: [], glob(__DIR__ . '/../src/Exception/*.php') ?: []) as $file) {
        $text = (string) file_get_contents($file);
        preg_match_all('/say\(\s*\'((?:[^\'\\\\]|\\\\.)*)\'/', $text, $found);
        preg_match_all('/\b[45]\d\d => \'((?:[^\'\\\\]|\\\\.)*)\'/', $text, $meanings);
        $all = array_merge($all, $found[1], $meanings[1]);
    }

    return array_values(array_unique(array_map('stripslashes', $all)));
};

return [
    'no text is without its Chinese, and no Chinese without its text' => static function () use ($said): void {
        $zh = require __DIR__ . '/../src/lang/zh.php';
        $texts = $said();
        yes(count($texts) > 40, 'the pattern still fits: ' . count($texts));
        same([], array_values(array_diff($texts, array_keys($zh))), 'without Chinese');
        same([], array_values(array_diff(array_keys($zh), $texts)), 'said nowhere');
        foreach ($zh as $english => $chinese) {
            preg_match_all('/%./', $english, $a);
            preg_match_all('/%./', $chinese, $b);
            same($a, $b, $english);
            yes(preg_match('/\p{Han}|^(en|true) /u', $chinese) === 1, $chinese);
        }
    },
    'errors are told in the language of the option' => static function (): void {
        $client = static fn (Response $answer): Client => new Client('http://gateway.example', '', ['transport' => new Script($answer), 'lang' => 'zh-CN', 'retries' => 0]);
        foreach ([
            [RefusedException::class, 'ordersync: order_id: 应为整数或字符串，实际为 array', static fn () => $client(new Response(200, '{}'))->push([1])],
            [RefusedException::class, 'ordersync: amount_fen: 值不对: is 0: want 1', static fn () => $client(new Response(422, '{"detail":"is 0: want 1","field":"amount_fen"}'))->refundStatus('R')],
            [ConflictException::class, 'ordersync: 单号已用于别的内容，或该订单有另一条指令正在进行: other', static fn () => $client(new Response(409, '{"detail":"other"}'))->refundStatus('R')],
            [WrongAddressException::class, 'ordersync: http://gateway.example 不是 gateway 接口的地址：HTTP 404（text/html）。请检查主机、端口（gateway.addr 的端口）和路径', static fn () => $client(new Response(404, '<html>', null, 'text/html'))->refundStatus('R')],
            [InvalidOptionException::class, 'ordersync: Client：选项“timeut”不认识：是不是想写“timeout”？', static fn () => new Client('http://x', '', ['lang' => 'zh', 'timeut' => 1])],
        ] as [$class, $words, $call]) {
            same($words, thrown($class, $call)->getMessage());
        }
    },
    'the environment tells the language' => static function (): void {
        $names = ['ORDERSYNC_LANG', 'LC_ALL', 'LC_MESSAGES', 'LANG'];
        $before = array_map('getenv', $names);
        try {
            foreach ([
                [[], 'text'], [['LANG' => 'zh_CN.UTF-8'], '字符串'], [['LANG' => 'en_US.UTF-8'], 'text'], [['LANG' => 'zh_CN.UTF-8', 'LC_ALL' => 'C'], 'text'],
                [['LANG' => 'zh_CN.UTF-8', 'LC_ALL' => 'C', 'ORDERSYNC_LANG' => 'zh'], '字符串'], [['LANG' => 'zh_CN', 'ORDERSYNC_LANG' => 'en'], 'text'],
            ] as [$set, $want]) {
                array_map('putenv', $names);
                foreach ($set as $name => $value) {
                    putenv("$name=$value");
                }
                same($want, (new Words())->say('text'), json_encode($set) ?: '');
                same('text', (new Words('en'))->say('text'), 'the option comes first');
            }
        } finally {
            foreach ($names as $i => $name) {
                putenv($before[$i] === false ? $name : "$name=$before[$i]");
            }
        }
    },
];
