<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;

/**
 * The signature of trade's callbacks: RSA PKCS#1 v1.5 with SHA-256 over "timestamp\nnonce\nbody\n",
 * body being the raw bytes.
 *
 * @internal
 */
final class TradeSignature
{
    private const MIN_BITS = 2048;
    private const MAX_BITS = 8192;

    /**
     * DER of the algorithm rsaEncryption, which stands before the key in a PUBLIC KEY and not in an
     * RSA PUBLIC KEY.
     */
    private const RSA = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

    /** @var array<int, resource|\OpenSSLAsymmetricKey> */
    private array $keys = [];

    /**
     * @param string[] $platformKeys Douyin's public keys of the app, PEM or its base64 without the frame
     *
     * @throws InvalidOptionException
     */
    public function __construct(array $platformKeys, Words $words)
    {
        if (!extension_loaded('openssl')) {
            throw new InvalidOptionException('ordersync: platform_keys: ' . $words->say('PHP lacks the extension openssl'), 'platform_keys');
        }
        foreach ($platformKeys as $i => $text) {
            if (trim($text) === '') { // an old key that is not there
                continue;
            }
            $fault = '';
            $key = self::key($text, $words, $fault);
            if ($key === null) {
                throw new InvalidOptionException("ordersync: platform_keys[$i]: $fault", 'platform_keys');
            }
            $this->keys[] = $key;
        }
    }

    /** Tells whether there is a key to verify by. */
    public function able(): bool
    {
        return $this->keys !== [];
    }

    /**
     * Tells whether one of the keys fits.
     *
     * @param array<string, string> $headers by lower-case name, as headers() gives them
     */
    public function fits(string $body, array $headers): bool
    {
        $timestamp = $headers['byte-timestamp'] ?? '';
        $nonce = $headers['byte-nonce-str'] ?? '';
        $text = $headers['byte-signature'] ?? '';
        // Without line feeds in timestamp and nonce the signed text falls apart in one way only.
        if (preg_match('/^\d{1,20}$/D', $timestamp) !== 1 || preg_match('/^[\x21-\x7e]{1,128}$/D', $nonce) !== 1 || strlen($text) > 2048) {
            return false;
        }
        $signature = base64_decode($text, true);
        if ($signature === false || base64_encode($signature) !== $text) { // one signature has one spelling
            return false;
        }
        $right = false;
        foreach ($this->keys as $key) { // no early end: the time tells nothing
            $right = openssl_verify("$timestamp\n$nonce\n$body\n", $signature, $key, OPENSSL_ALGO_SHA256) === 1 || $right;
        }
        while (openssl_error_string() !== false) { // what a wrong signature leaves behind would stand in another error
        }

        return $right;
    }

    /**
     * The headers of a callback by lower-case name.
     *
     * @param array<mixed> $headers getallheaders(), $_SERVER, or name to list of values as PSR-7 and Laravel have it
     *
     * @return array<string, string>|null null: one of ours stands twice, or is no text
     */
    public static function headers(array $headers): ?array
    {
        $found = [];
        foreach ($headers as $name => $value) {
            $name = str_replace('_', '-', strtolower((string) $name));
            $name = strncmp($name, 'http-', 5) === 0 ? substr($name, 5) : $name;
            if (strncmp($name, 'byte-', 5) !== 0) {
                continue;
            }
            if (is_array($value) && count($value) === 1) {
                $value = reset($value);
            }
            if (!is_string($value) || isset($found[$name])) {
                return null;
            }
            $found[$name] = $value;
        }

        return $found;
    }

    /** @return resource|\OpenSSLAsymmetricKey|null */
    private static function key(string $text, Words $words, string &$fault)
    {
        $text = trim($text);
        $frame = '';
        if (preg_match('/^-----BEGIN ([A-Z0-9 ]+)-----(.*)-----END \1-----$/Ds', $text, $parts) === 1) {
            [, $frame, $text] = $parts;
        }
        if (strpos($frame, 'PRIVATE') !== false || strpos($frame, 'CERTIFICATE') !== false) {
            $fault = $words->say('is a %s: Douyin\'s public key of the app is needed (平台公钥)', strtolower($frame));

            return null;
        }
        $der = base64_decode((string) preg_replace('/\s+/', '', $text), true);
        if ($der === false || $der === '') {
            $fault = $words->say('is neither PEM nor base64: were its line breaks lost, or is it the name of a file?');

            return null;
        }
        foreach ([$der, self::framed($der)] as $try) {
            $key = openssl_pkey_get_public("-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($try), 64, "\n") . "-----END PUBLIC KEY-----\n");
            $details = $key === false ? false : openssl_pkey_get_details($key);
            if ($key !== false && $details !== false && $details['type'] === OPENSSL_KEYTYPE_RSA) {
                if ($details['bits'] < self::MIN_BITS || $details['bits'] > self::MAX_BITS) {
                    $fault = $words->say('has %d bits, want %d', $details['bits'], self::MIN_BITS);

                    return null;
                }

                return $key;
            }
        }
        while (openssl_error_string() !== false) {
        }
        $fault = $words->say('is no public key of RSA');

        return null;
    }

    /** A PUBLIC KEY of what may be an RSA PUBLIC KEY. */
    private static function framed(string $der): string
    {
        $bits = "\x03" . self::length(strlen($der) + 1) . "\x00" . $der;

        return "\x30" . self::length(strlen(self::RSA) + strlen($bits)) . self::RSA . $bits;
    }

    /** A length as DER writes it. */
    private static function length(int $n): string
    {
        if ($n < 0x80) {
            return chr($n);
        }
        $bytes = ltrim(pack('N', $n), "\x00");

        return chr(0x80 | strlen($bytes)) . $bytes;
    }
}
