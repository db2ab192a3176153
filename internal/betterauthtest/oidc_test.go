package betterauthtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"github.com/authtodo/authtodo/auth"
)

// page is a client of the OpenID provider.
type page struct {
	issuer
	alg string
}

func (p page) id() string { return "page-" + p.alg }

// tokens are an answer of the token endpoint.
type tokens struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

// exchange asks the token endpoint; pairs are names and values.
func (p page) exchange(pairs ...string) (got tokens) {
	p.t.Helper()
	body := form(append(pairs, "client_id", p.id(), "client_secret", p.ask("secret"))...).Encode()
	a := p.send("POST", p.url+"/token", body, "Content-Type: application/x-www-form-urlencoded")
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Access == "" {
		p.t.Fatalf("the token endpoint: %d %s", a.status, a.body)
	}
	return got
}

func form(pairs ...string) url.Values {
	form := url.Values{}
	for n := 0; n < len(pairs); n += 2 {
		form.Set(pairs[n], pairs[n+1])
	}
	return form
}

// signIn is the way of a browser: the user signs in, agrees, and comes back with
// a code that the page exchanges.
func (p page) signIn(user, resource string) tokens {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: patience}
	callback := p.url + "/callback"
	query := form("client_id", p.id(), "response_type", "code", "redirect_uri", callback,
		"scope", "openid todos", "resource", resource)
	at, text := p.read(browser.Get(p.url + "/auth?" + query.Encode()))
	prompt := regexp.MustCompile(`name="prompt" value="(\w+)"`)
	for at.Path != "/callback" {
		asked := prompt.FindStringSubmatch(text)
		if asked == nil {
			p.t.Fatalf("%s asks for nothing: %s", at, text)
		}
		at, text = p.read(browser.PostForm(at.String(),
			form("prompt", asked[1], "login", user, "password", "any")))
	}
	return p.exchange("grant_type", "authorization_code", "code", at.Query().Get("code"),
		"redirect_uri", callback, "resource", resource)
}

// read is where the browser is, and what it sees there.
func (p page) read(resp *http.Response, err error) (*url.URL, string) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.Request.URL, string(text)
}

// TestOpenIDProvider: a provider of another make, by [auth.OIDC] and nothing
// else, with every algorithm.
func TestOpenIDProvider(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			p := page{of(t, "oidc-provider"), alg}
			api, own := serve(t, auth.OIDC(p.url, "todo")), serve(t, auth.OIDC(p.url, p.id()))
			ada := p.signIn("ada", "urn:todo:"+alg)
			want := header{Alg: alg, Kid: "key of " + alg, Typ: "at+jwt"}
			if got := headerOf(t, ada.Access); got != want {
				t.Fatalf("the access token has %v, want %v", got, want)
			}
			api.accepts(ada.Access, "ada")
			own.accepts(ada.ID, "ada")
			api.accepts(p.signIn("bob", "urn:todo:"+alg).Access, "bob")
			if n := api.count(ada.Access); n != 1 {
				t.Errorf("ada sees %d todos, want 1", n)
			}
			api.refuses(ada.ID, "audience", p.id())
			own.refuses(ada.Access, "audience", `["todo"]`)
		})
	}
}

// TestOpenIDClient: tokens of a client's own, for this service, for another, and
// for none.
func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	p := page{of(t, "oidc-provider"), "ES256"}
	grant := func(resource string) string {
		pairs := []string{"grant_type", "client_credentials"}
		if resource != "" {
			pairs = append(pairs, "resource", resource, "scope", "todos")
		}
		return p.exchange(pairs...).Access
	}
	h := serve(t, auth.OIDC(p.url, "todo"))
	good := grant("urn:todo:ES256")
	h.accepts(good, p.id())
	h.refuses(grant("urn:other:ES256"), "audience", `["other"]`, `["todo"]`)
	h.refuses(grant(""), "malformed") // opaque

	strict := auth.OIDC(p.url, "todo")
	strict.Keys = auth.KeySet(p.url + "/jwks")
	serve(t, strict).refuses(good, "type", "at+jwt")
	strict.Keys = auth.OIDCKeySet(p.url + "/jwks")
	serve(t, strict).accepts(good, p.id())
}

// TestSeveralMakes: Better Auth, an OpenID provider and a shared secret at one
// service.
func TestSeveralMakes(t *testing.T) {
	t.Parallel()
	one, two := of(t, "EdDSA"), page{of(t, "oidc-provider"), "ES256"}
	first := auth.BetterAuth(one.url)
	second := auth.OIDC(two.url, "todo")
	third := auth.Issuer{Keys: auth.SharedSecret(issuers.said.Secret)}
	first.UserSpace, second.UserSpace, third.UserSpace = auth.DefaultSpace, "id", auth.DefaultSpace
	h := serve(t, first, second, third)
	ada := one.signUp()
	token := two.signIn(ada.id, "urn:todo:ES256").Access // of the same name, and another person
	h.accepts(ada.token(), ada.id)
	h.accepts(one.ask("handmade", "user", ada.id), ada.id)
	h.accepts(token, ada.id)
	if a, b := h.count(ada.token()), h.count(token); a != 2 || b != 1 {
		t.Errorf("they see %d and %d todos, want 2 and 1", a, b)
	}
}
