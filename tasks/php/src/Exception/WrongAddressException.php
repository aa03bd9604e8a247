<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * Whoever answered is not the gateway's API: the address is wrong, has a path too many, or is that
 * of another port (the operators' pages, the port of the callbacks) or of a proxy. Nothing was
 * asked. Correct the url; the same call fails again.
 */
class WrongAddressException extends OrderSyncException
{
}
