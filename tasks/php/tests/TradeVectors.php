<?php

declare(strict_types=1);

namespace OrderSync\Tests;

/**
 * Literal bytes of trade's callbacks: vectors T2 and T3 of douyin/trade/testdata/vectors.json, made
 * by openssl. T2 has the message of a callback that a user has published. Only public keys stand
 * here.
 */
final class TradeVectors
{
    public const KEY = '-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlBTHEmZ5T2pk+fb6SN6n
bOCrgXMSiQNcTCqwyVpDlAlvzaWoTuw/VaLyAi3zZNywqIYJ6bbYEEBnz2nvD9Ne
kPxSxdxkStSrkiC6DFTieNfg740C8EpF1elVvh6TzGtYSW5/sK7BquVuTV9FFF8x
nu2LA5znuiQaCO8KUn5AVupx0KRWDs+jfoAvQxQJyjaXvtxCz+8WyWx9HXQX0XFy
UL8BdCDMe08Uy8f56JMeBDZ70L3ldGnzJz4ZuszXefG72c0tJqytLGvUk5f+ERpR
VH6xmZ4+79FBilO04EKn58q9Le9k+6ugKnTw/pHK/4CRMwSvkNva7O6fCzR7PrVw
9QIDAQAB
-----END PUBLIC KEY-----';

    /** The same key as PKCS#1. */
    public const KEY_PKCS1 = '-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAlBTHEmZ5T2pk+fb6SN6nbOCrgXMSiQNcTCqwyVpDlAlvzaWoTuw/
VaLyAi3zZNywqIYJ6bbYEEBnz2nvD9NekPxSxdxkStSrkiC6DFTieNfg740C8EpF
1elVvh6TzGtYSW5/sK7BquVuTV9FFF8xnu2LA5znuiQaCO8KUn5AVupx0KRWDs+j
foAvQxQJyjaXvtxCz+8WyWx9HXQX0XFyUL8BdCDMe08Uy8f56JMeBDZ70L3ldGnz
Jz4ZuszXefG72c0tJqytLGvUk5f+ERpRVH6xmZ4+79FBilO04EKn58q9Le9k+6ug
KnTw/pHK/4CRMwSvkNva7O6fCzR7PrVw9QIDAQAB
-----END RSA PUBLIC KEY-----';

    public const OTHER_KEY = '-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsZbkfNvBlxm9Oj3y9YHF
tOm+FOynQiQtDZYMnbROTXVEFAekgemtkKBEe0VSo+bzSt6Sg2PUp5+DPUk26xwy
1GfJQJ1eKrr9dRlA2kPqiodzaH0IRIMdLVg4o8REJo4Gg0NhVdhLyedBKXnVLX0i
ZFJD2rb/QNq6jK30IuNWwvSSJ/YSdWpyCjkGeWFa+TXb9Gv6zSsxLMD1bdlQcnnH
WKbwGRoYnUzcEiE8UteWVAVY0jV0WJ1ntAenbetPw453RoUHZ2uQd6Rl+iNqqfWU
WP6CIGinLxa4xcojA9p9swoXtBhj5paKa0no0pPhgZSFbZyL9XXmN7xRUelsBu6G
ZQIDAQAB
-----END PUBLIC KEY-----';
    public const SMALL_KEY = '-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7LbsLJkYT5yjFSWVfvFdWNt+t
J99+r/MC2Oyxpa6oDoLLyIPQn6puS6jMaVMxiHAgs0pJWRconWLhaCUulIKuSUzQ
u+66/0i/zxCl7LqRe2B0zHYrdc/jw4NqOBkUVf0cq1cRKVCh7b435TqVi0aKmbWO
QUzJ9k/7RsPxKewELQIDAQAB
-----END PUBLIC KEY-----';
    public const EC_KEY = '-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4TwTBHVsuPJqon7KhvIYxHp54R7+
TeiJbSqg7bYyIunRGFiXyX03NFsUkqEf1HclBfzBhNw3rNvHlbtjLV+9nw==
-----END PUBLIC KEY-----';

