// Package gateway is package tasks over HTTP: shops in any language ask for pushes, refunds and
// settlements, and Douyin calls back. A Gateway is an http.Handler; others may import it, to serve
// it inside a program of their own.
//
// # Why the API stays closed without tokens
//
// Whoever can reach it can move money. So New refuses to build an API without tokens unless it is
// told that its listener is bound to loopback, and CheckAddr tells that from the address. On
// loopback a browser is still a way in: requests from another site's page and requests for a host
// name that is not this machine (DNS rebinding) are refused.
//
// Loopback says nothing once a proxy of the same machine passes strangers on: nginx, left to its
// defaults, sends Host: 127.0.0.1 and no header that tells of it. So without tokens the API is also
// refused as soon as the configuration shows that Douyin calls back (Config.TokensNeeded), and for
// every request with a header that only proxies add.
//
// # Why callbacks have a port of their own
//
// Whoever opens the gateway's port for Douyin opens the API with it, and a token is then all that
// stands between the internet and the money. CallbackPort has the callback and /healthz: a proxy
// that passes everything on to it shows nothing else.
//
// # Why tokens are compared as hashes
//
// The comparison takes the same time whatever the token and whatever its length, and it looks at
// every configured token, so the time of an answer tells nothing about them.
//
// # Why unknown and doubled fields are refused
//
// "delay_second" would be a push without a delay, and of two "amount_fen" in one object two readers
// may each take another one. Both are mistakes of the caller that an answer can still mend, unlike
// those in a task payload, where a newer producer must not be turned away by an older worker.
//
// # Why 202 comes after Redis and 200 means "known already"
//
// The answer is given after the task is durable in Redis. When the answer is lost, the caller asks
// again with the same revision and learns that the first asking was heard. What was refused or
// given up is no longer on its way: asking again, under whatever revision, queues it again.
//
// # Why the answers name no inner fault
//
// The text of a database or Redis error belongs in the log, beside the request id that the answer
// carries.
package gateway
