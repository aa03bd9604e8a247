<?php

declare(strict_types=1);

namespace OrderSync;

/** One HTTP answer. */
final class Response
{
    public int $status;
    public string $body;

    /** Seconds of Retry-After; null without the header. */
    public ?int $retryAfter;

    public function __construct(int $status, string $body, ?int $retryAfter = null)
    {
        $this->status = $status;
        $this->body = $body;
        $this->retryAfter = $retryAfter;
    }
}
