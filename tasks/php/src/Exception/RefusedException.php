<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * A value is wrong (HTTP 400, 413, 415, 422): the same request fails again. getField() names what
 * to mend.
 */
class RefusedException extends OrderSyncException
{
}
