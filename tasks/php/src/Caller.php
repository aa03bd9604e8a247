<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\ConflictException;
use OrderSync\Exception\InvalidOptionException;
use OrderSync\Exception\NotFoundException;
use OrderSync\Exception\OrderSyncException;
use OrderSync\Exception\RefusedException;
use OrderSync\Exception\UnauthorizedException;
use OrderSync\Exception\UnavailableException;
use OrderSync\Exception\WrongAddressException;
use OrderSync\Exception\WrongSystemException;

/**
 * Makes one call of the gateway's API, again where that may help, and turns a problem document into
 * an exception.
 *
 * @internal Client is what shops use
 */
final class Caller
{
    /** Seconds: a web request must not wait longer for one retry, whatever the gateway says. */
    private const LONGEST_WAIT = 3.0;

    /** How the gateway begins its answer to a path that it does not have. */
    private const NO_SUCH_PATH = 'no such path';

    /** What a proxy before the gateway answers by itself, though the address is right. */
    private const OF_PROXIES = [401, 403, 408, 413, 429];

    private const CLASSES = [
        400 => RefusedException::class, 413 => RefusedException::class, 415 => RefusedException::class, 422 => RefusedException::class,
        401 => UnauthorizedException::class, 403 => UnauthorizedException::class,
        404 => NotFoundException::class, 409 => ConflictException::class,
        408 => UnavailableException::class, 429 => UnavailableException::class,
    ];

    private string $url;
    private string $token;
    private Transport $transport;
    private int $retries;
    private Words $words;

    /** @var callable(float): void */
    private $sleep;

    /** @param callable(float): void|null $sleep null: usleep */
    public function __construct(
        string $url,
        #[\SensitiveParameter]
        string $token,
        Transport $transport,
        int $retries,
        Words $words,
        ?callable $sleep = null
    ) {
        if (preg_match('~^https?://[^/\s?#@]+(/[^\s?#]*)?$~Di', $url) !== 1) { // a password in it would stand in texts
            throw new InvalidOptionException('ordersync: url: ' . $words->say('want the gateway\'s address, such as http://127.0.0.1:8080'), 'url');
        }
        if (preg_match('/[^\x21-\x7e]/', $token) === 1) { // above all a line break, which would begin another header
            throw new InvalidOptionException('ordersync: token: ' . $words->say('has something else than visible ASCII characters: a line break?'), 'token');
        }
        $this->url = rtrim($url, '/');
        $this->token = $token;
        $this->transport = $transport;
        $this->retries = $retries;
        $this->words = $words;
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
            $text = $this->encode($body);
        }
        for ($try = 0; ; ++$try) {
            $wait = null;
            try {
                $response = $this->transport->send($method, $this->url . $path, $headers, $text);
                $wait = $response->retryAfter;
                if ($response->status >= 200 && $response->status < 300) {
                    return $this->decode($response);
                }
                $failure = $this->failure($response);
            } catch (UnavailableException $noAnswer) {
                $failure = $noAnswer;
            }
            // 500 and 501 come again; 408, 429, 502, 503, 504, a cut answer and silence may pass.
            $passing = $failure instanceof UnavailableException && !in_array($failure->getStatus(), [500, 501], true);
            if (!$passing || $try >= $this->retries) {
                throw $failure;
            }
            ($this->sleep)(self::pause($try, $wait));
        }
    }

    /**
     * Seconds before the next try: what the gateway asks for, within reason, or 0.1, 0.2, 0.4 ...
     * with jitter.
     */
    private static function pause(int $try, ?int $asked): float
    {
        $seconds = $asked ?? 0.1 * (2 ** $try) * (0.5 + random_int(0, 1000) / 1000);

        return min((float) $seconds, self::LONGEST_WAIT);
    }

    private function failure(Response $response): OrderSyncException
    {
        $problem = json_decode($response->body, true);
        $told = is_array($problem) && is_string($problem['detail'] ?? $problem['title'] ?? null);
        if ($told ? $response->status === 404 && strncmp($problem['detail'] ?? '', self::NO_SUCH_PATH, strlen(self::NO_SUCH_PATH)) === 0
            : $response->status < 500 && !in_array($response->status, self::OF_PROXIES, true)) {
            return $this->wrongAddress($response);
        }
        $problem = $told ? $problem : [];
        if (!$told && in_array($response->status, [401, 403], true)) {
            return new UnauthorizedException('ordersync: ' . $this->words->say(
                'HTTP %d, and not in the gateway\'s words: is %s the operators\' port (admin.addr), or a proxy that wants a password?',
                $response->status,
                $this->url
            ), $response->status);
        }
        $detail = is_string($problem['detail'] ?? null) ? $problem['detail'] : 'HTTP ' . $response->status;
        $field = is_string($problem['field'] ?? null) ? $problem['field'] . ': ' : '';
        $system = is_string($problem['system'] ?? null) ? $problem['system'] : '';
        $meaning = $this->meaning($response->status, $system);
        $class = $system !== '' ? WrongSystemException::class : self::CLASSES[$response->status] ?? ($response->status >= 500 ? UnavailableException::class : OrderSyncException::class);

        return new $class('ordersync: ' . $field . ($meaning === '' ? '' : $meaning . ': ') . $detail, $response->status, $problem);
    }

    /** The gateway speaks English. In another language its words come after what they mean. */
    private function meaning(int $status, string $system): string
    {
        if ($system !== '') {
            $text = $this->words->say('this gateway makes payments of %s (douyin.payments)', $system);

            return $text === "this gateway makes payments of $system (douyin.payments)" ? '' : $text;
        }
        $all = [
            400 => 'the request is malformed', 401 => 'the token is missing or wrong', 403 => 'refused', 404 => 'there is no such record',
            409 => 'the number was used with other content, or another instruction of the order is running', 422 => 'a value is wrong',
            500 => 'a fault of the gateway', 501 => 'this call is not set up on this gateway', 502 => 'no usable answer of Douyin\'s',
            503 => 'not possible for the moment',
        ];
        $text = isset($all[$status]) ? $this->words->say($all[$status]) : '';

        return $text === ($all[$status] ?? '') ? '' : $text;
    }

    private function wrongAddress(Response $response): WrongAddressException
    {
        return new WrongAddressException('ordersync: ' . $this->words->say(
            '%s is not the address of the gateway\'s API: HTTP %d (%s). Check host, port (that of gateway.addr) and path',
            $this->url,
            $response->status,
            $response->contentType === '' ? '?' : $response->contentType
        ), $response->status);
    }

    /** @return array<string, mixed> */
    private function decode(Response $response): array
    {
        $answer = json_decode($response->body, true, 32, JSON_BIGINT_AS_STRING);
        if (is_array($answer)) {
            return $answer;
        }
        if (strncmp(ltrim($response->body), '{', 1) === 0) {
            throw new UnavailableException('ordersync: ' . $this->words->say('the answer was cut off'), $response->status);
        }
        throw $this->wrongAddress($response);
    }

    /** @param array<string, mixed> $body */
    private function encode(array $body): string
    {
        try {
            return json_encode((object) $body, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        } catch (\JsonException $e) {
            throw new RefusedException('ordersync: ' . $this->words->say('the request cannot be JSON: %s', $e->getMessage()), 422, [], $e);
        }
    }
}
