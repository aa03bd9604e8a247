<?php

declare(strict_types=1);

/*
 * Runs every test of the files named as arguments, or of *Test.php beside this one. A file returns [name => function]. A test
 * fails by throwing; so does every warning, notice and deprecation. Exit code 1 when one failed.
 */

namespace OrderSync\Tests;

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
    throw new \ErrorException($text, 0, $level, $file, $line);
});

// The texts are held in English, whatever the language of whoever runs this.
foreach (['ORDERSYNC_LANG', 'LC_ALL', 'LC_MESSAGES', 'LANG'] as $variable) {
    unset($_SERVER[$variable], $_ENV[$variable]);
    putenv($variable);
}

spl_autoload_register(static function (string $class): void {
    foreach (['OrderSync\\Tests\\' => __DIR__ . '/', 'OrderSync\\' => __DIR__ . '/../src/'] as $prefix => $folder) {
        $file = $folder . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (strncmp($class, $prefix, strlen($prefix)) === 0 && is_file($file)) {
            require $file;

            return;
        }
    }
});

/**
 * @param mixed $want
 * @param mixed $got
 */
function same($want, $got, string $what = ''): void
{
    if ($want !== $got) {
        throw new \Exception(trim("$what: want ", ': ') . var_export($want, true) . "\n got " . var_export($got, true));
    }
}

function yes(bool $is, string $what): void
{
    if (!$is) {
        throw new \Exception("$what: not so");
    }
}

/** The exception of this class that $do throws. */
function thrown(string $class, callable $do): \Throwable
{
    try {
        $do();
    } catch (\Throwable $e) {
        if ($e instanceof $class) {
            return $e;
        }
        throw $e;
    }
    throw new \Exception("want $class, nothing was thrown");
}

$files = array_slice($argv, 1) ?: glob(__DIR__ . '/*Test.php');
$failed = $passed = 0;
foreach ($files as $file) {
    foreach (require $file as $name => $test) {
        try {
            $test();
            ++$passed;
            echo "ok   $name\n";
        } catch (\Throwable $e) {
            ++$failed;
            echo "FAIL $name\n     ", str_replace("\n", "\n     ", get_class($e) . ': ' . $e->getMessage()), "\n     ", $e->getFile(), ':', $e->getLine(), "\n";
        }
    }
}
echo "$passed passed, $failed failed\n";
exit($failed > 0 || $passed === 0 ? 1 : 0);
