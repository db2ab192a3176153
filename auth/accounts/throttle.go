package accounts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// The rates of the limits.
func signInByClient() Rate    { return Rate{Burst: 20, Every: 6 * time.Second} }
func signInByAccount() Rate   { return Rate{Burst: 10, Every: time.Minute} }
func signUpByClient() Rate    { return Rate{Burst: 10, Every: time.Minute} }
func codesByClient() Rate     { return Rate{Burst: 20, Every: 10 * time.Second} }
func refreshByClient() Rate   { return Rate{Burst: 120, Every: time.Second} }
func passwordsByUser() Rate   { return Rate{Burst: 10, Every: time.Minute} }
func mailsByAddress() Rate    { return Rate{Burst: 5, Every: 10 * time.Minute} }
func mailsByClient() Rate     { return Rate{Burst: 20, Every: time.Minute} }
func eventsByAttempts() Rate  { return Rate{Burst: 1, Every: time.Minute} }
func signInByOwnDevice() Rate { return signInByAccount() }

// signInToAccount is the name of the count that a reset lifts.
const signInToAccount = "sign-in by account"

// bySite is the rate of all clients of a site together, where one has this.
func bySite(r Rate) Rate { return Rate{Burst: 5 * r.Burst, Every: r.Every / 10} }

// limit counts an attempt, and refuses it if there were too many. A limiter that
// fails lets everybody through: it must not keep them out.
func (s *Service) limit(ctx context.Context, c *gin.Context, rate Rate, key ...string) error {
	return s.refuse(ctx, c, s.take(ctx, rate, key...), key...)
}

// refuse is the refusal of an attempt that has to wait.
func (s *Service) refuse(
	ctx context.Context, c *gin.Context, wait time.Duration, key ...string,
) error {
	if wait <= 0 {
		return nil
	}
	// The refused are many when it matters; one line a minute tells as much.
	if s.take(ctx, eventsByAttempts(), append([]string{"event"}, key...)...) <= 0 {
		event := s.event(c, EventLimited, "", "")
		event.Reason = key[0]
		s.tell(ctx, event)
	}
	return errLimited(wait)
}

func (s *Service) take(ctx context.Context, rate Rate, key ...string) time.Duration {
	return s.takeOf(ctx, s.limits, rate, key...)
}

func (s *Service) takeOf(
	ctx context.Context, limits Limiter, rate Rate, key ...string,
) time.Duration {
	wait, err := limits.Take(ctx, strings.Join(key, ":"), rate)
	if err != nil {
		s.logger.ErrorContext(ctx, "authtodo: the limiter failed, and lets everything through", "error", err)
		return 0
	}
	return wait
}

// limitClient counts an attempt by its client, and by the site that the client is
// in if it may have many addresses there.
func (s *Service) limitClient(ctx context.Context, c *gin.Context, rate Rate, name string) error {
	addr := clientAddress(c.Request, s.opts.TrustedProxies)
	if err := s.limit(ctx, c, rate, name, bucket(addr)); err != nil {
		return err
	}
	if site := site(addr); site != "" {
		return s.limit(ctx, c, bySite(rate), name+", of a site", site)
	}
	return nil
}

// limitSignIn counts a sign-in by its client and by its account. Whoever makes
// many for the account of somebody else does not lock its owner out: a browser
// that the owner has signed in with, or an address that one of the owner's live
// sessions began at, is counted for itself. About the address that somebody wants
// to sign in with, the store is not asked before the client has been counted: how
// long a refusal takes tells nothing about it.
func (s *Service) limitSignIn(ctx context.Context, c *gin.Context, email string) error {
	known, err := s.isKnown(ctx, c, email)
	if err != nil {
		return err
	}
	if known && s.limitFailures(ctx, c, failuresByDevice, email) == nil {
		return nil
	}
	if err := s.limitClient(ctx, c, signInByClient(), "sign-in by client"); err != nil {
		return err
	}
	err = s.limit(ctx, c, signInByAccount(), signInToAccount, email)
	if err == nil {
		err = s.limitFailures(ctx, c, failuresByStrangers, email)
	}
	if err == nil {
		return nil
	}
	here, fault := s.isHere(ctx, c, email)
	if fault != nil {
		return fault
	}
	if !here {
		return err
	}
	if err := s.limit(ctx, c, signInByOwnDevice(), "sign-in by address", email, s.bucket(c)); err != nil {
		return err
	}
	return s.limitFailures(ctx, c, failuresByAddress, email)
}

// isHere reports whether the owner of an account is signed in at the address that
// a request comes from. It asks the store as much if there is no such account.
func (s *Service) isHere(ctx context.Context, c *gin.Context, email string) (bool, error) {
	account, err := s.store.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return false, err
	}
	sessions, err := s.store.Sessions(ctx, or(account.ID, newID()))
	if err != nil {
		return false, err
	}
	here := s.bucket(c)
	return slices.ContainsFunc(sessions, func(session Session) bool {
		return !session.ExpiresAt.Before(s.now()) && bucket(peerAddress(session.Address)) == here
	}), nil
}
