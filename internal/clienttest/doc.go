// Package clienttest runs Better Auth's own clients, as npm has them, against
// the module: in Node.js beside a real Better Auth server, call by call, and in
// a browser. It has tests only. What differs must be in the table of
// docs/accounts.md.
//
// They need Node.js 20 or newer, the packages of package-lock.json and, for one
// test, Chromium. Where these are missing, tests are skipped; with
// AUTHTODO_REQUIRE or CI=true in the environment packages are installed, and
// tests fail for want of the rest.
package clienttest
