<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\RefusedException;

/**
 * Holds options and fields to their names and types, so that a typing error is named and does not
 * pass. No text of it ever shows a value: one may be a token.
 *
 * A type is text, texts, whole (a number), count (0 to 10), seconds, bool, callable, lang, numbers,
 * page, receivers, or the name of a class.
 *
 * @internal
 */
final class Check
{
    private const MAX_COUNT = 10;

    /** Bytes of the words with which a refund is denied. */
    private const MAX_DENY_MESSAGE = 512;

    private Words $words;

    public function __construct(Words $words)
    {
        $this->words = $words;
    }

    /**
     * @param string                $where whose options they are
     * @param array<mixed>          $given
     * @param array<string, string> $known type by name
     *
     * @throws InvalidOptionException
     */
    public function options(string $where, array $given, array $known): void
    {
        foreach ($given as $name => $value) {
            $name = (string) $name;
            $fault = $this->fault($name, $value, $known);
            if ($fault !== '') {
                throw new InvalidOptionException('ordersync: ' . $this->words->say('%s: option "%s" %s', $where, $name, $fault), $name);
            }
        }
    }

    /**
     * @param array<mixed>          $given
     * @param array<string, string> $known   type by name
     * @param bool                  $unknown other names pass, because who reads the fields names them
     * @param int                   $status  what the gateway answers to such a fault
     *
     * @throws RefusedException
     */
    public function fields(array $given, array $known, bool $unknown = false, string $prefix = '', int $status = 400): void
    {
        foreach ($given as $name => $value) {
            $name = (string) $name;
            $fault = $unknown && !isset($known[$name]) ? '' : $this->fault($name, $value, $known);
            if ($fault !== '') {
                throw $this->refused($prefix . $name, $fault, $status);
            }
        }
    }

    /**
     * The shop's key of an order.
     *
     * @param mixed $id
     *
     * @throws RefusedException
     */
    public function orderId($id, string $field = 'order_id'): string
    {
        if (is_object($id) && method_exists($id, '__toString')) {
            $id = (string) $id;
        }
        if (!is_int($id) && !is_string($id)) {
            throw $this->refused($field, $this->words->say('want a whole number or text, found %s', self::kind($id)));
        }
        if (is_int($id) && $id < 1) { // what a search that found nothing leaves
            throw $this->refused($field, $this->words->say('is wrong: want a key of the shop, found a number below 1'));
        }
        $id = (string) $id;
        if (trim($id) === '' || $id === '.' || $id === '..') { // the dots would be another path
            throw $this->refused($field, $this->words->say('is missing'));
        }

        return $id;
    }

    /**
     * The shop's word on a refund, as every way in takes it. A word of another type is refused: PHP
     * would read 'deny' as true, and money would go.
     *
     * @param mixed $agree
     *
     * @return array{agree: bool, deny_message?: string}
     *
     * @throws RefusedException
     */
    public function word($agree, string $denyMessage): array
    {
        $this->fields(['agree' => $agree], ['agree' => 'bool'], false, '', 422);
        $fault = '';
        if ($agree && $denyMessage !== '') {
            $fault = $this->words->say('is only for a denial');
        } elseif (!$agree && trim($denyMessage) === '') {
            $fault = $this->words->say('is missing');
        } elseif (strlen($denyMessage) > self::MAX_DENY_MESSAGE) {
            $fault = $this->words->say('has %d bytes, at most %d are allowed', strlen($denyMessage), self::MAX_DENY_MESSAGE);
        }
        if ($fault !== '') {
            throw $this->refused('deny_message', $fault);
        }

        return $agree ? ['agree' => true] : ['agree' => false, 'deny_message' => $denyMessage];
    }

    public function refused(string $field, string $why, int $status = 422): RefusedException
    {
        return new RefusedException("ordersync: $field: $why", $status, ['field' => $field, 'detail' => $why, 'status' => $status]);
    }

    /**
     * @param mixed                 $value
     * @param array<string, string> $known
     */
    private function fault(string $name, $value, array $known): string
    {
        if (!isset($known[$name])) {
            $near = self::near($name, array_keys($known));

            return $near === ''
                ? $this->words->say('is unknown: want %s', implode(', ', array_keys($known)))
                : $this->words->say('is unknown: did you mean "%s"?', $near);
        }

        return self::is($known[$name], $value) ? ''
            : $this->words->say('is wrong: want %s, found %s', $this->wanted($known[$name]), self::kind($value));
    }

    /** @param mixed $value */
    private static function is(string $type, $value): bool
    {
        switch ($type) {
            case 'text':
                return is_string($value);
            case 'texts':
                return is_array($value) && $value === array_filter($value, 'is_string');
            case 'whole':
                return is_int($value);
            case 'count':
                return is_int($value) && $value >= 0 && $value <= self::MAX_COUNT;
            case 'seconds':
                return (is_int($value) || is_float($value)) && $value > 0 && $value < INF;
            case 'bool':
                return is_bool($value);
            case 'callable':
                return is_callable($value);
            case 'lang':
                return is_string($value) && Words::known($value);
            case 'numbers':
                return is_array($value) && $value === array_values(array_filter($value, 'is_int'));
            case 'page':
                return is_array($value) && is_string($value['path'] ?? null) && $value === array_filter($value, 'is_string');
            case 'receivers':
                return is_array($value) && $value === array_values(array_filter($value, static function ($one): bool {
                    return is_array($one) && is_string($one['merchant_uid'] ?? null) && is_int($one['amount_fen'] ?? null) && count($one) === 2;
                }));
        }

        return $value instanceof $type;
    }

    private function wanted(string $type): string
    {
        switch ($type) {
            case 'text':
                return $this->words->say('text');
            case 'texts':
                return $this->words->say('a list of texts');
            case 'whole':
                return $this->words->say('a whole number');
            case 'count':
                return $this->words->say('a whole number from 0 to %d', self::MAX_COUNT);
            case 'seconds':
                return $this->words->say('seconds, a number above 0');
            case 'bool':
                return $this->words->say('true or false');
            case 'callable':
                return $this->words->say('a function');
            case 'lang':
                return $this->words->say('en or zh');
            case 'numbers':
                return $this->words->say('a list of whole numbers');
            case 'page':
                return $this->words->say('path and params, both texts');
            case 'receivers':
                return $this->words->say('a list of merchant_uid (text) and amount_fen (a whole number)');
        }

        return $type;
    }

    /** @param mixed $value */
    private static function kind($value): string
    {
        if (is_object($value)) {
            return get_class($value);
        }

        return ['boolean' => 'bool', 'integer' => 'int', 'double' => 'float', 'NULL' => 'null'][gettype($value)] ?? gettype($value);
    }

    /** @param string[] $names */
    private static function near(string $name, array $names): string
    {
        $best = '';
        $least = 3; // two letters wrong are a typing error, more are another word
        foreach ($names as $known) {
            $away = strlen($name) > 100 ? $least : levenshtein(strtolower($name), $known);
            if ($away < $least) {
                [$best, $least] = [$known, $away];
            }
        }

        return $best;
    }
}
