<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * Everything this client throws. The subclass says what to do; the problem document of the gateway
 * says why.
 *
 * No message and no problem ever holds the bearer token.
 */
class OrderSyncException extends \RuntimeException
{
    /** @var array<string, mixed> */
    private array $problem;

    /** @param array<string, mixed> $problem RFC 9457 problem document, empty when there was no answer */
    public function __construct(string $message, int $status = 0, array $problem = [], ?\Throwable $previous = null)
    {
        parent::__construct($message, $status, $previous);
        $this->problem = $problem;
    }

    /** HTTP status of the gateway's answer; 0 without an answer. */
    public function getStatus(): int
    {
        return (int) $this->getCode();
    }

    /** What to mend, under the gateway's name for it; empty when no single field is to blame. */
    public function getField(): string
    {
        return $this->text('field');
    }

    /** Douyin's own number; 0 when it was not Douyin who refused. */
    public function getDouyinCode(): int
    {
        $code = $this->problem['code'] ?? 0;

        return is_int($code) ? $code : 0;
    }

    /** What Douyin's support asks for. */
    public function getLogId(): string
    {
        return $this->text('log_id');
    }

    /** @return array<string, mixed> */
    public function getProblem(): array
    {
        return $this->problem;
    }

    private function text(string $key): string
    {
        $value = $this->problem[$key] ?? '';

        return is_string($value) ? $value : '';
    }
}
