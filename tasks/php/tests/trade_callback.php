<?php

declare(strict_types=1);

/* A callback that Douyin's simulator has signed: CALLBACK has its headers and body, SIMULATOR_URL the platform's key. */

namespace OrderSync\Tests;

use OrderSync\Callback;
use OrderSync\CurlTransport;
use OrderSync\Exception\ForgedCallbackException;

$heard = json_decode((string) getenv('CALLBACK'), true);
$key = (new CurlTransport())->send('GET', getenv('SIMULATOR_URL') . '/_sim/trade/platform_key', [], null)->body;

return [
    'a callback of Douyin\'s is verified' => static function () use ($heard, $key): void {
        $callback = Callback::receive($heard['body'], $heard['headers'], ['platform_keys' => [TradeVectors::OTHER_KEY, $key]]);
        same(['trade', 'payment', 'T1', 'SUCCESS', 1990], [$callback->system, $callback->type, $callback->number(), $callback->status(), $callback->message['total_amount']]);
    },
    'with another key it is forged' => static function () use ($heard): void {
        thrown(ForgedCallbackException::class, static function () use ($heard): void {
            Callback::receive($heard['body'], $heard['headers'], ['platform_keys' => [TradeVectors::OTHER_KEY]]);
        });
    },
];
