package accounts

import (
	"context"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// failures names one of the counts of failures in a row that an account has.
// There are several, so that nobody uses up the attempts of those who are known
// better.
type failures string

const (
	failuresByStrangers failures = "failures of strangers"
	failuresByDevice    failures = "failures of known devices"
	failuresByAddress   failures = "failures at known addresses"
	failuresByUser      failures = "failures of the user" // who is signed in
)

// allFailures are all counts there are.
func allFailures() []failures {
	return []failures{failuresByStrangers, failuresByDevice, failuresByAddress, failuresByUser}
}

// most is how many there may be in a row: together a hundred, as
// NIST SP 800-63B-4 section 3.2.2 has it.
func (f failures) most() int {
	switch f {
	case failuresByStrangers:
		return 40
	case failuresByDevice:
		return 30
	case failuresByAddress:
		return 10
	}
	return 20
}

func (f failures) key(email string) []string { return []string{string(f), email} }

// failureRate is that of failures in a row. Where there are mails, a reset lifts
// them, and time as good as does not. Where there are none, nothing else may: an
// attempt a day is left.
func (s *Service) failureRate(of failures) Rate {
	const day = 24 * time.Hour
	if s.opts.Mailer == nil {
		return Rate{Burst: of.most(), Every: day}
	}
	return Rate{Burst: of.most(), Every: 30 * day}
}

// limitFailures counts an attempt at a password as a failure, which it is until a
// success lifts it: attempts at once are no more than others.
func (s *Service) limitFailures(
	ctx context.Context, c *gin.Context, of failures, email string,
) error {
	key := of.key(email)
	return s.refuse(ctx, c, s.takeOf(ctx, s.failures, s.failureRate(of), key...), key...)
}

// liftFailures forgets the failures of an account: somebody has shown that they
// are its owner.
func (s *Service) liftFailures(ctx context.Context, email string) {
	for _, of := range allFailures() {
		s.lift(ctx, s.failures, of.key(email)...)
	}
}

// liftAll forgets what keeps the owner of an account out who has chosen a new
// password. Guesses at the one before tell nothing about it.
func (s *Service) liftAll(ctx context.Context, email string) {
	s.liftFailures(ctx, email)
	s.lift(ctx, s.limits, signInToAccount, email)
}

func (s *Service) lift(ctx context.Context, limits Limiter, key ...string) {
	lifter, ok := limits.(Lifter)
	if !ok {
		return
	}
	if err := lifter.Lift(ctx, strings.Join(key, ":")); err != nil {
		s.logger.WarnContext(ctx, "authtodo: the limiter did not lift a limit", "error", err)
	}
}
