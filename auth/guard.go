package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/strictjson"
	"github.com/authtodo/authtodo/internal/web"
)

// Deps are what a guard needs beside its options.
type Deps struct {
	Logger *slog.Logger     // nil: [slog.Default]
	Now    func() time.Time // nil: [time.Now]
	Local  Local            // nil: nobody in this process issues tokens

	// Observe is told of what takes time, as authtodo.Options.Observe; nil: none.
	Observe func(ctx context.Context, operation string) (context.Context, func(error))
}

// Guard lets requests with valid credentials through and refuses all others.
// It is safe for concurrent use.
type Guard struct {
	issuers  []issuer
	leeway   time.Duration
	now      func() time.Time
	reporter web.Reporter
	observe  web.Observe
	headers  headers
	cache    *cache
	sets     []*keySet // of the issuers that have one
	local    Local     // nil without one
	origins  *http.CrossOriginProtection
}

// issuer is an [Issuer] that was found valid.
type issuer struct {
	url      string
	audience []string
	space    string
	keys     Keys // closed, so that a guard that is printed shows none
	local    bool // its tokens are good as long as their sessions
}

// New returns a guard that believes the issuers of opts, and deps.Local. Its
// error holds all faults of opts, see [Options.Validate].
func New(opts Options, deps Deps) (*Guard, error) {
	if err := opts.validate(deps.Local); err != nil {
		return nil, err
	}
	g := &Guard{
		leeway:  opts.Leeway,
		now:     deps.Now,
		observe: deps.Observe,
		cache:   newCache(opts.TokenCache),
		origins: http.NewCrossOriginProtection(),
	}
	if g.leeway == 0 {
		g.leeway = defaultLeeway
	}
	if g.now == nil {
		g.now = time.Now
	}
	g.reporter.Logger = deps.Logger
	if deps.Logger == nil {
		g.reporter.Logger = slog.Default()
	}
	for _, iss := range opts.Issuers {
		g.issuers = append(g.issuers, issuer{
			url:      iss.URL,
			audience: slices.Clone(iss.Audience),
			space:    space(iss),
			keys:     g.keys(iss, opts.MaxStale),
		})
	}
	if deps.Local != nil {
		return g, g.addLocal(deps.Local)
	}
	return g, nil
}

// addLocal adds the issuer in this process.
func (g *Guard) addLocal(local Local) error {
	iss := local.Issuer()
	g.issuers = append(g.issuers, issuer{
		url:      iss.URL,
		audience: slices.Clone(iss.Audience),
		space:    space(iss),
		keys:     Keys{open: func() source { return localKeys{local} }},
		local:    true,
	})
	g.local = local
	// Behind a proxy that changes Host, a browser still names the public origin.
	return g.origins.AddTrustedOrigin(iss.URL)
}

// keys are those of an issuer; a key set becomes one of this guard alone, since
// it ends with the guard.
func (g *Guard) keys(iss Issuer, maxStale time.Duration) Keys {
	set := iss.Keys.set()
	if set == nil {
		return iss.Keys
	}
	if isClear(set.address) {
		g.reporter.Logger.Warn("authtodo: keys come over http from another machine; "+
			"whoever can change them on the way can act as every user", "key_set", set.String())
	}
	if maxStale == 0 {
		maxStale = defaultMaxStale
	}
	set = set.bind(maxStale, g.now, g.reporter.Logger)
	g.sets = append(g.sets, set)
	return keysOf(set)
}

// Close ends what the guard fetches, and waits for it. Guarded requests are
// answered on, with the keys that are there; where one needs others, with 503.
// Closing twice is no error.
func (g *Guard) Close() error {
	for _, set := range g.sets {
		set.close()
	}
	return nil
}

// Handler is the guard as a handler of Gin's. The handlers behind it have the
// identity by [From] and [UserID]. A request without valid credentials is
// answered with 401 and ends there; 503 means that the keys to check it with
// cannot be had at the moment.
func (g *Guard) Handler() gin.HandlerFunc {
	return g.reporter.Handle(func(c *gin.Context) error {
		_, err := g.authenticate(c)
		return err
	})
}

// Authenticate is the guard for handlers that return their errors: it reads
// the credentials of the request and sets its identity. An Authorization field
// decides alone, whatever it holds, because browsers send cookies along.
func (g *Guard) Authenticate(c *gin.Context) (Identity, error) {
	id, err := g.authenticate(c)
	if err != nil {
		return Identity{}, err
	}
	return *id, nil
}

func (g *Guard) authenticate(c *gin.Context) (*Identity, error) {
	request := c.Request
	id, err := g.identify(c)
	if err := web.Abandoned(c, request, err); err != nil {
		return nil, answer(c, err)
	}
	c.Set(identityKey{}, id)
	return id, nil
}

