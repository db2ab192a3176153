package accounts

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/authtodo/authtodo/internal/problem"
)

// refuse is an error that Better Auth has, with its status, code and message.
func refuse(status int, code, message string) *problem.Problem {
	p := problem.Problem{
		Status: status,
		Kind:   strings.ReplaceAll(strings.ToLower(code), "_", "-"),
		Code:   problem.ValidationError,
		Detail: message,
		Named:  &problem.Named{Code: code, Message: message},
	}
	switch status {
	case http.StatusUnauthorized:
		p.Code = problem.AuthError
		return p.With("WWW-Authenticate", "Bearer") // RFC 9110 section 15.5.2
	case http.StatusForbidden:
		p.Code = problem.AuthError
	}
	return &p
}

func badRequest(code, message string) *problem.Problem {
	return refuse(http.StatusBadRequest, code, message)
}

func errUnauthorized() *problem.Problem {
	return refuse(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
}

// errSignIn is the answer to a wrong password, an unknown address, a disabled
// account and an address that has still to be verified, alike.
func errSignIn() *problem.Problem {
	return refuse(http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password")
}

func errEmail() *problem.Problem { return badRequest("INVALID_EMAIL", "Invalid email") }

func errPassword() *problem.Problem { return badRequest("INVALID_PASSWORD", "Invalid password") }

func errTooLong() *problem.Problem { return badRequest("PASSWORD_TOO_LONG", "Password too long") }

func errUserExists() *problem.Problem {
	p := refuse(http.StatusUnprocessableEntity, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
		"User already exists. Use another email.")
	p.Code = problem.Conflict
	return p
}

// errToken is the answer to a mailed code that is not good, for whatever reason.
func errToken(status int) *problem.Problem {
	return refuse(status, "INVALID_TOKEN", "Invalid token")
}

// errLimited says when to come back.
func errLimited(wait time.Duration) *problem.Problem {
	p := problem.Problem{
		Status: http.StatusTooManyRequests,
		Kind:   "rate-limited",
		Code:   problem.RateLimited,
		Detail: "Too many requests. Please try again later.",
		Named:  &problem.Named{Code: "RATE_LIMITED", Message: "Too many requests. Please try again later."},
	}
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	return p.With("Retry-After", seconds).With("X-Retry-After", seconds) // Better Auth's name
}

// asProblem is the one table from what went wrong to what a client is told. What
// is not in it is a 500.
func asProblem(err error) error {
	var p *problem.Problem
	var busy errBusy
	switch {
	case errors.As(err, &p) && p.Kind == "cross-site":
		named := *p
		named.Named = &problem.Named{Code: "INVALID_ORIGIN", Message: "Invalid origin"}
		return &named
	case p != nil:
		return p
	case errors.As(err, &busy):
		p = problem.NewUnavailable(err)
		p.Header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(busy.after.Seconds())))))
		return p
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled):
		return problem.NewUnavailable(err)
	case errors.Is(err, ErrNoSession), errors.Is(err, ErrNoUser): // ended while the request ran
		return errUnauthorized()
	}
	return err
}

// isRefused reports whether an error says no more than that a request has no
// credentials that are good.
func isRefused(err error) bool {
	var p *problem.Problem
	return errors.As(asProblem(err), &p) && p.Status == http.StatusUnauthorized
}
