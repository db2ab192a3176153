package authtodo_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/sqlite"
)

// TestHealth: with everything there it is nil, and else it says what is missing.
func TestHealth(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1",` +
			`"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)) // RFC 8037 appendix A.2
	}))
	t.Cleanup(issuer.Close)
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "todos.db"))
	if err != nil {
		t.Fatal(err)
	}
	register := func() *authtodo.Module {
		module, err := authtodo.Register(gin.New(), options(authtodo.Options{
			Storage: db.Backend(),
			Auth: auth.Options{Issuers: []auth.Issuer{{
				URL: issuer.URL, Audience: []string{"todos"}, Keys: auth.KeySet(issuer.URL + "/jwks"),
			}}},
		}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { module.Close() })
		return module
	}
	good := register()
	if err := good.Health(t.Context()); err != nil {
		t.Error(err)
	}
	down.Store(true)
	if err := good.Health(t.Context()); err != nil {
		t.Errorf("although the last keys serve: %v", err)
	}
	bad := register()
	db.Close()
	err = bad.Health(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Auth.Issuers[0].Keys: ") || strings.Count(err.Error(), "Storage: ") != 1 {
		t.Errorf("without keys and without a storage: %v", err)
	}
}
