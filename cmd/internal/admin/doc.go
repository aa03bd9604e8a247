// Package admin is the private port: pages for operators behind a sign-in, asynqmon among them under /asynqmon/. It is never
// bound to the public port.
//
//	a, err := admin.New(admin.Config{Redis: client, Users: users, Log: log, Now: time.Now})
//	a.Handle("GET /orders/{id}", admin.Viewer, page)      // signed in
//	a.Handle("POST /orders/{id}/push", admin.Operator, p) // audited, same origin only
//	a.HandleOpen("GET /metrics", metrics)                 // nobody signs in
//
// # Why a form and a cookie and not HTTP Basic
//
// A browser sends Basic credentials along with whatever another page asks for, and there is no signing out. The cookie is
// HttpOnly and SameSite=Strict, and every change must also come from our own pages (http.CrossOriginProtection).
//
// # Why sessions are signed and not stored
//
// One process serves these pages to a few people. A key that is made at the start needs no table; a restart signs everybody
// out. The role is looked up at each request, so a user who was taken out of the configuration is out.
//
// # Why a proxy's word counts in one direction only
//
// The port itself speaks plain http; TLS is a proxy's. X-Forwarded-Proto can be sent by anybody, so it never makes the cookie
// weaker: without it the cookie is Secure wherever the browser asked another machine than its own, and with it also there. Who
// forges it locks out himself.
//
// # Why asynqmon's answers pass through a buffer
//
// asynqmon v0.7.2 loads fonts from a foreign host, serves JSON as plain text and its style sheets
// without their type, and answers unknown calls with its start page. All of it is put right in one
// place, on the finished answer; the largest is about a megabyte.
//
// # Why profiles are served, and two of pprof's pages are not
//
// Where time and memory of a process go can be seen only while it is slow, so heap, goroutines,
// processor time and trace are there in every process, under the names of net/http/pprof. They name
// functions and hold no value of an order. They cost time, so they are for operators, last two
// minutes at most, and each leaves a line in the log. The command line (cmdline) stays out: what
// somebody wrote into a flag may be a secret. So does symbol: profiles of Go name their functions.
//
// # Why "archive all" is refused
//
// asynq's Inspector trims the archive without deleting the trimmed tasks, which then keep their ids
// for ever: of 15,000 archived so, 5,001 did. And where more than some 8,000 tasks are to be trimmed
// in one go, the script fails half-way, as does every later archiving of that queue (ARCHITECTURE.md).
package admin
