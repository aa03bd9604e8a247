<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\UnavailableException;

/**
 * HTTP over ext-curl. One connection is kept open and used again for as long as the object lives.
 */
final class CurlTransport implements Transport
{
    /** An answer to 500 orders has about 100 KiB. */
    private const MAX_ANSWER = 4194304;

    private int $connectMs;
    private int $timeoutMs;
    private Words $words;

    /** @var resource|\CurlHandle|null a resource until PHP 7.4, an object from 8.0 */
    private $curl = null;

    /**
     * @param float $connectTimeout seconds until the connection stands
     * @param float $timeout        seconds for the whole request
     * @param Words|null $words     null: in the language of the environment
     */
    public function __construct(float $connectTimeout = 1.0, float $timeout = 5.0, ?Words $words = null)
    {
        $this->words = $words ?? new Words();
        if ($connectTimeout <= 0 || $timeout <= 0) { // curl reads 0 as "no limit"
            throw new InvalidOptionException('ordersync: ' . $this->words->say('timeouts must be above 0'), 'timeout');
        }
        $this->connectMs = max(1, (int) ($connectTimeout * 1000));
        $this->timeoutMs = max(1, (int) ($timeout * 1000));
    }

    public function send(string $method, string $url, array $headers, ?string $body): Response
    {
        if ($this->curl === null) {
            $this->curl = curl_init();
        }
        $answer = '';
        $retryAfter = null;
        $options = [
            CURLOPT_URL => $url,
            CURLOPT_CUSTOMREQUEST => $method,
            // An empty Expect keeps curl from waiting a second for "100 Continue".
            CURLOPT_HTTPHEADER => array_merge($headers, ['Expect:']),
            CURLOPT_CONNECTTIMEOUT_MS => $this->connectMs,
            CURLOPT_TIMEOUT_MS => $this->timeoutMs,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$retryAfter): int {
                if (preg_match('/^retry-after:\s*(\d{1,9})\s*$/i', $line, $found) === 1) {
                    $retryAfter = (int) $found[1];
                }

                return strlen($line);
            },
            CURLOPT_WRITEFUNCTION => static function ($curl, string $part) use (&$answer): int {
                if (strlen($answer) + strlen($part) > self::MAX_ANSWER) {
                    return 0; // curl takes it for an error
                }
                $answer .= $part;

                return strlen($part);
            },
        ];
        if ($body !== null) {
            $options[CURLOPT_POSTFIELDS] = $body;
        } elseif ($method === 'POST') {
            $options[CURLOPT_POSTFIELDS] = '';
        }
        curl_reset($this->curl);
        curl_setopt_array($this->curl, $options);
        if (curl_exec($this->curl) === false) {
            throw new UnavailableException('ordersync: ' . $this->words->say('no answer from the gateway: %s', curl_error($this->curl)));
        }

        $type = curl_getinfo($this->curl, CURLINFO_CONTENT_TYPE);

        return new Response((int) curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE), $answer, $retryAfter, is_string($type) ? $type : '');
    }
}
