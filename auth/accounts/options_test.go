package accounts_test

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// faultsOf are what Register says, line by line.
func faultsOf(change func(*options)) string {
	opts := options{
		Storage:  memory.New().Backend(),
		Accounts: &accounts.Options{BaseURL: "https://app.example.com", Secret: accountsSecret},
		Logger:   slog.New(slog.DiscardHandler),
	}
	change(&opts)
	module, err := authtodo.Register(gin.New().Group("/api"), opts)
	if err != nil {
		return err.Error()
	}
	module.Close()
	return ""
}

func TestOptions(t *testing.T) {
	t.Parallel()
	own := func(change func(*accounts.Options)) func(*options) {
		return func(o *options) { change(o.Accounts) }
	}
	beside := func(iss auth.Issuer, space string) func(*options) {
		return func(o *options) { o.Auth.Issuers, o.Accounts.UserSpace = []auth.Issuer{iss}, space }
	}
	const other = "Zr8fV2mKq6YwXs4LtBn7Jd0Gh5Pc3Ue1"
	for name, test := range map[string]struct {
		change func(*options)
		want   string // a part of the error; empty: there is none
	}{
		"as it comes":         {func(*options) {}, ""},
		"no store":            {func(o *options) { o.Storage.Accounts = nil }, "Storage.Accounts: is missing"},
		"no base URL":         {own(func(o *accounts.Options) { o.BaseURL = "" }), "Accounts.BaseURL: required"},
		"a base URL of junk":  {own(func(o *accounts.Options) { o.BaseURL = "app.example.com" }), "Accounts.BaseURL: must be"},
		"with a query":        {own(func(o *accounts.Options) { o.BaseURL = "https://a.example/?x" }), "Accounts.BaseURL: must be"},
		"another scheme":      {own(func(o *accounts.Options) { o.BaseURL = "javascript://a.example" }), "Accounts.BaseURL: must be"},
		"http elsewhere":      {own(func(o *accounts.Options) { o.BaseURL = "http://a.example" }), "http is for this machine"},
		"http, as asked":      {own(func(o *accounts.Options) { o.BaseURL, o.InsecureHTTP = "http://a.example", true }), ""},
		"http here":           {own(func(o *accounts.Options) { o.BaseURL = "http://localhost:8080" }), ""},
		"a path":              {own(func(o *accounts.Options) { o.BaseURL = "https://a.example/api/auth" }), ""},
		"no secret":           {own(func(o *accounts.Options) { o.Secret = "" }), "Accounts.Secret: is empty"},
		"a short secret":      {own(func(o *accounts.Options) { o.Secret = "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0" }), "Accounts.Secret: has 31 bytes"},
		"a published secret":  {own(func(o *accounts.Options) { o.Secret = "better-auth-secret-12345678901234567890" }), "published example"},
		"a weak old secret":   {own(func(o *accounts.Options) { o.PreviousSecrets = []accounts.Secret{"x"} }), "Accounts.PreviousSecrets[0]: has 1 bytes"},
		"one secret twice":    {own(func(o *accounts.Options) { o.PreviousSecrets = []accounts.Secret{accountsSecret} }), "is there twice"},
		"a space of junk":     {own(func(o *accounts.Options) { o.UserSpace = "A b" }), "Accounts.UserSpace: must be"},
		"no mailer":           {own(func(o *accounts.Options) { o.RequireVerification = true }), "Accounts.Mailer: required"},
		"a page elsewhere":    {own(func(o *accounts.Options) { o.ResetPage = "//evil.example/x" }), "Accounts.ResetPage: must be a path"},
		"a page of junk":      {own(func(o *accounts.Options) { o.VerifyPage = "verify" }), "Accounts.VerifyPage: must be a path"},
		"idle beyond life":    {own(func(o *accounts.Options) { o.Idle, o.Life = 48*time.Hour, 24*time.Hour }), "Accounts.Idle: is 48h"},
		"a short life":        {own(func(o *accounts.Options) { o.Life = 24 * time.Hour }), ""},
		"a life below idle":   {own(func(o *accounts.Options) { o.Life = time.Second }), "Accounts.Life: is 1s"},
		"a negative life":     {own(func(o *accounts.Options) { o.Life = -time.Hour }), "Accounts.Life: is -1h"},
		"a long access":       {own(func(o *accounts.Options) { o.Access = 2 * time.Hour }), "Accounts.Access: is 2h"},
		"a long bound":        {own(func(o *accounts.Options) { o.Recheck = time.Hour }), "Accounts.Recheck: is 1h"},
		"always":              {own(func(o *accounts.Options) { o.Recheck = accounts.Always }), ""},
		"no sessions":         {own(func(o *accounts.Options) { o.MaxSessions = -1 }), "Accounts.MaxSessions: is -1"},
		"no memory":           {own(func(o *accounts.Options) { o.HashMemory = 1 }), "Accounts.HashMemory: is 1,"},
		"a proxy of junk":     {own(func(o *accounts.Options) { o.TrustedProxies = []netip.Prefix{{}} }), "Accounts.TrustedProxies[0]: is no prefix"},
		"several at once":     {own(func(o *accounts.Options) { *o = accounts.Options{} }), "Accounts.Secret"},
		"beside another":      {beside(auth.Issuer{Keys: auth.SharedSecret(other), UserSpace: "old"}, "default"), ""},
		"without a space":     {beside(auth.Issuer{Keys: auth.SharedSecret(other), UserSpace: "old"}, ""), "Accounts.UserSpace: required"},
		"one without a space": {beside(auth.Issuer{Keys: auth.SharedSecret(other)}, "default"), "Auth.Issuers[0].UserSpace: required"},
		"one secret for two":  {beside(auth.Issuer{Keys: auth.SharedSecret(accountsSecret), UserSpace: "old"}, "default"), "shares a secret with Accounts"},
		"for one space":       {beside(auth.Issuer{Keys: auth.SharedSecret(accountsSecret), UserSpace: "default"}, "default"), ""},
		"one URL for two": {beside(auth.Issuer{URL: "https://app.example.com", Keys: auth.SharedSecret(other), UserSpace: "old"},
			"default"), "Auth.Issuers[0].URL: is the one of the accounts"},
		"nobody issues": {func(o *options) { o.Accounts = nil }, "Auth.Issuers: required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := faultsOf(test.change)
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("the error is %q, want %q", got, test.want)
			}
			if strings.Contains(got, accountsSecret) || strings.Contains(got, other) {
				t.Error("it shows the secret")
			}
		})
	}
	got := faultsOf(func(o *options) {
		*o = options{Accounts: &accounts.Options{RequireVerification: true}, Logger: o.Logger}
	})
	for _, want := range []string{
		"Storage.Todos", "Storage.Accounts", "Accounts.BaseURL", "Accounts.Secret", "Accounts.Mailer",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %q", want, got)
		}
	}
}

