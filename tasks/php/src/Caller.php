<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\ConflictException;
use OrderSync\Exception\NotFoundException;
use OrderSync\Exception\OrderSyncException;
use OrderSync\Exception\RefusedException;
use OrderSync\Exception\UnauthorizedException;
use OrderSync\Exception\UnavailableException;

/**
 * Makes one call of the gateway's API, again where that may help, and turns a problem document into an exception.
 *
 * @internal Client is what shops use
 */
final class Caller
{
    /** Seconds: a web request must not wait longer for one retry, whatever the gateway says. */
    private const LONGEST_WAIT = 3.0;

    private string $url;
    private string $token;
    private Transport $transport;
    private int $retries;

    /** @var callable(float): void */
    private $sleep;

    /** @param callable(float): void|null $sleep null: usleep */
    public function __construct(
        string $url,
        #[\SensitiveParameter]
        string $token,
        Transport $transport,
        int $retries,
        ?callable $sleep = null
    ) {
        if (preg_match('~^https?://[^/\s?#]+(/[^\s?#]*)?$~i', $url) !== 1) {
            throw new \InvalidArgumentException('want the gateway\'s address, such as http://127.0.0.1:8080');
        }
        if (preg_match('/[^\x21-\x7e]/', $token) === 1) { // above all a line break, which would begin another header
            throw new \InvalidArgumentException('a token has visible ASCII characters only');
        }
        $this->url = rtrim($url, '/');
        $this->token = $token;
        $this->transport = $transport;
        $this->retries = max(0, $retries);
        $this->sleep = $sleep ?? static function (float $seconds): void {
            usleep((int) ($seconds * 1e6));
        };
    }

    /** var_dump and print_r do not show the token. */
    public function __debugInfo(): array
    {
        return ['url' => $this->url, 'token' => $this->token === '' ? '' : '***', 'retries' => $this->retries];
    }

    /**
     * @param array<string, mixed>|null $body null: the request has none
     *
     * @return array<string, mixed>
     *
     * @throws OrderSyncException
     */
    public function call(string $method, string $path, ?array $body = null): array
    {
        $headers = ['Accept: application/json', 'User-Agent: ordersync-php'];
        if ($this->token !== '') {
            $headers[] = 'Authorization: Bearer ' . $this->token;
        }
        $text = null;
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            $text = self::encode($body);
        }
        for ($try = 0; ; ++$try) {
            $wait = null;
            try {
                $response = $this->transport->send($method, $this->url . $path, $headers, $text);
                $wait = $response->retryAfter;
                if ($response->status >= 200 && $response->status < 300) {
                    return self::decode($response);
                }
                $failure = self::failure($response);
            } catch (UnavailableException $noAnswer) {
                $failure = $noAnswer;
            }
            // 500 and 501 come again; 502, 503, 504 and silence may pass.
            $passing = $failure instanceof UnavailableException && !in_array($failure->getStatus(), [500, 501], true);
            if (!$passing || $try >= $this->retries) {
                throw $failure;
            }
            ($this->sleep)(self::pause($try, $wait));
        }
    }

    /** Seconds before the next try: what the gateway asks for, within reason, or 0.1, 0.2, 0.4 ... with jitter. */
    private static function pause(int $try, ?int $asked): float
    {
        $seconds = $asked ?? 0.1 * (2 ** $try) * (0.5 + random_int(0, 1000) / 1000);

        return min((float) $seconds, self::LONGEST_WAIT);
    }

    private static function failure(Response $response): OrderSyncException
    {
        $problem = json_decode($response->body, true);
        $problem = is_array($problem) ? $problem : [];
        $detail = is_string($problem['detail'] ?? null) ? $problem['detail'] : 'HTTP ' . $response->status;
        $field = is_string($problem['field'] ?? null) ? $problem['field'] . ': ' : '';
        $classes = [
            400 => RefusedException::class, 413 => RefusedException::class, 415 => RefusedException::class, 422 => RefusedException::class,
            401 => UnauthorizedException::class, 403 => UnauthorizedException::class,
            404 => NotFoundException::class, 409 => ConflictException::class,
        ];
        $class = $classes[$response->status] ?? ($response->status >= 500 ? UnavailableException::class : OrderSyncException::class);

        return new $class('ordersync: ' . $field . $detail, $response->status, $problem);
    }

    /** @return array<string, mixed> */
    private static function decode(Response $response): array
    {
        $answer = json_decode($response->body, true, 32, JSON_BIGINT_AS_STRING);
        if (!is_array($answer)) {
            throw new UnavailableException('ordersync: the answer is not JSON: is this the gateway?', $response->status);
        }

        return $answer;
    }

    /** @param array<string, mixed> $body */
    private static function encode(array $body): string
    {
        try {
            return json_encode((object) $body, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        } catch (\JsonException $e) {
            throw new RefusedException('ordersync: the request cannot be JSON: ' . $e->getMessage(), 422, [], $e);
        }
    }
}
