<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Callback;
use OrderSync\Exception\ForgedCallbackException;
use OrderSync\Exception\InvalidOptionException;

$secrets = ['platform_keys' => [TradeVectors::KEY], 'tokens' => ['cb_token_for_tests']];
/** @param array<mixed> $headers */
$forged = static function (string $body, array $headers, array $secrets): void {
    thrown(ForgedCallbackException::class, static function () use ($body, $headers, $secrets): void {
        Callback::receive($body, $headers, $secrets);
    });
};
/**
 * A callback as Douyin would sign it, by a key made here: openssl verifies what openssl has signed.
 *
 * @return array{0: array<string, string>, 1: array<string, mixed>} headers, secrets
 */
$signed = static function (string $body): array {
    $private = openssl_pkey_new(['private_key_bits' => 2048, 'private_key_type' => OPENSSL_KEYTYPE_RSA]);
    openssl_sign("1764374400\nn0nce\n$body\n", $signature, $private, OPENSSL_ALGO_SHA256);

    return [
        ['Byte-Timestamp' => '1764374400', 'Byte-Nonce-Str' => 'n0nce', 'Byte-Signature' => base64_encode($signature)],
        ['platform_keys' => [openssl_pkey_get_details($private)['key']]],
    ];
};

return [
    'the payment of the vectors is read' => static function () use ($secrets): void {
        $callback = Callback::receive(TradeVectors::PAYMENT_BODY, TradeVectors::PAYMENT_HEADERS, $secrets);
        same(['trade', 'payment', '1210246155355688960', 'SUCCESS'], [$callback->system, $callback->type, $callback->number(), $callback->status()]);
        same(['motb73383242802221734767173', 1, 1708586777000], [$callback->message['order_id'], $callback->message['total_amount'], $callback->message['event_time']]);
    },
    'the refund of the vectors is read' => static function () use ($secrets): void {
        $callback = Callback::receive(TradeVectors::REFUND_BODY, TradeVectors::REFUND_HEADERS, $secrets);
        same(['trade', 'refund', 'R20261129000001', 'SUCCESS'], [$callback->system, $callback->type, $callback->number(), $callback->status()]);
    },
    'headers come in every framework\'s form' => static function () use ($secrets): void {
        $server = $lists = ['REQUEST_METHOD' => 'POST', 'HTTP_HOST' => 'shop.example'];
        $lists = [];
        foreach (TradeVectors::PAYMENT_HEADERS as $name => $value) {
            $server['HTTP_' . strtoupper(str_replace('-', '_', $name))] = $value;
            $lists[strtolower($name)] = [$value];
        }
        foreach ([$server, $lists, array_change_key_case(TradeVectors::PAYMENT_HEADERS)] as $headers) {
            same('payment', Callback::receive(TradeVectors::PAYMENT_BODY, $headers, $secrets)->type);
        }
    },
    'old and new key are tried, in any form' => static function (): void {
        $bare = implode('', array_slice(explode("\n", TradeVectors::KEY), 1, -1));
        foreach ([[TradeVectors::OTHER_KEY, TradeVectors::KEY], [TradeVectors::KEY, ''], [TradeVectors::KEY_PKCS1], [$bare], ["\n" . str_replace("\n", "\r\n", TradeVectors::KEY) . "\r\n"]] as $keys) {
            same('payment', Callback::receive(TradeVectors::PAYMENT_BODY, TradeVectors::PAYMENT_HEADERS, ['platform_keys' => $keys])->type);
        }
    },
    'any bit flipped is forged' => static function () use ($forged, $secrets): void {
        for ($at = 0; $at < strlen(TradeVectors::PAYMENT_BODY); $at += 7) {
            $body = TradeVectors::PAYMENT_BODY;
            $body[$at] = chr(ord($body[$at]) ^ (1 << ($at % 8)));
            $forged($body, TradeVectors::PAYMENT_HEADERS, $secrets);
        }
        $signature = (string) base64_decode(TradeVectors::PAYMENT_HEADERS['Byte-Signature'], true);
        for ($at = 0; $at < strlen($signature); $at += 11) {
            $changed = $signature;
            $changed[$at] = chr(ord($changed[$at]) ^ 1);
            $forged(TradeVectors::PAYMENT_BODY, ['Byte-Signature' => base64_encode($changed)] + TradeVectors::PAYMENT_HEADERS, $secrets);
        }
    },
    'whatever is not the raw body is forged' => static function () use ($forged, $secrets): void {
        $envelope = json_decode(TradeVectors::PAYMENT_BODY, true);
        $sorted = $envelope;
        ksort($sorted);
        foreach ([(string) json_encode($sorted, JSON_UNESCAPED_SLASHES), $envelope['msg'], TradeVectors::PAYMENT_BODY . "\n", ' ' . TradeVectors::PAYMENT_BODY, substr(TradeVectors::PAYMENT_BODY, 0, -1), ''] as $body) {
            $forged($body, TradeVectors::PAYMENT_HEADERS, $secrets);
        }
        $forged(TradeVectors::PAYMENT_BODY, TradeVectors::REFUND_HEADERS, $secrets);
    },
    'malformed headers are forged' => static function () use ($forged, $secrets): void {
        $good = TradeVectors::PAYMENT_HEADERS;
        foreach ([
            ['Byte-Timestamp' => '1708586778'], ['Byte-Timestamp' => ''], ['Byte-Timestamp' => "1708586777\n"], ['Byte-Timestamp' => '-1'],
            ['Byte-Nonce-Str' => ''], ['Byte-Nonce-Str' => "m7cgbhrKIYu9V94xgCOEekbG9Vh7y50j\n"], ['Byte-Nonce-Str' => str_repeat('n', 129)],
            ['Byte-Signature' => ''], ['Byte-Signature' => $good['Byte-Signature'] . "\n"], ['Byte-Signature' => rtrim($good['Byte-Signature'], '=')],
            ['Byte-Signature' => [$good['Byte-Signature'], $good['Byte-Signature']]], ['Byte-Signature' => 1],
        ] as $change) {
            $forged(TradeVectors::PAYMENT_BODY, $change + $good, $secrets);
        }
        $forged(TradeVectors::PAYMENT_BODY, $good + ['byte_signature' => $good['Byte-Signature']], $secrets);
        foreach (['Byte-Timestamp', 'Byte-Nonce-Str'] as $name) {
            $forged(TradeVectors::PAYMENT_BODY, array_diff_key($good, [$name => 0]), $secrets);
        }
    },
    'the line feeds are part of what is signed' => static function () use ($forged): void {
        // The last line feed dropped: a signature over another text, by a key that is right.
        $private = openssl_pkey_new(['private_key_bits' => 2048, 'private_key_type' => OPENSSL_KEYTYPE_RSA]);
        $keys = ['platform_keys' => [openssl_pkey_get_details($private)['key']]];
        foreach (["1\nn\n{}" => false, "1\nn\n{}\n" => true, '1n{}' => false] as $text => $right) {
            openssl_sign($text, $signature, $private, OPENSSL_ALGO_SHA256);
            $headers = ['Byte-Timestamp' => '1', 'Byte-Nonce-Str' => 'n', 'Byte-Signature' => base64_encode($signature)];
            if ($right) {
                same('', Callback::receive('{}', $headers, $keys)->type);
            } else {
                $forged('{}', $headers, $keys);
            }
        }
    },
    'the header chooses the system, and nothing else does' => static function () use ($forged, $secrets): void {
        $msg = '{"cp_orderno":"T1","status":"SUCCESS"}';
        $body = (string) json_encode(['timestamp' => '1704067200', 'nonce' => '4242', 'msg' => $msg, 'type' => 'payment', 'msg_signature' => Callback::sign('cb_token_for_tests', '1704067200', '4242', $msg)]);
        $callback = Callback::receive($body, ['Content-Type' => 'application/json'], $secrets);
        same(['ecpay', 'payment', 'T1', 'SUCCESS'], [$callback->system, $callback->type, $callback->number(), $callback->status()]);
        $forged($body, TradeVectors::PAYMENT_HEADERS, $secrets);
        $forged(TradeVectors::PAYMENT_BODY, [], $secrets);
        $forged($body, ['Byte-Signature' => ''], $secrets);
    },
    'without a key nothing is believed' => static function () use ($forged): void {
        foreach ([[], ['platform_keys' => []], ['platform_keys' => ['']], ['tokens' => ['t']], ['platform_keys' => [TradeVectors::OTHER_KEY]]] as $none) {
            $forged(TradeVectors::PAYMENT_BODY, TradeVectors::PAYMENT_HEADERS, $none);
        }
    },
    'a key that cannot work is named' => static function (): void {
        $frame = static fn (string $name): string => str_replace('PUBLIC KEY', $name, TradeVectors::KEY);
        foreach ([
            'PRIVATE' . ' KEY' => 'is a private key', 'CERTIFICATE' => 'is a certificate',
        ] as $name => $words) {
            $e = thrown(InvalidOptionException::class, static function () use ($frame, $name): void {
                Callback::receive('{}', ['Byte-Signature' => 'x'], ['platform_keys' => [$frame($name)], 'lang' => 'en']);
            });
            yes(strpos($e->getMessage(), "platform_keys[0]: $words") !== false, $e->getMessage());
        }
        foreach ([
            'file:///etc/platform.pem' => 'neither PEM nor base64', str_replace("\n", '', TradeVectors::KEY) . 'x' => 'neither PEM nor base64',
            'AAAA' => 'no public key of RSA', TradeVectors::SMALL_KEY => 'has 1024 bits, want 2048', TradeVectors::EC_KEY => 'no public key of RSA',
        ] as $text => $words) {
            $e = thrown(InvalidOptionException::class, static function () use ($text): void {
                Callback::receive('{}', ['Byte-Signature' => 'x'], ['platform_keys' => ['', (string) $text], 'lang' => 'en']);
            });
            yes(strpos($e->getMessage(), "platform_keys[1]: ") !== false && strpos($e->getMessage(), $words) !== false, $e->getMessage());
        }
        foreach ([['platform_key' => TradeVectors::KEY], ['platform_keys' => TradeVectors::KEY], ['tokens' => [1]]] as $secrets) {
            thrown(InvalidOptionException::class, static function () use ($secrets): void {
                Callback::receive('{}', [], $secrets);
            });
        }
    },
    'numbers of what Douyin made are its own' => static function () use ($signed): void {
        foreach ([
            ['pre_create_refund', '{"refund_id":"motb2","out_order_no":"T1"}', 'DYmotb2', ''],
            ['refund', '{"refund_id":"motb2","out_refund_no":"","status":"SUCCESS"}', 'motb2', 'SUCCESS'],
            ['settle', '{"settle_id":"73","out_settle_no":"73","status":"SUCCESS","is_auto_settle":true}', '73', 'SUCCESS'],
            ['payment', '{"out_order_no":"T1","status":"CANCEL","message":"TIME_OUT"}', 'T1', 'CANCEL'],
            ['sign_callback', '{"x":1}', '', ''],
        ] as [$type, $msg, $number, $status]) {
            $body = (string) json_encode(['version' => '3.0', 'msg' => $msg, 'type' => $type]);
            [$headers, $keys] = $signed($body);
            $callback = Callback::receive($body, $headers, $keys);
            same([$type, $number, $status], [$callback->type, $callback->number(), $callback->status()]);
        }
    },
    'what Douyin has signed and nobody understands is no forgery' => static function () use ($signed): void {
        foreach (['', 'x', '[]', '{}', '{"type":1,"msg":"{}"}', '{"type":"payment","msg":"x"}'] as $body) {
            [$headers, $keys] = $signed($body);
            $callback = Callback::receive($body, $headers, $keys);
            same(['trade', [], ''], [$callback->system, $callback->message, $callback->number()]);
        }
    },
];
