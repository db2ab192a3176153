package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/web"
)

// Deps are what a [Service] needs beside its options. All but Erase are
// required.
type Deps struct {
	Store   Store
	Logger  *slog.Logger
	Now     func() time.Time
	Timeout time.Duration // of the store, for one request
	Path    string        // below which the routes will be mounted, as browsers see it

	// Erase removes what the host keeps for an owner ([auth.Identity.Owner]). It
	// is called when an account is deleted. Nil: there is nothing.
	Erase func(ctx context.Context, owner string) error
}

// Service is the accounts of a module. It is the [auth.Local] of its guard, and
// safe for concurrent use.
type Service struct {
	opts   Options
	store  Store
	erase  func(ctx context.Context, owner string) error
	logger *slog.Logger
	now    func() time.Time

	timeout  time.Duration
	reporter web.Reporter
	origin   string // of BaseURL: iss, aud and where links lead to
	path     string // of the routes, as browsers see it
	guard    *auth.Guard

	secrets  secrets
	seal     sealer
	refresh  keys // that successors of refresh tokens are derived with
	devices  keys // that browsers are bound to a password with
	ring     *ring
	cache    *cache
	hasher   *hasher
	limits   Limiter
	failures Limiter // that counts failures in a row
	outbox   *outbox
	pages    *template.Template
}

var _ auth.Local = (*Service)(nil)

// New returns accounts that [Service.Mount] has still to mount. Its error holds
// all faults of opts; what it returns beside one is good for [Service.Issuer]
// and [Service.HasSecret] only, so that the options of others can be held
// against it.
func New(opts Options, deps Deps) (*Service, error) {
	opts, err := opts.withDefaults()
	s := &Service{
		opts: opts, erase: deps.Erase, logger: deps.Logger, now: deps.Now,
		timeout: deps.Timeout, reporter: web.Reporter{Logger: deps.Logger, Named: true},
		origin:  origin(opts.BaseURL),
		secrets: append(secrets{opts.Secret}, opts.PreviousSecrets...),
	}
	if deps.Store == nil {
		err = errors.Join(errors.New("Storage.Accounts: is missing; storage/memory, storage/sqlite "+
			"and storage/postgres have one"), err)
	}
	if opts.Mailer != nil && strings.ContainsAny(publicPath(opts.BaseURL, deps.Path), ":*") {
		err = errors.Join(err, errors.New("Accounts.BaseURL: needs the path of the routes, "+
			"/auth at its end: the router's has parameters, and links in mails need one path"))
	}
	if err != nil {
		return s, err
	}
	s.path = publicPath(opts.BaseURL, deps.Path)
	s.pages = newPages()
	s.seal, s.refresh = newSealer(s.secrets), s.secrets.keys("refresh")
	s.devices = s.secrets.keys("device")
	s.ring = newRing(deps.Store, s.secrets, opts.Access, deps.Now, deps.Logger)
	s.cache = newCache(opts.Recheck, deps.Now, deps.Store.Session)
	s.store = forgetting{deps.Store, s.cache}
	s.hasher = newHasher(opts.HashMemory)
	s.limits, s.failures = newLimiters(opts.Limiter, deps.Now)
	if opts.Mailer != nil {
		s.outbox = newOutbox(deps.Logger)
	}
	return s, nil
}

// Close ends what runs in the background, the sending of mails, and waits for
// it: what is queued is still sent if that takes no longer than a few seconds;
// then the contexts of mails end. Closing twice is no error.
func (s *Service) Close() error {
	s.outbox.close()
	return nil
}

// Issuer implements [auth.Local].
func (s *Service) Issuer() auth.Issuer {
	return auth.Issuer{URL: s.origin, Audience: []string{s.origin}, UserSpace: s.opts.UserSpace}
}

// HasSecret implements [auth.Local].
func (s *Service) HasSecret(secret string) bool { return slices.Contains(s.secrets, Secret(secret)) }

// PublicKey implements [auth.Local].
func (s *Service) PublicKey(ctx context.Context, kid string) (*auth.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.ring.find(ctx, kid)
}

// IsLive implements [auth.Local].
func (s *Service) IsLive(ctx context.Context, userID, sessionID string) (bool, error) {
	if sessionID == "" || len(sessionID) > maxSession {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, _, err := s.cache.get(ctx, userID, sessionID)
	if errors.Is(err, ErrNoSession) {
		return false, nil
	}
	return err == nil, err
}

// Cookie implements [auth.Local].
func (s *Service) Cookie(r *http.Request) auth.OpenSession {
	token, ok := s.cookieToken(r)
	if !ok {
		return nil
	}
	return func(ctx context.Context) (*auth.Identity, error) {
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		session, user, err := s.cache.get(ctx, token.user, token.session)
		switch {
		case errors.Is(err, ErrNoSession):
			return nil, nil
		case err != nil:
			return nil, err
		case !same(digestOf(token.secret), session.Secret):
			return nil, nil
		}
		return s.identity(session, user)
	}
}

// identity is that of a session, as an access token would have it.
func (s *Service) identity(session Session, user User) (*auth.Identity, error) {
	now := s.now()
	claims, err := json.Marshal(s.claims(session, user, now, session.ExpiresAt))
	if err != nil {
		return nil, err
	}
	return &auth.Identity{
		UserID: user.ID, Email: user.Email, SessionID: session.ID,
		Issuer: s.origin, UserSpace: s.space(), ExpiresAt: session.ExpiresAt,
		Claims: auth.NewClaims(string(claims)),
	}, nil
}

// publicPath is where the routes are for browsers: the path of the base URL, if
// it has one.
func publicPath(base, mounted string) string {
	if u, err := url.Parse(base); err == nil && strings.Trim(u.EscapedPath(), "/") != "" {
		return strings.TrimRight(u.EscapedPath(), "/")
	}
	return strings.TrimRight(mounted, "/") + "/auth"
}

func (s *Service) space() string { return or(s.opts.UserSpace, auth.DefaultSpace) }

// owner is what the data of a user is kept under.
func (s *Service) owner(userID string) string {
	return auth.Identity{UserID: userID, UserSpace: s.space()}.Owner()
}
