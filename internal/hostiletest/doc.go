// Package hostiletest sends a mounted module what nobody should: tables of
// requests, thought through from the rules for tokens, header fields, bodies,
// paths, queries, cookies, accounts, key sets and HTTP itself, over real sockets
// and on every storage where the storage matters.
//
// Whatever a case is about, every one of them is also held to what holds for all
// (see exchange_test.go): the answer is no 5xx, is a problem document that shows
// nothing of the inside and nothing secret, nothing was written, and the next good
// request is served.
//
// The package has tests only. At its end it fails if one of the secrets that went
// through it can be found where it may not be: see internal/canary.
package hostiletest
