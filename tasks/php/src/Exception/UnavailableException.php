<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * No usable answer, after all retries (no connection, timeout, HTTP 5xx). The request may have been
 * heard: ask again with the same revision or number.
 */
class UnavailableException extends OrderSyncException
{
}
