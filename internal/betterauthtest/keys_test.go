package betterauthtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth"
)

// header is what counts of the header of a token.
type header struct{ Alg, Kid, Typ string }

func headerOf(t *testing.T, token string) (h header) {
	t.Helper()
	part(t, token, 0, &h)
	return h
}

// part decodes a segment of a token.
func part(t *testing.T, token string, n int, into any) {
	t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("%d segments", len(segments))
	}
	text, err := base64.RawURLEncoding.DecodeString(segments[n])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestRotation: a key that follows another is good at once or, where someone has
// just asked for a key that nobody has, 10 seconds later. Tokens of the one
// before stay good as long as it is published, and 15 minutes more at most.
func TestRotation(t *testing.T) {
	t.Parallel()
	i := of(t, "rotating")
	h := serve(t, auth.BetterAuth(i.url))
	ada := i.signUp()
	first := ada.token()
	h.accepts(first, ada.id)

	i.ask("age", "seconds", "3601") // expired, and in its time of grace
	second := ada.token()
	if headerOf(t, first).Kid == headerOf(t, second).Kid {
		t.Fatal("the key was not rotated")
	}
	h.accepts(second, ada.id)
	h.accepts(first, ada.id)

	i.ask("age", "seconds", "3601") // the first key is published no more
	third := ada.token()
	h.refuses(third, "key", headerOf(t, third).Kid)
	h.pass(10 * time.Second)
	h.accepts(third, ada.id)
	h.accepts(second, ada.id)
	h.refuses(first, "key", "is the key set this issuer's?")

	i.ask("age", "seconds", "7201") // all keys are gone
	h.accepts(third, ada.id)
	h.pass(15 * time.Minute)
	eventually(t, "the withdrawn key goes", func() bool {
		return h.send("GET", "/api/todos", "", third).status == 401
	})
	h.pass(10 * time.Second)
	h.refuses(third, "key")
	fourth := ada.token()
	h.pass(10 * time.Second)
	h.accepts(fourth, ada.id)
}

// TestJunkKids: invented kids, however many, cost a key that is new 10 seconds
// at most, by the real clock.
func TestJunkKids(t *testing.T) {
	t.Parallel()
	const bound = 10 * time.Second
	i := of(t, "flooded")
	h := serve(t, auth.BetterAuth(i.url))
	ada := i.signUp()
	old := ada.token()
	h.accepts(old, ada.id)
	h.refuses(junk(old), "key") // and now the turn of the unknown keys is spent
	i.ask("age", "seconds", "3601")
	token, start, n := ada.token(), time.Now(), 0
	for h.send("GET", "/api/todos", "", token).status != 200 {
		if time.Since(start) > bound+patience {
			t.Fatal("the new key is never good")
		}
		for range 5 {
			h.send("GET", "/api/todos", "", junk(old))
			n++
		}
		time.Sleep(50 * time.Millisecond) // leaves the machine to the other tests
	}
	took := time.Since(start)
	if took >= 2*bound { // what a missed turn costs; less may be the machine
		t.Errorf("the new key is good after %v and %d invented ones", took, n)
	}
	h.accepts(old, ada.id)
	t.Logf("the new key is good after %v and %d invented ones", took, n)
}

// junk is the token with a kid that nobody has.
func junk(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	head := `{"alg":"EdDSA","kid":"` + rand.Text() + `"}`
	return base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + rest
}

// TestFirstUse: eight tokens at once, when there is no key yet, are of several
// keys, and all of them are good.
func TestFirstUse(t *testing.T) {
	t.Parallel()
	i := of(t, "racing")
	ada := i.signUp()
	var tokens [8]string
	var errs [len(tokens)]error
	var all sync.WaitGroup
	for n := range tokens {
		all.Go(func() { tokens[n], errs[n] = ada.ticket() })
	}
	all.Wait()
	h := serve(t, auth.BetterAuth(i.url))
	kids := map[string]bool{}
	for n, token := range tokens {
		if errs[n] != nil {
			t.Fatal(errs[n])
		}
		kids[headerOf(t, token).Kid] = true
		h.accepts(token, ada.id)
	}
	if len(kids) < 2 {
		t.Errorf("they are of %d keys; want several, or this shows nothing", len(kids))
	}
	t.Logf("8 tokens of %d keys", len(kids))
}

// TestSameKid: two servers whose keys have one name, the one of which claims to
// be the other. A token is checked with the keys of the issuer that it names.
func TestSameKid(t *testing.T) {
	t.Parallel()
	honest, impostor := of(t, "serial"), of(t, "impostor")
	ada, eve := honest.signUp(), impostor.signUp()
	good, forged := ada.token(), eve.token()
	if a, b := headerOf(t, good), headerOf(t, forged); a != b {
		t.Fatalf("the headers are %v and %v", a, b)
	}
	both := []auth.Issuer{auth.BetterAuth(honest.url), auth.BetterAuth(impostor.url)}
	both[0].UserSpace, both[1].UserSpace = auth.DefaultSpace, "impostor"
	h := serve(t, both...)
	h.refuses(forged, "signature", `"1"`)
	h.accepts(good, ada.id)
	h.refuses(forged, "signature", `"1"`)
}
