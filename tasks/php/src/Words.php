<?php

declare(strict_types=1);

namespace OrderSync;

/**
 * Texts for people, in English or Chinese (src/lang/zh.php).
 *
 * @internal
 */
final class Words
{
    /** Read in this order; the first that is set decides. */
    private const VARIABLES = ['ORDERSYNC_LANG', 'LC_ALL', 'LC_MESSAGES', 'LANG'];

    private bool $chinese;

    /** @var array<string, string>|null English to Chinese; null: not read yet */
    private static ?array $zh = null;

    /** @param string|null $lang such as en, zh, zh-CN; null and what is neither: the environment tells, else English */
    public function __construct(?string $lang = null)
    {
        $lang = $lang !== null && self::known($lang) ? $lang : null; // one that is not known is refused in the reader's own
        $this->chinese = strncasecmp($lang ?? Environment::first(...self::VARIABLES), 'zh', 2) === 0;
    }

    /** Tells whether $lang names a language that there are texts in. */
    public static function known(string $lang): bool
    {
        return preg_match('/^(en|zh)([-_.].*)?$/Di', $lang) === 1;
    }

    /**
     * @param string     $english for sprintf; also the key of the Chinese text, which takes the same values in the same order
     * @param string|int ...$values
     */
    public function say(string $english, ...$values): string
    {
        if ($this->chinese) {
            self::$zh = self::$zh ?? require __DIR__ . '/lang/zh.php';
            $english = self::$zh[$english] ?? $english;
        }

        return vsprintf($english, $values);
    }
}
