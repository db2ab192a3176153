package house

import (
	"go/ast"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/secret"
)

// TestWhoCallsOut: connections to others begin in these places and in no others,
// with addresses that the host has configured.
func TestWhoCallsOut(t *testing.T) {
	begins := map[string][]string{
		"net": {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialUDP", "DialUnix", "LookupHost", "LookupIP", "LookupAddr", "LookupMX",
			"LookupTXT", "Resolver", "DefaultResolver"},
		"net/http":                    {"Client", "Transport", "DefaultClient", "DefaultTransport", "NewRequest", "NewRequestWithContext"},
		"crypto/tls":                  {"Dial", "DialWithDialer", "Dialer", "Client"},
		"github.com/lib/pq":           {"NewConnector", "NewConnectorConfig", "Open", "DialOpen", "Driver"},
		"modernc.org/sqlite":          {"NewConnector", "Driver"},
		"database/sql":                {"Open"},
		"github.com/wneessen/go-mail": {"NewClient"},
		"net/http/httputil":           {"ReverseProxy", "NewSingleHostReverseProxy"},
	}
	m, at := load(t), found{}
	m.inspect(func(p *pkg, file *ast.File, in place, n ast.Node) {
		if imported, name := of(file, n); slices.Contains(begins[imported], name) && !p.isIn("example") {
			at.add(m, in, n, imported+"."+name)
		}
	})
	at.check(t, "nobody else is called", excused{
		"auth/fetch.go fetcher":                 "key sets of the issuers in Options",
		"auth/fetch.go newFetcher":              "the same",
		"auth/fetch.go get":                     "the same",
		"auth/accounts/smtp/smtp.go Send":       "the mail server in smtp.Options",
		"auth/accounts/smtp/smtp.go dial":       "the same",
		"internal/pqconn/connector.go Connect":  "the database in the connection string",
		"internal/pqconn/connector.go Driver":   "only tells what kind of database it is",
		"internal/pqconn/socket.go DialContext": "the same database",
		"internal/pqconn/socket.go dialCancel":  "the same database",
		"storage/sqlite/sqlite.go pool":         "a file",
	})
}

// TestNoSecretsInSources: no text in production code would be taken for a secret
// by the module itself.
func TestNoSecretsInSources(t *testing.T) {
	m, at := load(t), found{}
	m.inspect(func(_ *pkg, _ *ast.File, in place, n ast.Node) {
		if strings.HasSuffix(string(in), " import") {
			return
		}
		for _, word := range strings.Fields(textOf(n)) {
			if secret.Weakness(word) == "" && secret.Doubt(word) == "" {
				at.add(m, in, n, word)
			}
		}
	})
	at.check(t, "a secret is the host's", excused{
		"auth/accounts/phc.go String":      "the form of a hash",
		"auth/accounts/phc.go parseBcrypt": "an alphabet",
		"auth/jwk.go isSmallOrder":         "points that are no keys",
		"example/config.go usage":          "two addresses",
	})
}

// TestNoReplacements: every module is what its name says, and checked against the
// public log.
func TestNoReplacements(t *testing.T) {
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for _, word := range []string{"replace ", "=>", "exclude ", "toolchain "} {
			if strings.Contains(line, word) {
				t.Errorf("go.mod has %s", line)
			}
		}
	}
}
