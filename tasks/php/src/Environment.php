<?php

declare(strict_types=1);

namespace OrderSync;

/**
 * Variables of the environment, wherever PHP has put them.
 *
 * @internal
 */
final class Environment
{
    public const URL = ['ORDERSYNC_CLIENT_URL', 'ORDERSYNC_URL'];
    public const TOKEN = ['ORDERSYNC_CLIENT_TOKEN', 'ORDERSYNC_TOKEN'];
    public const CALLBACK_TOKEN = ['ORDERSYNC_CLIENT_CALLBACK_TOKEN', 'ORDERSYNC_CALLBACK_TOKEN'];

    /** The value of the first variable that is set and not empty; empty when none is. */
    public static function first(string ...$names): string
    {
        foreach ($names as $name) {
            $value = getenv($name);
            if (!is_string($value) || $value === '') { // getenv knows nothing of what a framework has read from .env
                $value = $_ENV[$name] ?? $_SERVER[$name] ?? '';
            }
            if (is_string($value) && $value !== '') {
                return $value;
            }
        }

        return '';
    }
}
