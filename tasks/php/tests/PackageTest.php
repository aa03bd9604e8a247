<?php

declare(strict_types=1);

namespace OrderSync\Tests;

/**
 * What a published package needs, and what its README promises: composer.json, PSR-4, the
 * extensions, PHP 7.4.
 */
$top = dirname(__DIR__);
$sources = static function () use ($top): array {
    $all = [];
    foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator("$top/src", \FilesystemIterator::SKIP_DOTS)) as $file) {
        $all[substr((string) $file, strlen("$top/src/"))] = (string) file_get_contents((string) $file);
    }

    return $all;
};
$composer = static function () use ($top): array {
    return json_decode((string) file_get_contents("$top/composer.json"), true, 16, JSON_THROW_ON_ERROR);
};

return [
    'composer.json has what a registry shows' => static function () use ($composer, $top): void {
        $c = $composer();
        foreach (['name', 'description', 'type', 'license', 'keywords', 'homepage', 'support', 'require', 'autoload'] as $key) {
            yes(($c[$key] ?? []) !== [] && $c[$key] !== '', $key);
        }
        yes(preg_match('~^[a-z0-9]([_.-]?[a-z0-9]+)*/[a-z0-9]([_.-]?[a-z0-9]+)*$~', $c['name']) === 1, 'a name as Packagist takes it');
        same([], array_diff(['issues', 'source', 'docs', 'security'], array_keys($c['support'])));
        yes(!isset($c['version']), 'the tag of the split is the version');
        yes(strpos((string) file_get_contents("$top/LICENSE"), 'MIT License') === 0 && $c['license'] === 'MIT', 'its licence comes with it');
        yes(strpos((string) file_get_contents("$top/README.md"), 'composer require ' . $c['name']) !== false, 'the README names it');
    },
    'every source is where PSR-4 looks for it' => static function () use ($composer, $sources): void {
        same(['OrderSync\\' => 'src/'], $composer()['autoload']['psr-4']);
        foreach ($sources() as $file => $text) {
            if (strncmp($file, 'lang/', 5) === 0) {
                continue;
            }
            $class = basename($file, '.php');
            $folder = dirname($file) === '.' ? '' : '\\' . str_replace('/', '\\', dirname($file));
            yes(strpos($text, "\nnamespace OrderSync$folder;\n") !== false, "$file: its namespace");
            yes(preg_match("/^(?:final )?(?:class|interface) $class\\b/m", $text) === 1, "$file: its class");
            yes(strpos($text, "declare(strict_types=1);") !== false, "$file: strict types");
        }
    },
    'extensions that the sources call are asked for' => static function () use ($composer, $sources): void {
        $asked = $composer()['require'] + $composer()['suggest'];
        foreach (['curl_' => 'ext-curl', 'json_' => 'ext-json', 'openssl_' => 'ext-openssl', '\\PDO' => 'ext-pdo'] as $mark => $extension) {
            yes(strpos(implode('', $sources()), $mark) !== false && isset($asked[$extension]), $extension);
        }
        same([], preg_grep('/\b(mb_|iconv|gmp_|bc(add|sub|mul)|ctype_|sodium_)/', $sources()), 'and no others are called');
    },
    'nothing is newer than PHP 7.4' => static function () use ($composer, $sources): void {
        same('>=7.4 <9', $composer()['require']['php']);
        // Token of PHP 8 and its functions. An attribute alone on its line is a comment to 7.4.
        $words = ['match', 'enum', 'readonly', 'never'];
        $functions = ['str_contains', 'str_starts_with', 'str_ends_with', 'get_debug_type', 'array_is_list', 'fdiv', 'get_resource_id', 'preg_last_error_msg'];
        foreach ($sources() as $file => $text) {
            foreach (token_get_all($text) as $token) {
                if (!is_array($token) || in_array($token[0], [T_COMMENT, T_DOC_COMMENT, T_CONSTANT_ENCAPSED_STRING], true)) {
                    continue;
                }
                yes($token[1] !== '?->' && !in_array(strtolower($token[1]), $functions, true), "$file:$token[2]: $token[1]");
                yes(!in_array($token[1], $words, true) || $token[0] === T_STRING && !in_array($token[1], ['match', 'enum'], true), "$file:$token[2]: $token[1]");
            }
            $code = (string) preg_replace('~/\*.*?\*/|//[^\n]*~s', '', $text);
            same(0, preg_match('/\bcatch \([\w\\\\|]+\)/', $code), "$file: catch without a variable");
            same(0, preg_match('/,\s*\)\s*(?::\s*\??[\w\\\\]+\s*)?\{/', $code), "$file: a comma at the end of parameters");
            same(0, preg_match('/\)\s*:\s*(?:static|mixed|\??\w+\|\w+)\b/', $code), "$file: a type of PHP 8");
            same(0, preg_match('/(?:private|protected|public) [\w\\\\?]+ \$\w+[,)]/', $code), "$file: a property among parameters");
        }
    },
    'composer itself agrees, where it is installed' => static function () use ($top): void {
        exec('composer --version 2>/dev/null', $none, $missing);
        if ($missing !== 0) {
            return; // what it would say is held above as far as we know its rules
        }
        exec('cd ' . escapeshellarg($top) . ' && COMPOSER_ALLOW_SUPERUSER=1 composer validate --strict --no-check-lock --no-interaction 2>&1', $said, $code);
        same(0, $code, implode("\n", $said));
    },
];
