package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/authtodo/authtodo/auth"
)

const usage = `example serves todos behind a guard, with accounts and a page to use them on.

The environment configures it. A variable that is empty counts as not set.

  ADDR                where to listen; 127.0.0.1:8080 if not set
  DATABASE_URL        sqlite:path or postgres://user:password@host/name;
                      sqlite:authtodo-data/todos.db if not set
  BASE_URL            where browsers reach it, if not at ADDR; mails lead there
  AUTH_SECRET         what sessions and tokens are made of, 32 random bytes or more. If
                      not set, one is generated at the first run and kept beside the
                      SQLite file, or in authtodo-data/ with Postgres
  BETTER_AUTH_SECRET  accept tokens that Better Auth signs with this secret, too: HS256,
                      the user in sub or user_id, maybe email, and exp; 32 bytes or more
  AUTH_ISSUER         tokens of that secret must have this iss; if not set, none
  AUTH_AUDIENCE       tokens of that secret must have this aud; if not set, none
                      (each of the two may be set without the other)
  BETTER_AUTH_URL     accept the tokens of Better Auth's jwt plugin, too: where Better
                      Auth is, as its own configuration says. Issuer, audience and key
                      set follow from it. Several, separated by commas: the users of
                      the first are those of the accounts, too; each other has users of
                      its own
  CORS_ORIGINS        origins of pages that may call the API, separated by commas:
                      http://localhost:3000,https://app.example.com
  TRUSTED_PROXIES     proxies in front of it, whose X-Forwarded-For is believed: addresses
                      and networks, separated by commas, such as 10.0.0.7,fd00::/64. Behind
                      a proxy that is not listed all clients share one limit on attempts
                      to sign in
  RATE_LIMIT          off lifts the limits on attempts to sign in, for tests
  MIGRATE             off only looks whether the tables are up to date, and does not
                      start if they are not; else it brings them up to date

With -demo it prints two ready tokens, too, of alice and of bob: signed with
BETTER_AUTH_SECRET or, without one, with a secret that is made of AUTH_SECRET.

With -migrate it serves nothing: it brings the tables up to date, as a step of a
release does before the services start with MIGRATE=off. With -check it tells whether
they are, by its exit code, too.

With -import it serves nothing: it brings the users of a Better Auth database
along, with their ids and passwords, and prints what has become of them. That can
be repeated. With -dry-run nobody is written. With -since, which each run prints for
the next one, those who signed up before are passed over, so that nobody comes back
who was deleted since.

  example -import sqlite:path [-dry-run] [-since 2026-05-01T10:00:00Z]
  example -import postgres://user:password@host/name [-dry-run] [-since …]

Ctrl-C ends it when the requests under way have been answered; a second Ctrl-C
ends it at once.
`

// dataFolder is where things are kept unless DATABASE_URL says otherwise. It is
// the only folder that is made: one that is missing in a path that somebody has
// written is more likely a mistake in it.
const dataFolder = "authtodo-data"

// config is what the environment says. It is nothing to print: it has secrets.
type config struct {
	addr       string
	sqlite     string // the path of the file; empty with Postgres
	postgres   string // the URL; empty with SQLite
	baseURL    string // empty: the address
	secret     string // what the accounts' sessions and tokens are made of
	secretFile string // where it is kept; empty with AUTH_SECRET
	shared     string // what others sign tokens with; empty if nobody does
	issuer     string // of those tokens
	audience   string // of those tokens
	betterAuth []auth.Issuer
	origins    []string
	proxies    []netip.Prefix
	unlimited  bool // attempts to sign in
	checkOnly  bool // of the tables
	demo       bool
}

// parseConfig reads the environment. Its error names everything that is wrong.
func parseConfig(getenv func(string) string, demo bool) (config, error) {
	cfg := config{
		addr:     getenv("ADDR"),
		baseURL:  getenv("BASE_URL"),
		secret:   getenv("AUTH_SECRET"),
		shared:   getenv("BETTER_AUTH_SECRET"),
		issuer:   getenv("AUTH_ISSUER"),
		audience: getenv("AUTH_AUDIENCE"),
		demo:     demo,
	}
	if cfg.addr == "" {
		cfg.addr = "127.0.0.1:8080"
	}
	errDatabase := cfg.parseDatabase(getenv("DATABASE_URL"))
	if cfg.secret == "" {
		cfg.secretFile = secretFile(cfg.sqlite)
	}
	origins, errOrigins := parseOrigins(getenv("CORS_ORIGINS"))
	cfg.origins = origins
	betterAuth, errBetterAuth := parseBetterAuth(getenv("BETTER_AUTH_URL"), cfg.issuer)
	cfg.betterAuth = betterAuth
	proxies, errProxies := parseProxies(getenv("TRUSTED_PROXIES"))
	cfg.proxies = proxies
	var errLimit, errMigrate error
	cfg.unlimited, errLimit = parseOff("RATE_LIMIT", getenv)
	cfg.checkOnly, errMigrate = parseOff("MIGRATE", getenv)
	return cfg, errors.Join(checkAddr(cfg.addr), errDatabase, cfg.checkAuth(), errBetterAuth, errOrigins,
		errProxies, errLimit, errMigrate)
}

