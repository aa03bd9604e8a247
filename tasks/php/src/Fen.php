<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\RefusedException;

/**
 * Fen as shops compute them. 0.07 * 100 is 7.000000000000001 in floats: what lies that near to a
 * whole number is taken for it, anything else is refused and never rounded.
 *
 * @internal
 */
final class Fen
{
    /** Floating point noise of an amount of up to 10^10 fen is below this. */
    private const NOISE = 0.00001;

    /**
     * @param mixed $value int, float or digits
     *
     * @throws RefusedException
     */
    public static function of(string $field, $value, Words $words): int
    {
        if (is_string($value) && preg_match('/^\d{1,12}$/D', $value) === 1) {
            $value = (int) $value;
        }
        if (is_float($value) && abs($value) < 1e12 && abs($value - round($value)) < self::NOISE) {
            $value = (int) round($value);
        }
        if (!is_int($value)) {
            throw (new Check($words))->refused($field, $words->say('want a whole number of fen'));
        }

        return $value;
    }
}
