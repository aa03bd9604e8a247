<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * The number was used with other content, or another instruction of the order is running (HTTP
 * 409).
 */
class ConflictException extends OrderSyncException
{
}
