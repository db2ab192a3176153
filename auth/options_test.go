package auth_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth"
)

// faultsOf are the lines of the error of New, which must be that of Validate.
func faultsOf(t *testing.T, opts auth.Options) []string {
	t.Helper()
	err := opts.Validate()
	g, also := auth.New(opts, auth.Deps{})
	if (err == nil) != (also == nil) || (g == nil) != (err != nil) {
		t.Fatalf("Validate: %v, New: %v %v", err, g, also)
	}
	if err == nil {
		return nil
	}
	if err.Error() != also.Error() {
		t.Errorf("Validate: %v, New: %v", err, also)
	}
	return strings.Split(err.Error(), "\n")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	keys, keys2 := auth.SharedSecret(secret), auth.SharedSecret(other)
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		opts auth.Options
		want []string // the start of each fault
	}{
		"zero": {auth.Options{}, []string{"Auth.Issuers: required"}},
		"no keys": {auth.Options{Issuers: []auth.Issuer{{}}},
			[]string{"Auth.Issuers[0].Keys: required"}},
		"negative leeway": {auth.Options{Leeway: -1, Issuers: []auth.Issuer{{Keys: keys}}},
			[]string{"Auth.Leeway: "}},
		"small cache": {auth.Options{TokenCache: 63, Issuers: []auth.Issuer{{Keys: keys}}},
			[]string{"Auth.TokenCache: "}},
		"large cache": {auth.Options{TokenCache: 1<<20 + 1, Issuers: []auth.Issuer{{Keys: keys}}},
			[]string{"Auth.TokenCache: "}},
		"long leeway": {auth.Options{Leeway: 5*time.Minute + 1, Issuers: []auth.Issuer{{Keys: keys}}},
			[]string{"Auth.Leeway: "}},
		"all at once": {auth.Options{Leeway: time.Hour, Issuers: []auth.Issuer{
			{URL: "a\nb", Audience: []string{"", "x", "x", long, "a\x00"},
				Keys:      auth.SharedSecret("short", "", "short"),
				UserSpace: "Ada"},
			{URL: long},
		}}, []string{
			"Auth.Leeway: ",
			"Auth.Issuers[0].URL: ",
			"Auth.Issuers[0].Audience[0]: must not be empty",
			"Auth.Issuers[0].Audience[2]: is there twice",
			"Auth.Issuers[0].Audience[3]: must be at most 255",
			"Auth.Issuers[0].Audience[4]: must be at most 255",
			"Auth.Issuers[0].UserSpace: must be",
			"Auth.Issuers[0].Keys: the current secret has 5 bytes and needs 32",
			"Auth.Issuers[0].Keys: previous secret 1 is empty",
			"Auth.Issuers[0].Keys: previous secret 2 has 5 bytes and needs 32",
			"Auth.Issuers[0].Keys: previous secret 2 is there twice",
			"Auth.Issuers[1].URL: must be at most 255",
			"Auth.Issuers[1].UserSpace: required with several issuers",
			"Auth.Issuers[1].Keys: required",
		}},
		"one URL twice": {auth.Options{Issuers: []auth.Issuer{
			{URL: iss, Keys: keys, UserSpace: "a"}, {URL: iss, Keys: keys2, UserSpace: "b"},
		}}, []string{"Auth.Issuers[1].URL: is the one of Issuers[0] too"}},
		"two without a URL": {auth.Options{Issuers: []auth.Issuer{
			{Keys: keys, UserSpace: "a"}, {Keys: keys2, UserSpace: "b"},
		}}, []string{"Auth.Issuers[1].URL: required"}},
		"no spaces": {auth.Options{Issuers: []auth.Issuer{{URL: iss, Keys: keys}, {Keys: keys2}}},
			[]string{"Auth.Issuers[0].UserSpace: required", "Auth.Issuers[1].UserSpace: required"}},
		"one secret, two spaces": {auth.Options{Issuers: []auth.Issuer{
			{URL: iss, Keys: keys, UserSpace: "a"},
			{URL: "b", Keys: auth.SharedSecret(other, secret), UserSpace: "b"},
		}}, []string{"Auth.Issuers[1].Keys: shares a secret with Issuers[0]"}},
		"nine previous": {shared(secret, randoms(9)...),
			[]string{"Auth.Issuers[0].Keys: 9 previous secrets"}},
		"the current among the previous": {shared(secret, other, secret),
			[]string{"Auth.Issuers[0].Keys: previous secret 2 is there twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := faultsOf(t, test.opts)
			if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestNoFaults(t *testing.T) {
	t.Parallel()
	keys := auth.SharedSecret(secret)
	for name, opts := range map[string]auth.Options{
		"shortest":       shared(secret),
		"eight previous": shared(secret, randoms(8)...),
		"long leeway":    {Leeway: 5 * time.Minute, Issuers: []auth.Issuer{{Keys: keys}}},
		"a URN":          {Issuers: []auth.Issuer{{URL: "urn:example:idp", Keys: keys}}},
		"a name":         {Issuers: []auth.Issuer{{URL: "my-backend", Keys: keys, UserSpace: "x"}}},
		"one space": {Issuers: []auth.Issuer{
			{URL: iss, Keys: keys, UserSpace: "people"}, {Keys: keys, UserSpace: "people"},
		}},
		"the default space by its name": {Issuers: []auth.Issuer{
			{URL: iss, Keys: keys, UserSpace: auth.DefaultSpace},
			{URL: "b", Keys: auth.SharedSecret(other), UserSpace: "b"},
		}},
	} {
		if got := faultsOf(t, opts); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUserSpaceNames(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{"a": true, "0": true, "a-b-9": true, "a-": true,
		strings.Repeat("a", 32): true,
		strings.Repeat("a", 33): false, "-a": false, "A": false, "a_b": false, "a b": false, "ä": false,
		"a\n": false,
		"\na": false, "a\x1f": false, " ": false, "a.b": false, "a/b": false} {
		opts := auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret), UserSpace: name}}}
		if got := faultsOf(t, opts); (got == nil) != ok {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// randoms are n random secrets.
func randoms(n int) []string {
	list := make([]string, n)
	for i := range list {
		var b [32]byte
		rand.Read(b[:])
		list[i] = base64.StdEncoding.EncodeToString(b[:])
	}
	return list
}

func TestWeakSecrets(t *testing.T) {
	t.Parallel()
	for _, weak := range []string{
		"",
		"secret",
		"p7Qw1zXv9LmT4cRk8NsHb2Yd6JfGu3E", // 31 bytes
		"better-auth-secret-12345678901234567890",
		"better-auth-secret-123456789012345678901234",
		"BETTER_AUTH_SECRET_BETTER_AUTH_SECRET",
		"your-256-bit-secretyour-256-bit-secret",
		"a-string-secret-at-least-256-bits-long",
		"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
		"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
		"404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
		"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
		"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
		"super-secret-jwt-token-with-at-least-32-characters-long",
		"your-super-secret-jwt-token-with-at-least-32-characters-long",
		"reallyreallyreallyreallyverysafe",
		"django-insecure-8#k2v!x9q@w7e$r5t^y3u",
		"======================BezKoder=Spring===========================",
		"change-me-to-a-long-random-string",
		"CHANGE_ME_CHANGE_ME_CHANGE_ME_42x",
		"replace-with-at-least-32-random-characters",
		"your_super_secret_jwt_key_change_this_in_production",
		"0123456789abcdef0123456789abcdef",
		"deadbeefdeadbeefdeadbeefdeadbeef",
		strings.Repeat("a", 32),
		strings.Repeat("\x00", 32),
		strings.Repeat("ab", 16),
		strings.Repeat("Xy7!qP2z", 4),
		strings.Repeat("p7Qw1zXv9LmT4cRk", 2),
		"aaaaaaaaaaaaaaaabbbbbbbbccccddde",
		"11112222333344445555666677771111",
	} {
		if got := faultsOf(t, shared(weak)); len(got) != 1 {
			t.Errorf("%q: %v", weak, got)
		}
		if got := faultsOf(t, shared(secret, weak)); len(got) != 1 ||
			!strings.Contains(got[0], "previous secret 1") {
			t.Errorf("%q as the previous: %v", weak, got)
		} else if len(weak) > 6 && strings.Contains(got[0], weak) {
			t.Errorf("the fault shows the secret: %s", got[0])
		}
	}
}

// TestStrongSecrets: no random secret may be taken for a published one, in
// whichever alphabet it is written.
func TestStrongSecrets(t *testing.T) {
	t.Parallel()
	for range 200 {
		var b [32]byte
		rand.Read(b[:])
		for _, strong := range []string{string(b[:]), hex.EncodeToString(b[:]),
			base64.StdEncoding.EncodeToString(b[:]),
			base64.RawURLEncoding.EncodeToString(b[:24]), hex.EncodeToString(b[:16]), rand.Text() +
				rand.Text()[:6],
			"my-todo-app-secret-" + hex.EncodeToString(b[:16]), "test-secret-of-a-suite-" +
				hex.EncodeToString(b[:5])} {
			if got := faultsOf(t, shared(strong)); got != nil {
				t.Errorf("%q: %v", strong, got)
			}
		}
	}
}

// TestKeysHide: no printer shows a secret, wherever the keys are.
func TestKeysHide(t *testing.T) {
	t.Parallel()
	keys := auth.SharedSecret(secret, other)
	opts := auth.Options{Issuers: []auth.Issuer{{URL: iss, Keys: keys}}}
	guard, err := auth.New(opts, auth.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	type host struct {
		opts auth.Options // a field that fmt may not call methods on
		keys *auth.Keys
	}
	inside := host{opts, &keys}
	var out strings.Builder
	for _, v := range []any{keys, &keys, opts, &opts, opts.Issuers[0], []auth.Keys{keys},
		map[string]auth.Keys{"a": keys},
		inside, &inside, guard, [1]any{keys}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3v",
			"% x", "%p"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		b, err := json.Marshal(v)
		fmt.Fprintln(&out, string(b), err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v, slog.Group("g", "v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v, slog.Group("g", "v", v))
	}
	text, err := keys.MarshalText()
	fmt.Fprintln(&out, string(text), err, keys.String(), keys.GoString(), keys.LogValue())
	for _, s := range []string{secret, other} {
		for _, form := range []string{s, s[:8], hex.EncodeToString([]byte(s))[:16],
			fmt.Sprint([]byte(s))[1:20],
			base64.StdEncoding.EncodeToString([]byte(s))[:12], fmt.Sprintf("%#v", []byte(s))[7:30]} {
			if strings.Contains(strings.ToLower(out.String()), strings.ToLower(form)) {
				t.Errorf("%q shows in %s", form, out.String())
			}
		}
	}
}
