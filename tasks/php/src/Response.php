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

    /** As the header says it; empty without the header. */
    public string $contentType;

    public function __construct(int $status, string $body, ?int $retryAfter = null, string $contentType = '')
    {
        $this->status = $status;
        $this->body = $body;
        $this->retryAfter = $retryAfter;
        $this->contentType = $contentType;
    }
}