    public const PAYMENT_BODY = '{"version":"3.0","msg":"{\\"app_id\\":\\"tt1683603e89bd1ac801\\",\\"out_order_no\\":\\"1210246155355688960\\",\\"order_id\\":\\"motb73383242802221734767173\\",\\"status\\":\\"SUCCESS\\",\\"total_amount\\":1,\\"discount_amount\\":0,\\"pay_channel\\":10,\\"channel_pay_id\\":\\"TP2024022215260600681574525640\\",\\"user_bill_pay_id\\":\\"DTPS2402221526119010630764156176\\",\\"merchant_uid\\":\\"71223625266663938860\\",\\"event_time\\":1708586777000}","type":"payment"}';
    public const PAYMENT_HEADERS = [
        'Byte-Timestamp' => '1708586777',
        'Byte-Nonce-Str' => 'm7cgbhrKIYu9V94xgCOEekbG9Vh7y50j',
        'Byte-Signature' => 'avvFUq99rTH+Q/jPHS4maEjoHizsyeQ1y81T+y/qVJIP8EEBrsRvu4Xe5csG5rXk1jmVsA+Y/FVNshvvTK9s88jciuKRipS7WwHOiKcg+XcZiON+BmqFh1jBqERf9Y1XWErDD6u8rEP1vcHKXrBd8DUUktW+0r267Jm6+vv4MejAMDX6x7zMFu6kb9GuXtXtJDsl5qk8FUjJsucF0aCC9N7MwWrB1VwWbI/I9P+/t703WZTFuqJKamAWDCJDdXMnDlmJaVK9NGgYUUzTb1PpPt25EVAlLmD0yRH/5wT0PBEYsxlssqNPwhMc42MqDqE+oMp8JdPgMuMsKy6ZIdotNQ==',
        'Byte-Logid' => '20240222152617458BC905C044040CE7DB',
    ];

    public const REFUND_BODY = '{"version":"3.0","msg":"{\\"app_id\\":\\"tt0123456789abcdef\\",\\"status\\":\\"SUCCESS\\",\\"order_id\\":\\"motb1\\",\\"cp_extra\\":\\"\\",\\"message\\":\\"\\",\\"event_time\\":1764374400000,\\"refund_id\\":\\"motb2\\",\\"out_refund_no\\":\\"R20261129000001\\",\\"refund_total_amount\\":1990,\\"is_all_settled\\":false,\\"refund_item_detail\\":{\\"item_order_quantity\\":1,\\"item_order_detail\\":[{\\"item_order_id\\":\\"motb3\\",\\"refund_amount\\":1990}]},\\"refund_type\\":2}","type":"refund"}';
    public const REFUND_HEADERS = [
        'Byte-Timestamp' => '1764374401',
        'Byte-Nonce-Str' => 'N0nce_abcDEF0123456789',
        'Byte-Signature' => 'cXTnihyGkhE4Q1lI4xHfbuY6ZKy+wN7z3B1JmZXEZHXsDnGDavg+UYm/iroBRMrJJ4jk3+HMCI/CIj7rC/lbzb5GPPGwyycNI8Dx22oiwfP3XtOVmbgHB5s897GKtsn65GcwzUWLinRSfumAYZ6s7/xrTyuDKspbrRMKYKHHPFzuBJ8b4Wa99Y/Gg55pu8GejQUFFYqcnawHF5VhTfcH6QVy01g/BhnGpTAmK2+IdPqaORD/16lib8eQYYnBgsCwNN9tPfEWaUvKV5xJsBqrzsB7LrlfDeYTljy7494anmbkAAxhUHkoZyUbNL7nFfErDbKSMad9cglc8UvgrR9U3A==',
    ];

    /** data of T1, as the gateway signed it. */
    public const DATA = '{"skuList":[{"skuId":"C1001","price":1990,"quantity":1,"title":"Go 入门课","imageList":["https://cdn.example.com/c1001.png"],"type":401,"tagGroupId":"tag_group_7272625659888041996"}],"outOrderNo":"T20261129000001","totalAmount":1990,"payExpireSeconds":1800,"payNotifyUrl":"https://shop.example.com/callbacks/douyin","orderEntrySchema":{"path":"pages/order/detail","params":"{\\"id\\":\\"1\\"}"}}';
}
