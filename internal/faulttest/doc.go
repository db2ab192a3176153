// Package faulttest breaks what a mounted module stands on, the real thing each
// time, and counts afterwards: a server of PostgreSQL and the process of the
// module are killed in the middle of writes, connections are reset, silent or
// cut behind an answer, pools and disks are full, a file is locked, the clock is
// put back, clients and key sets go away, and hundreds of clients come at once.
// It has tests only.
//
// What is expected of all of it: 503 with Retry-After within the time that
// Options.Timeout gives, nothing left over, no write that was acknowledged lost,
// none done twice for a client who comes again with its Idempotency-Key, and a
// service that goes on by itself when the fault is over.
//
// The kills and the load take seconds; with AUTHTODO_SOAK=1, as in "make soak",
// they take minutes.
package faulttest
