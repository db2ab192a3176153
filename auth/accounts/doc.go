// Package accounts makes the module an issuer of its own: sign-up, sign-in,
// sessions, access and refresh tokens, over the wire protocol that Better
// Auth's clients speak. What it keeps is in a [Store].
package accounts
