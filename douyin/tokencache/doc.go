// Package tokencache shares one app's access_token among all processes, through Redis. A Cache
// implements douyin.Tokens. Others may import it together with package douyin.
//
// # Why shared
//
// A new fetch lets the previous token die within 5 minutes (TOKEN). Processes that fetched for
// themselves would throw each other's tokens away. So there is one token per app, one fetch at a
// time over all processes (a lock in Redis that outlives a fetch, and a flight inside the process),
// and a fetch that lost its lock does not overwrite what came after it.
//
// # Why a copy of one second
//
// The push is the hot path; asking Redis for the token each time would be a round trip per order. A
// copy in the process saves it, and one second is short enough: when another process throws the
// token away, this one may send the old token for a second more. Douyin refuses it, Invalidate
// finds that the shared token is another one already, and the call is made again with that: one
// extra exchange, no extra fetch.
//
// # Why half of its life
//
// Refreshing at 50 % (an hour, as Douyin advises) leaves an hour in which Douyin's token endpoint
// may be down before anybody notices. It happens in the background: the old token stays good for 5
// minutes after the fetch.
//
// # Why failures are shared too
//
// When credentials are wrong, every handler of every process would ask Douyin again and again. The
// refusal is kept in Redis for a minute and is everybody's answer meanwhile; it says so by
// errors.Is(err, douyin.ErrCredentials) and RetryAfter. A passing failure is kept for a second, so
// that fifty waiters do not try one after the other.
//
// # Why an app may have two
//
// The calls of open.douyin.com carry a client_token, which is another one than that of the push, of
// the same app and secret. A second Cache with Purpose ClientToken holds it: same rules, keys and
// seal of its own. Douyin refuses more than 500 fetches of it in 5 minutes. Here it is at most one a
// second while they fail, one in ten seconds while tokens are refused, and one a minute once Douyin
// complains or the credentials are wrong.
//
// # Why sealed
//
// The token lies in Redis under AES-256-GCM with a key made from the app's secret. Whoever reads a
// dump of Redis learns nothing that would let them act as the app; whoever has the secret could
// have fetched a token anyway. Names of keys hold a fingerprint of the secret as well, so that
// processes with the old and the new secret do not fight during a change, and the host, where it is
// not Douyin's own.
//
// # Why no clock is compared
//
// Lifetimes are measured by Redis (PTTL). The clocks of the processes may differ.
package tokencache