// parseOff reads a variable that is off or not set.
func parseOff(name string, getenv func(string) string) (off bool, err error) {
	text := getenv(name)
	if text != "" && text != "off" {
		return false, fmt.Errorf("%s must be off or not be set, not %q", name, text)
	}
	return text == "off", nil
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("ADDR must be host:port such as 127.0.0.1:8080, not %q", addr)
	}
	return nil
}

// parseDatabase never shows the URL: it may hold a password, and in one that is
// wrong nobody knows where.
func (c *config) parseDatabase(text string) error {
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "":
		c.sqlite = filepath.Join(dataFolder, "todos.db")
	case scheme == "sqlite" && rest == "":
		return errors.New("DATABASE_URL has no path behind sqlite:")
	case scheme == "sqlite" && strings.HasPrefix(rest, "//"):
		return errors.New("DATABASE_URL must be sqlite:path, without // before the path")
	case scheme == "sqlite":
		c.sqlite = filepath.FromSlash(rest)
	case (scheme == "postgres" || scheme == "postgresql") && strings.HasPrefix(rest, "//"):
		c.postgres = text
	default:
		return errors.New("DATABASE_URL must begin with sqlite:, postgres:// or postgresql:// " +
			"(it is not shown, for it may hold a password)")
	}
	return nil
}

// checkAuth has the module judge the settings of others' tokens, and tells their
// faults by the names that they have here.
func (c *config) checkAuth() error {
	issuer, ok := c.sharedIssuer()
	if !ok && (c.issuer != "" || c.audience != "") {
		return errors.New("AUTH_ISSUER and AUTH_AUDIENCE are about tokens of BETTER_AUTH_SECRET, " +
			"which is not set")
	}
	if !ok {
		return nil
	}
	if c.shared == "" {
		issuer.Keys = auth.SharedSecret(newSecret()) // in the place of one that is not made yet
	}
	err := auth.Options{Issuers: []auth.Issuer{issuer}}.Validate()
	if err == nil {
		return nil
	}
	return errors.New(strings.NewReplacer(
		"Auth.Issuers[0].Keys: the current secret", "BETTER_AUTH_SECRET",
		"Auth.Issuers[0].URL:", "AUTH_ISSUER",
		"Auth.Issuers[0].Audience[0]:", "AUTH_AUDIENCE",
	).Replace(err.Error()))
}

// secretFile is where a generated secret is kept.
func secretFile(sqlite string) string {
	if sqlite != "" {
		return sqlite + ".secret"
	}
	return filepath.Join(dataFolder, "postgres.secret")
}

// parseOrigins accepts exact origins only, as browsers send them. With a
// wildcard, every page that somebody opens could use the API.
func parseOrigins(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	var origins []string
	var faults []error
	for origin := range strings.SplitSeq(text, ",") {
		origin = strings.TrimSpace(origin)
		if strings.Contains(origin, "*") {
			return nil, errors.New("CORS_ORIGINS takes no wildcard: name each origin")
		}
		if !isOrigin(origin) {
			faults = append(faults, fmt.Errorf("CORS_ORIGINS has %q, which is no origin: "+
				"an origin is http:// or https:// and a host in lower case, with its port "+
				"if that is not the usual one, and nothing behind it", origin))
		}
		origins = append(origins, origin)
	}
	return origins, errors.Join(faults...)
}

// isOrigin reports whether a browser may send s as the origin of a page.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return false
	}
	standard := map[string]string{"http": "80", "https": "443"}[u.Scheme] // browsers leave it out
	return s == strings.ToLower(u.Scheme+"://"+u.Host) && u.Port() != standard &&
		!strings.HasSuffix(u.Host, ":")
}
