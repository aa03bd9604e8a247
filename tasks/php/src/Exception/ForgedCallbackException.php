<?php

declare(strict_types=1);

namespace OrderSync\Exception;

/** A callback that Douyin did not sign. Believe nothing of it, and do not log it. */
class ForgedCallbackException extends OrderSyncException
{
}
