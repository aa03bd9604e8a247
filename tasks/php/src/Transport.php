<?php

declare(strict_types=1);

namespace OrderSync;

use OrderSync\Exception\UnavailableException;

/** Sends one HTTP request. CurlTransport is the one that shops use; tests bring their own. */
interface Transport
{
    /**
     * @param string[]    $headers whole lines, such as "Accept: application/json"
     * @param string|null $body    null: the request has none
     *
     * @throws UnavailableException without an answer; its text must not hold the headers
     */
    public function send(string $method, string $url, array $headers, ?string $body): Response;
}
