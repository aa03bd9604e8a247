<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/**
 * The payment was made in the other system: douyin.payments of the gateway is ecpay where trade was
 * meant, or the other way round.
 */
class WrongSystemException extends OrderSyncException
{
}
