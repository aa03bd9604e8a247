<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/** The token is missing or wrong (HTTP 401), or the gateway does not serve this caller (403). */
class UnauthorizedException extends OrderSyncException
{
}
