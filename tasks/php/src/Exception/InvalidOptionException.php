<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * An option or a setting is unknown or of a wrong type: a fault of the program, found before
 * anything is sent.
 */
class InvalidOptionException extends \InvalidArgumentException
{
    private string $option;

    public function __construct(string $message, string $option)
    {
        parent::__construct($message);
        $this->option = $option;
    }

    /** The option's name; empty where no single one is to blame. */
    public function getOption(): string
    {
        return $this->option;
    }
}
