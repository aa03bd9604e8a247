package douyin

import "net/http"

// HeaderLogID names an answer in Douyin's own logs. It is what Douyin's support asks for.
const HeaderLogID = "X-Tt-Logid"

// NewTransport is the transport of a client whose Config has no HTTP, for those who put their own
// around it.
func NewTransport() *http.Transport { return newTransport() }
