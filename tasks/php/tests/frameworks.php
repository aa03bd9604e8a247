<?php

declare(strict_types=1);

/*
 * What stands for ThinkPHP and Laravel while ReadmeTest.php runs the blocks that are for them.
 */

namespace think\facade {
    final class Db
    {
        /** @var array<int, array<int, mixed>> */
        public static array $ran = [];

        public static function transaction(callable $do): void
        {
            $do();
        }

        public static function name(string $table): self
        {
            self::$ran[] = ['table', $table];

            return new self();
        }

        public function where(string $column, string $value): self
        {
            self::$ran[] = ['where', $column, $value];

            return $this;
        }

        /** @param array<string, mixed> $row */
        public function update(array $row): void
        {
            self::$ran[] = ['update', $row];
        }

        public function value(string $column): string
        {
            return '7';
        }

        /** @param array<int, string|null> $values */
        public static function execute(string $sql, array $values): int
        {
            self::$ran[] = $values;

            return 1;
        }
    }
}

namespace Illuminate\Support\Facades {
    final class DB
    {
        /** @var array<int, array<int, string|null>> */
        public static array $ran = [];

        public static function transaction(callable $do): void
        {
            $do();
        }

        /** @param array<int, string|null> $values */
        public static function insert(string $sql, array $values): bool
        {
            self::$ran[] = $values;

            return true;
        }
    }
}

namespace {
    function env(string $name, ?string $else = null): ?string
    {
        return $else;
    }

    function config(string $name): string
    {
        return substr($name, -4) === '.url' ? 'http://gateway.example' : 'the-token';
    }
}
