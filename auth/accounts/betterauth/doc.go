// Package betterauth brings the users of a Better Auth database along. They keep
// their ids, so that what they own stays theirs, and their passwords.
package betterauth
