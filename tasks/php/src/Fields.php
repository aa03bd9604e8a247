<?php

declare(strict_types=1);

namespace OrderSync;

/**
 * What may be said in a request, with types as Check names them.
 *
 * @internal
 */
final class Fields
{
    public const PUSH = ['revision' => 'text', 'cause' => 'text', 'delay_seconds' => 'whole'];

    /** A row of the outbox and an entry of the stream have no delay. */
    public const PUSH_ROW = ['revision' => 'text', 'cause' => 'text'];

    public const REFUND = [
        'out_refund_no' => 'text', 'amount_fen' => 'whole', 'reason' => 'text', 'reason_code' => 'whole', 'cp_extra' => 'text', 'notify_url' => 'text',
        'disable_msg' => 'bool', 'msg_page' => 'text',
    ];

    public const SETTLE = [
        'out_settle_no' => 'text', 'desc' => 'text', 'params' => 'receivers', 'finish' => 'bool', 'cp_extra' => 'text', 'notify_url' => 'text',
    ];

    /** Of both systems. */
    public const PAYMENT = [
        'out_order_no' => 'text', 'total_amount' => 'whole', 'subject' => 'text', 'valid_time' => 'whole',
        'body' => 'text', 'cp_extra' => 'text', 'notify_url' => 'text', 'disable_msg' => 'bool', 'msg_page' => 'text', 'store_uid' => 'text',
        'expand_order_info' => 'text', 'limit_pay_way' => 'text',
        'image' => 'text', 'sku_id' => 'text', 'quantity' => 'whole', 'price' => 'whole', 'goods_type' => 'whole', 'tag_group_id' => 'text',
        'currency' => 'text', 'sku_attr' => 'text', 'order_page' => 'page', 'sku_page' => 'page', 'merchant_uid' => 'text', 'hide_pay_ways' => 'numbers',
        'pay_scene' => 'text', 'promotion_id' => 'text',
    ];
}
