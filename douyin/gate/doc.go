// Package gate stands before every call to Douyin: a rate limit over all processes and a circuit
// breaker. A Gate implements douyin.Gate. Others may import it together with package douyin.
//
// # Why handlers wait here
//
// While Douyin is down, a task that fails costs an attempt, a row in the log and a retry. A handler
// that waits costs a goroutine. So Enter parks its caller until the breaker lets probes through, at
// most MaxPark; then the caller gets Paused with the time to wait, which is not a failed attempt. A
// dead Douyin costs neither attempts nor CPU.
//
// # Why the breaker is per process
//
// It learns within ten calls. Sharing its state through Redis would cost a round trip per call to
// save some hundred calls per outage.
//
// # Why there are three breakers
//
// A push needs the token, a payment, refund or settlement the salt. With a wrong salt every signed
// call fails, and orders are to be pushed all the same; with a wrong secret money is to move. The
// calls of package trade need the client_token and have a host of their own. When Douyin as a whole
// is away each learns it by itself.
//
// # What they count
//
// What speaks of Douyin or of our credentials as a whole: douyin.Error.Outage. An answer about one
// order is a success here, however bad its news. Throttling is neither: it takes the rate of its
// kind down, and holds its calls back for as long as Douyin says.
//
// # Why the rate adapts
//
// Douyin's limits are not all published, and other programs of the shop may call too. Where a
// throttled call names no time, waiting a second and calling on at the old rate throttles for ever.
// So the rate goes down by a share at a throttled call and climbs again, over all processes: see
// pace.
//
// # Why lots
//
// A round trip to Redis per call would cost more than the limit is worth. A process takes
// permission for a few calls at once (a twentieth of a second's worth) and lets it lapse after a
// second. Inside a process callers queue in order, and only the first of them talks to Redis. The
// price: in one second each process may run over the limit by one lot.
//
// # Why a local limiter when Redis fails
//
// No limit at all would earn us Douyin's throttling, no calls at all would stop the shop. So every
// process keeps the whole rate for itself until Redis is back, and says so once.
package gate
