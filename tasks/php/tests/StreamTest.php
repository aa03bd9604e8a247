<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Exception\RefusedException;
use OrderSync\Stream;

return [
    'entries are as the consumer reads them' => static function (): void {
        $sent = [];
        $stream = new Stream(static function (string ...$words) use (&$sent): string {
            $sent[] = implode(' ', $words);

            return '1-1';
        });
        $stream->push(7);
        $stream->push('7', ['cause' => 'paid', 'revision' => 'r7']);
        $stream->refund(7, ['out_refund_no' => 'R1', 'amount_fen' => 990, 'reason' => '退/款']);
        $stream->settle(7, ['out_settle_no' => 'S1', 'desc' => 'd']);
        $stream->audit(7, 'DYmotb2', true);
        $stream->audit(7, 'DYmotb2', false, '不退');
        $begin = 'XADD ordersync:inbox MAXLEN ~ 1000000 * kind ';
        same([
            $begin . 'push order_id 7', $begin . 'push order_id 7 cause paid revision r7',
            $begin . 'refund order_id 7 payload {"out_refund_no":"R1","amount_fen":990,"reason":"退/款"}',
            $begin . 'settle order_id 7 payload {"out_settle_no":"S1","desc":"d"}',
            $begin . 'audit order_id 7 payload {"out_refund_no":"DYmotb2","agree":true}',
            $begin . 'audit order_id 7 payload {"out_refund_no":"DYmotb2","agree":false,"deny_message":"不退"}',
        ], $sent);
    },
    'another stream, and an entry that is not written' => static function (): void {
        $sent = [];
        $run = static function (string ...$words) use (&$sent): bool {
            $sent[] = $words[1];

            return false;
        };
        thrown(\RuntimeException::class, static function () use ($run): void {
            (new Stream($run, ['stream' => 'shop:inbox']))->push(7);
        });
        same(['shop:inbox'], $sent);
    },
    'what is not UTF-8 is refused' => static function (): void {
        thrown(RefusedException::class, static function (): void {
            (new Stream('strlen'))->refund(7, ['out_refund_no' => 'R1', 'amount_fen' => 1, 'reason' => "\xcd\xcb"]);
        });
    },
];
