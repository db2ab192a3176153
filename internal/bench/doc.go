// Package bench measures the module as its users meet it, and in the same run
// what to compare it with: over HTTP a bare Gin handler of the same effect, the
// service as it is usually written, and PocketBase; for the guard, the libraries
// that people check tokens with; on SQLite direct calls of database/sql. It has
// nothing but benchmarks. PocketBase is in a module of its own, for all that it
// brings along.
//
// The machine is shared and noisy, so single figures mean little. Contenders
// take turns of a part of a second, which spreads the noise over all of them,
// and what counts is the ratio: the median of those of all rounds. The client,
// the server and Postgres share the processors, as they do for everyone who
// tries this at home.
package bench
