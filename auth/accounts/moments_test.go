package accounts_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// moments is a store that has something happen right before it does one thing for
// the first time.
type moments struct {
	accounts.Store
	signIn, end, looked atomic.Pointer[func()]
	put                 atomic.Pointer[func(accounts.Purpose)]
	noKeys              atomic.Bool // there are none any more
}

func (m *moments) behind(o *authtodo.Options) {
	m.Store = o.Storage.Accounts
	o.Storage.Accounts = m
}

func (m *moments) CreateSession(
	ctx context.Context, session accounts.Session, password string, limit int,
) error {
	if happen := m.signIn.Swap(nil); happen != nil {
		(*happen)()
	}
	return m.Store.CreateSession(ctx, session, password, limit)
}

func (m *moments) EndSession(ctx context.Context, userID, id string) error {
	if happen := m.end.Swap(nil); happen != nil {
		(*happen)()
	}
	return m.Store.EndSession(ctx, userID, id)
}

func (m *moments) PutCode(ctx context.Context, userID string, code accounts.Code, limit int) error {
	if happen := m.put.Swap(nil); happen != nil {
		(*happen)(code.Purpose)
	}
	return m.Store.PutCode(ctx, userID, code, limit)
}

// Account has something happen behind the look at an account, not before it.
func (m *moments) Account(ctx context.Context, userID string) (accounts.Account, error) {
	a, err := m.Store.Account(ctx, userID)
	if happen := m.looked.Swap(nil); happen != nil {
		(*happen)()
	}
	return a, err
}

// withheld is a body whose sender has something happen before the first byte of it.
type withheld struct {
	happen func()
	text   *strings.Reader
}

func (w *withheld) Read(p []byte) (int, error) {
	if w.happen != nil {
		w.happen()
		w.happen = nil
	}
	return w.text.Read(p)
}

// slowly sends a request with a body that comes once something has happened.
func (h *house) slowly(
	t *testing.T, header http.Header, method, path string, body object, happen func(),
) *httptest.ResponseRecorder {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, h.URL+path, &withheld{happen, strings.NewReader(string(text))})
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.Config.Handler.ServeHTTP(w, r)
	return w
}

// one is the only mail of a kind, as soon as it is there.
func (p *postman) one(t *testing.T, kind accounts.MailKind) accounts.Mail {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		p.mu.Lock()
		all := slices.Clone(p.mails)
		p.mu.Unlock()
		if i := slices.IndexFunc(all, func(m accounts.Mail) bool { return m.Kind == kind }); i >= 0 {
			return all[i]
		}
	}
	t.Fatalf("no mail of the kind %s came", kind)
	return accounts.Mail{}
}

func (m *moments) SigningKeys(ctx context.Context) ([]accounts.SigningKey, error) {
	if m.noKeys.Load() {
		return nil, nil
	}
	return m.Store.SigningKeys(ctx)
}
