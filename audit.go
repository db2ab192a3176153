package authtodo

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage"
)

// Audit looks at how the module is set up, and returns what works and should be
// otherwise in production, the worst first: weak or reused secrets, cookies
// without Secure, limits that are off, a schema that is behind, a database role
// that row-level security does not bind, and more; docs/security.md lists the
// codes. engine is the one that the module is mounted on, and is asked whether it
// believes every X-Forwarded-For; nil is not asked.
//
// An error says what could not be looked at, beside what was found. A service
// calls Audit once when it starts, or in a test of its own:
//
//	findings, err := module.Audit(ctx, engine)
//	for _, f := range findings {
//		t.Error(f)
//	}
//
// What of it a host accepts, it leaves out by Code.
func (m *Module) Audit(ctx context.Context, engine *gin.Engine) ([]auth.Finding, error) {
	found := m.guard.Audit()
	if m.accounts != nil {
		found = append(found, m.accounts.service.Audit()...)
	}
	if engine != nil && trustsEverybody(engine) {
		found = append(found, auth.Finding{
			Code: "engine-trusts-all-proxies", Severity: auth.Medium, Field: "gin.Engine",
			Detail: "ClientIP is what any client says it is; name your proxies, or none, with SetTrustedProxies",
		})
	}
	stored, err := auditStorage(ctx, m.storage)
	found = append(found, stored...)
	slices.SortStableFunc(found, func(a, b auth.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), strings.Compare(a.Code, b.Code))
	})
	return found, err
}

// auditStorage asks the stores, and a pair that comes from one place once.
func auditStorage(ctx context.Context, backend storage.Backend) ([]auth.Finding, error) {
	var found []auth.Finding
	var errs []error
	for _, store := range []any{backend.Todos, backend.Accounts} {
		auditor, ok := store.(storage.Auditor)
		if !ok {
			continue
		}
		findings, err := auditor.Audit(ctx)
		errs = append(errs, err)
		for _, f := range findings {
			isKept := f.Code != "volatile-storage" || gin.Mode() == gin.ReleaseMode
			if isKept && !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	return found, errors.Join(errs...)
}

// trustsEverybody asks an engine for the address of a client that names another
// than its own, as somebody in the internet would.
func trustsEverybody(engine *gin.Engine) bool {
	const peer, claim = "192.0.2.1", "198.51.100.1" // of RFC 5737: nobody's
	c := gin.CreateTestContextOnly(nil, engine)
	c.Request = &http.Request{RemoteAddr: peer + ":1024", Header: make(http.Header)}
	for _, name := range engine.RemoteIPHeaders {
		c.Request.Header.Set(name, claim)
	}
	return c.ClientIP() != peer
}