// TestParametersInThePath: a mail needs one path to lead to.
func TestParametersInThePath(t *testing.T) {
	t.Parallel()
	opts := options{
		Storage: memory.New().Backend(), Logger: slog.New(slog.DiscardHandler),
		Accounts: &accounts.Options{BaseURL: "https://app.example.com", Secret: accountsSecret, Mailer: &postman{}},
	}
	if _, err := authtodo.Register(gin.New().Group("/:tenant"), opts); err == nil || !strings.Contains(err.Error(), "Accounts.BaseURL") {
		t.Errorf("the error is %v", err)
	}
	opts.Accounts.BaseURL += "/a/auth"
	if _, err := authtodo.Register(gin.New().Group("/:tenant"), opts); err != nil {
		t.Error(err)
	}
}

// TestBesideAnotherIssuer: its tokens go by its own rules, and two users of one
// id in two spaces are two.
func TestBesideAnotherIssuer(t *testing.T) {
	t.Parallel()
	const other = "Zr8fV2mKq6YwXs4LtBn7Jd0Gh5Pc3Ue1"
	h := newHouse(t, func(o *options) {
		o.Auth.Issuers = []auth.Issuer{{Keys: auth.SharedSecret(other), UserSpace: "old"}}
		o.Accounts.UserSpace = auth.DefaultSpace
	})
	v := h.browser(t)
	id := signUp(v, "ada@example.com", nil).text("user", "id")
	v.must(201, "POST", "/api/todos", object{"title": "mine"})
	old := h.app(t, hs256(t, other, object{"sub": id, "sid": "no session of ours", "exp": time.Now().Add(time.Hour).Unix()}))
	if list := old.must(200, "GET", "/api/todos", nil).Text; list != "[]" {
		t.Errorf("the other user has %s", list)
	}
	old.must(401, "POST", "/api/auth/update-user", object{"name": "Eve"})
	if a := old.must(200, "GET", "/api/auth/get-session", nil); a.Text != "null" {
		t.Errorf("get-session answers %s", a.Text)
	}
}
