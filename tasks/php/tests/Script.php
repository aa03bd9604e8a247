<?php

declare(strict_types=1);

namespace OrderSync\Tests;

use OrderSync\Exception\UnavailableException;
use OrderSync\Response;
use OrderSync\Transport;

/** A transport that answers what the test has written down, and remembers what it was sent. */
final class Script implements Transport
{
    /** @var array<int, array{0: string, 1: string, 2: string[], 3: string|null}> */
    public array $sent = [];

    /** @var array<int, Response|null> null: no answer */
    private array $answers;

    public function __construct(?Response ...$answers)
    {
        $this->answers = $answers;
    }

    public function send(string $method, string $url, array $headers, ?string $body): Response
    {
        $this->sent[] = [$method, $url, $headers, $body];
        $answer = array_shift($this->answers);
        if ($answer === null) {
            throw new UnavailableException('no answer');
        }

        return $answer;
    }
}
