<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/** There is no such order, refund, settlement or payment (HTTP 404). */
class NotFoundException extends OrderSyncException
{
}
