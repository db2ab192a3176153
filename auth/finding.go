package auth

import "fmt"

// Severity is how much a [Finding] matters.
type Severity int

// From what an operator should know to what lets others in.
const (
	Low    Severity = iota + 1 // a wiser setting is to be had
	Medium                     // a line of defence is missing
	High                       // data can be lost or read by others
)

// String implements [fmt.Stringer]: "low", "medium" or "high".
func (s Severity) String() string {
	switch s {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// Finding is something in how a module is set up that works and should not stay
// so in production. What must not be so at all is an error of Register.
type Finding struct {
	Code     string // what it is, in words with hyphens between; it does not change
	Severity Severity
	Field    string // of the module's options, or what it is about; shows no secret
	Detail   string // what follows from it, and what to do; one sentence or two
}

// String is the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s (%v): %s: %s", f.Code, f.Severity, f.Field, f.Detail)
}