func (g *Guard) identify(c *gin.Context) (*Identity, error) {
	fields := c.Request.Header["Authorization"]
	if len(fields) == 0 {
		return g.cookie(c.Request)
	}
	v, err := g.check(c.Request.Context(), fields)
	if err != nil {
		return nil, err
	}
	if v.session {
		if err := g.ended(c.Request.Context(), &v.identity); err != nil {
			return nil, err
		}
	}
	return &v.identity, nil
}

func (g *Guard) check(ctx context.Context, fields []string) (*verified, error) {
	token, err := bearer(fields)
	if err != nil {
		return nil, err
	}
	v, err := g.verify(ctx, token, g.now())
	if err != nil && !isToken(token) {
		return nil, malformed("more than one token, or characters that no token has; that of a " +
			"cookie is a session token: ask Better Auth's /api/auth/token for the JWT")
	}
	return v, err
}

// answer is the problem document for an error of check.
func answer(c *gin.Context, err error) error {
	var refused *refusal
	var unavail *unavailable
	var foreign *crossSite
	switch {
	case errors.As(err, &refused):
		return refused.problem(c)
	case errors.As(err, &unavail):
		return unavail.problem()
	case errors.As(err, &foreign):
		return foreign.problem()
	}
	return err
}

// verify says whose token it is. It depends on nothing but the token, the keys
// and the time.
func (g *Guard) verify(ctx context.Context, token string, now time.Time) (*verified, error) {
	v := g.cache.get(token)
	seen := v != nil && v.keys.holds(ctx, v.key, now)
	if !seen {
		ctx, end := g.observe.Begin(ctx, "auth.verify")
		var err error
		v, err = g.open(ctx, token)
		if end(err); err != nil {
			return nil, err
		}
	}
	if err := v.during(now); err != nil {
		return nil, err
	}
	if !seen {
		g.cache.put(token, v, now)
	}
	return v, nil
}

// open is the part of verify that stays true as long as the keys do.
func (g *Guard) open(ctx context.Context, token string) (*verified, error) {
	t, err := split(token)
	if err != nil {
		return nil, err
	}
	h, known := g.headers.get(t.header)
	if !known {
		if h, err = parseHeader(t.header); err != nil {
			return nil, err
		}
	}
	claims, text, err := parseClaims(t.payload)
	if err != nil {
		return nil, err
	}
	signature, err := decode(nil, t.signature)
	if err != nil {
		return nil, err
	}
	iss, err := g.issuer(h, claims.iss)
	if err != nil {
		return nil, err
	}
	keys := iss.keys.open()
	if err := keys.accept(h); err != nil {
		return nil, err
	}
	key, err := keys.verify(ctx, h, t.signingInput, signature)
	if err != nil {
		return nil, err
	}
	if !known {
		g.headers.add(t.header, h)
	}
	v, err := iss.read(&claims, text)
	if err != nil {
		return nil, err
	}
	v.key, v.keys, v.session = key, keys, iss.local
	v.from, v.end = v.notBefore.Add(-g.leeway), v.identity.ExpiresAt.Add(g.leeway)
	return v, nil
}

// issuer is the one that the claims name. They are not verified yet: a wrong
// name only leads to keys that did not make the signature.
func (g *Guard) issuer(h header, value string) (*issuer, error) {
	present := value != ""
	name, ok := strictjson.String(value)
	if present && (!ok || name == "") {
		return nil, refuse(reasonIssuer, "iss is empty or no string")
	}
	for i := range g.issuers {
		if g.issuers[i].url == name {
			return &g.issuers[i], nil
		}
	}
	if !present && !isAsymmetric(h.alg) {
		return nil, refuse(reasonIssuer, "the token has no iss, and every issuer has a URL; alg is %s: "+
			"did another issuer sign it with a shared secret, or is it of a link that Better Auth mailed?",
			quote(h.alg))
	}
	if !present {
		return nil, refuse(reasonIssuer, "the token has no iss, and every issuer has a URL")
	}
	return nil, refuse(reasonIssuer, "iss is %s and %s%s", quote(name), g.expected(),
		nearly(name, g.urls()...))
}

// expected tells which issuers there are.
func (g *Guard) expected() string {
	if len(g.issuers) == 1 && g.issuers[0].url == "" {
		return "Issuers[0].URL is not set"
	}
	s := "the issuers are"
	for _, url := range g.urls() {
		s += " " + quote(url)
	}
	return s
}

func (g *Guard) urls() (urls []string) {
	for i := range g.issuers {
		urls = append(urls, g.issuers[i].url)
	}
	return urls
}
