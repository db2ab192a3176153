package betterauth

import (
	"fmt"
	"strings"
)

// maxProblems is how many problems a report names; the others are counted.
const maxProblems = 100

// Report is what has become of the users of a Better Auth database. Every user
// who was read is in one of Imported, Present, Earlier, EmailTaken, InvalidEmail
// and Unusable.
type Report struct {
	DryRun bool // nothing was written; Imported is what would have been

	Read         int // users in the source
	Imported     int
	Present      int // were in the store before, and stay as they are there
	Earlier      int // signed up before [Options.Since]
	EmailTaken   int // another user has the address
	InvalidEmail int // have no address that [accounts.NormalEmail] knows
	Unusable     int // have an id, name or time that an account cannot have

	// Of those who were imported:
	WithoutPassword int // have to ask for one
	Disabled        int // were banned
	SecondFactor    int // had one, and sign in with the password alone now

	// Problems are about single users, 100 at most; MoreProblems is how many there
	// are beyond.
	Problems     []Problem
	MoreProblems int
}

// Problem is why a user was not taken, or not in whole.
type Problem struct {
	UserID string
	Reason string
}

func (r *Report) problem(userID string, reason error) {
	if len(r.Problems) == maxProblems {
		r.MoreProblems++
		return
	}
	r.Problems = append(r.Problems, Problem{userID, reason.Error()})
}

// String is the report in lines, to be shown to whoever has asked for the
// import.
func (r Report) String() string {
	var b strings.Builder
	imported := "imported"
	if r.DryRun {
		imported = "would be imported"
	}
	for _, line := range []struct {
		n    int
		what string
	}{
		{r.Read, "users read"},
		{r.Imported, imported},
		{r.WithoutPassword, "  of these without a password"},
		{r.Disabled, "  of these disabled, because they were banned"},
		{r.SecondFactor, "  of these had a second factor, which is not taken along"},
		{r.Present, "already there"},
		{r.Earlier, "not looked at: signed up earlier"},
		{r.EmailTaken, "not imported: another user has the address"},
		{r.InvalidEmail, "not imported: no valid address"},
		{r.Unusable, "not imported: something else is not valid"},
	} {
		fmt.Fprintf(&b, "%8d %s\n", line.n, line.what)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "user %q: %s\n", p.UserID, p.Reason)
	}
	if r.MoreProblems > 0 {
		fmt.Fprintf(&b, "and %d more\n", r.MoreProblems)
	}
	return b.String()
}
