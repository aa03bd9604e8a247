package simulator

import "slices"

// op is one operation of Douyin's that the simulator plays.
type op uint8

const (
	opPush op = iota
	opToken
	opCount
)

// opPaths are the operations' addresses.
var opPaths = [opCount]string{
	opPush:  "/api/apps/order/v2/push",
	opToken: "/api/apps/v2/token",
}

// opNames are the operations' names in faults and statistics.
var opNames = [opCount]string{
	opPush:  "order.push",
	opToken: "token.fetch",
}

// operation reads a body and, unless a fault stands in the way, takes effect.
type operation struct {
	parse func(*Server, *call)     // fills the call; sets bad and key
	apply func(*Server, *call) int // fills out and returns Douyin's code, 0 for success
	fails func([]byte, int, string) []byte
}

var operations = [opCount]operation{
	opPush:  {(*Server).parsePush, (*Server).takePush, appendPushAnswer},
	opToken: {(*Server).parseToken, (*Server).fetchToken, appendEcpayError},
}

// Ops are the names that Fault.Op knows.
func Ops() []string { return slices.Clone(opNames[:]) }
