package authtodo_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/sqlite"
)

const randomSecret = "q1Zt8mX0vN4cRb7yLw2KpE6sHd9GfA3uJ5oTiVnC+Qk="

// ready are options that an audit finds nothing in, on memory outside of release
// mode.
func ready() authtodo.Options {
	return authtodo.Options{
		Storage: memory.New().Backend(),
		Auth: auth.Options{Issuers: []auth.Issuer{
			{Keys: auth.SharedSecret(randomSecret), UserSpace: auth.DefaultSpace},
		}},
		Accounts: &accounts.Options{
			BaseURL: "https://app.example.com", Secret: "Wm5x0KcP7vT2qZ9rB4nL8yD1gH6jS3aF",
			UserSpace: auth.DefaultSpace, Mailer: &silent{}, RequireVerification: true,
		},
	}
}

// silent is a mailer of a service whose mails nobody reads.
type silent struct{}

func (*silent) Send(context.Context, accounts.Mail) error { return nil }

// audit returns the findings as "code severity field".
func audit(t *testing.T, opts authtodo.Options, engine *gin.Engine) []string {
	t.Helper()
	module, err := authtodo.Register(engine, options(opts))
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	found, err := module.Audit(t.Context(), engine)
	if err != nil {
		t.Error(err)
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, strings.Join([]string{f.Code, f.Severity.String(), f.Field}, " "))
		if f.Detail == "" || strings.Contains(f.String(), randomSecret) || strings.Contains(f.String(), string(opts.Accounts.Secret)) {
			t.Errorf("the finding reads %s", f)
		}
	}
	return lines
}

func proud() *gin.Engine {
	engine := gin.New()
	engine.SetTrustedProxies(nil)
	return engine
}

func TestAuditFindsNothing(t *testing.T) {
	if found := audit(t, ready(), proud()); found != nil {
		t.Errorf("found %q", found)
	}
}

// TestAudit has one thing wrong at a time, so that each finding is known to come
// of that and to come alone.
func TestAudit(t *testing.T) {
	const wordy = "correct horse battery staple, and again"
	for want, change := range map[string]func(*authtodo.Options, *gin.Engine){
		"engine-trusts-all-proxies medium gin.Engine": func(_ *authtodo.Options, e *gin.Engine) {
			e.SetTrustedProxies([]string{"0.0.0.0/0"})
		},
		"doubtful-secret medium Auth.Issuers[0].Keys": func(o *authtodo.Options, _ *gin.Engine) {
			o.Auth.Issuers[0].Keys = auth.SharedSecret(randomSecret, wordy)
		},
		"doubtful-secret medium Accounts.Secret": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.PreviousSecrets = []accounts.Secret{"00000000000000001111111123456789"}
		},
		"reused-secret medium Auth.Issuers[0].Keys": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.Secret = randomSecret
		},
		"reused-secret medium Auth.Issuers[1].Keys": func(o *authtodo.Options, _ *gin.Engine) {
			o.Auth.Issuers = append(o.Auth.Issuers, auth.Issuer{
				URL: "https://other.example", Keys: o.Auth.Issuers[0].Keys, UserSpace: auth.DefaultSpace,
			})
		},
		"keys-over-http high Auth.Issuers[1].InsecureHTTP": func(o *authtodo.Options, _ *gin.Engine) {
			o.Auth.Issuers = append(o.Auth.Issuers, auth.Issuer{
				URL: "http://front", Audience: []string{"http://front"}, UserSpace: auth.DefaultSpace,
				Keys: auth.KeySet("http://front/api/auth/jwks"), InsecureHTTP: true,
			})
		},
		"long-leeway low Auth.Leeway": func(o *authtodo.Options, _ *gin.Engine) { o.Auth.Leeway = 2 * 60e9 },
		"cookie-without-secure high Accounts.BaseURL": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.BaseURL, o.Accounts.InsecureHTTP = "http://app.example.com", true
		},
		"cookie-without-secure low Accounts.BaseURL": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.BaseURL = "http://localhost:8080"
		},
		"limiter-off high Accounts.Limiter": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.Limiter = accounts.Unlimited{}
		},
		"proxies-everywhere high Accounts.TrustedProxies": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("::/0"), netip.MustParsePrefix("10.0.0.0/8"),
				netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10")}
		},
		"no-mailer low Accounts.Mailer": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.Mailer, o.Accounts.RequireVerification = nil, false
		},
		"unverified-addresses low Accounts.RequireVerification": func(o *authtodo.Options, _ *gin.Engine) {
			o.Accounts.RequireVerification = false
		},
	} {
		t.Run(want, func(t *testing.T) {
			opts, engine := ready(), proud()
			change(&opts, engine)
			if found := audit(t, opts, engine); !slices.Equal(found, []string{want}) {
				t.Errorf("found %q", found)
			}
		})
	}
}

// TestAuditOfMemory: that data ends with the process is a finding where users
// are real.
func TestAuditOfMemory(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	defer gin.SetMode(gin.TestMode)
	if found := audit(t, ready(), proud()); !slices.Equal(found, []string{"volatile-storage high Storage"}) {
		t.Errorf("found %q", found)
	}
}

func TestAuditOfSQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "todos.db")
	db, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	opts := ready()
	opts.Storage = db.Backend()
	if found := audit(t, opts, proud()); !slices.Equal(found, []string{"schema-differs high Storage"}) {
		t.Errorf("found %q before the migrations", found)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := audit(t, opts, proud()); found != nil {
		t.Errorf("found %q", found)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if found := audit(t, opts, proud()); !slices.Equal(found, []string{"file-open-to-others medium Storage"}) {
		t.Errorf("found %q of a file that is open to others", found)
	}
}

// TestAuditWorstFirst has many things wrong, and a database that is gone.
func TestAuditWorstFirst(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "todos.db"))
	if err != nil {
		t.Fatal(err)
	}
	opts := ready()
	opts.Storage = db.Backend()
	opts.Auth.Leeway, opts.Accounts.Limiter = 2*60e9, accounts.Unlimited{}
	engine := gin.New()
	module, err := authtodo.Register(engine, options(opts))
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	db.Close()
	found, err := module.Audit(t.Context(), engine)
	if err == nil {
		t.Error("no error tells that the database is gone")
	}
	var codes []string
	for _, f := range found {
		codes = append(codes, f.Code)
	}
	if want := []string{"limiter-off", "engine-trusts-all-proxies", "long-leeway"}; !slices.Equal(codes, want) {
		t.Errorf("found %q, want %q", codes, want)
	}
}

// TestFindingsAreInTheDocs: each code with a row, and no row without a code.
func TestFindingsAreInTheDocs(t *testing.T) {
	var codes []string
	for _, file := range []string{
		"audit.go", "auth/audit.go", "auth/accounts/audit.go", "internal/sqlstore/audit.go",
		"storage/memory/audit.go", "storage/sqlite/audit.go", "storage/postgres/audit.go",
	} {
		for _, m := range regexp.MustCompile(`"([a-z]+(?:-[a-z]+)+)"`).FindAllStringSubmatch(read(t, file), -1) {
			codes = append(codes, m[1])
		}
	}
	_, section, _ := strings.Cut(read(t, "docs/security.md"), "\n## Audit\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(section, -1) {
		rows = append(rows, m[1])
	}
	slices.Sort(codes)
	slices.Sort(rows)
	if codes = slices.Compact(codes); !slices.Equal(codes, rows) {
		t.Errorf("the codes are\n%q, and the rows\n%q", codes, rows)
	}
}
