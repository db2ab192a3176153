package canary_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/internal/canary"
)

const secret = "kanarie+bird/of the=mine 7Qz"

// TestFindsEveryForm writes a secret in every way that somebody may write it by
// mistake.
func TestFindsEveryForm(t *testing.T) {
	t.Parallel()
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as it is":                secret,
		"alone":                   secret + "\n",
		"in a sentence":           "cannot open " + secret + ": refused",
		"upper case":              strings.ToUpper(secret),
		"lower case":              strings.ToLower(secret),
		"hexadecimal":             hex.EncodeToString([]byte(secret)),
		"hexadecimal in capitals": fmt.Sprintf("%X", secret),
		"base64":                  base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64, one before":      base64.StdEncoding.EncodeToString([]byte("x" + secret + "y")),
		"base64, two before":      base64.StdEncoding.EncodeToString([]byte("xy" + secret + "z")),
		"Basic":                   "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+secret)),
		"base64url":               base64.RawURLEncoding.EncodeToString([]byte("abcd" + secret)),
		"a query":                 "GET /x?token=" + url.QueryEscape(secret) + "&y=1",
		"a path":                  "/x/" + url.PathEscape(secret) + "/y",
		"JSON":                    string(quoted),
		"%q":                      fmt.Sprintf("%q", secret),
		"%v of bytes":             fmt.Sprint([]byte(secret)),
		"%#v of bytes":            fmt.Sprintf("%#v", []byte(secret)),
		"JSON of numbers":         "[" + strings.ReplaceAll(strings.Trim(fmt.Sprint([]byte(secret)), "[]"), " ", ", ") + "]",
		"%+v of a struct":         fmt.Sprintf("%+v", struct{ Key string }{secret}),
	} {
		w := canary.New()
		w.Keep("the secret", secret)
		w.See("log", "before\n"+text+"\nafter")
		leaks := w.Leaks()
		if len(leaks) == 0 {
			t.Errorf("%s: %q is not found", name, text)
			continue
		}
		for _, leak := range leaks {
			if leak.What != "the secret" || leak.Where != "log" || strings.Contains(leak.String(), secret) {
				t.Errorf("%s: %+v", name, leak)
			}
		}
	}
}

// TestFindsNothing: neither what is similar nor a secret in two halves.
func TestFindsNothing(t *testing.T) {
	t.Parallel()
	w := canary.New()
	w.Keep("the secret", secret)
	w.See("log", secret[1:])
	w.See("log", secret[:len(secret)-1])
	w.See("log", secret[:10])
	w.See("log", secret[10:])
	w.See("log", strings.ReplaceAll(secret, "7", "8"))
	w.See("events", "")
	if leaks := w.Leaks(); len(leaks) > 0 {
		t.Errorf("found %v", leaks)
	}
	if secrets, bytes := w.Seen(); secrets != 1 || bytes < 4*len(secret)-13 {
		t.Errorf("seen are %d, %d", secrets, bytes)
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	w := canary.New()
	slog.New(slog.NewJSONHandler(w.Sink("log"), nil)).Info("x", "password", secret)
	if leaks := w.Leaks(); len(leaks) > 0 {
		t.Errorf("found %v", leaks)
	}
	w.Keep("password", secret)
	leaks := w.Leaks()
	if len(leaks) == 0 || leaks[0].What != "password" || leaks[0].Where != "log" {
		t.Errorf("found %v", leaks)
	}
	if leaks := w.In("elsewhere", "a "+secret); len(leaks) == 0 || leaks[0].Where != "elsewhere" {
		t.Errorf("found %v", leaks)
	}
}

// TestTokens: each part of a JWT but its header is a secret, and the start of a
// long one that went through a limit.
func TestTokens(t *testing.T) {
	t.Parallel()
	const header, claims = "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJhZGEiLCJleHAiOjk5OTk5OTk5OTk5fQ"
	const signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	const opaque = "atr_GkFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEaQkJCQkJCQkJCQkJCQkJCQkJCQkJCQg"
	for text, want := range map[string]bool{
		header:                         false,
		claims:                         true,
		signature:                      true,
		claims[:20]:                    false,
		header + "." + claims[:20]:     true, // the token, cut at 40
		header + "." + claims:          true,
		"alg of " + header + ", kid x": false,
		opaque:                         true,
		opaque[:45] + "…":              true,
		opaque[:30]:                    false,
		opaque[30:]:                    false,
	} {
		w := canary.New()
		w.Token("access token", header+"."+claims+"."+signature)
		w.Token("refresh token", opaque)
		w.Token("junk", "x.y.z")
		if got := len(w.In("log", text)) > 0; got != want {
			t.Errorf("%q: found is %t, want %t", text, got, want)
		}
	}
}

func TestShortSecret(t *testing.T) {
	t.Parallel()
	defer func() {
		if v := recover(); v == nil || strings.Contains(fmt.Sprint(v), "hunter2") {
			t.Errorf("the panic is %v", v)
		}
	}()
	canary.New().Keep("password", "hunter2")
}

// TestText: nothing in memory hides.
func TestText(t *testing.T) {
	t.Parallel()
	type inner struct{ hidden string }
	type outer struct {
		Shown   string
		list    []inner
		bytes   []byte
		array   [3]byte
		byName  map[string]*inner
		any     any
		owners  sync.Map
		pointer **inner
		self    *outer
		call    func() string
		count   int
		mu      sync.Mutex
	}
	p := &inner{"behind two pointers"}
	o := &outer{
		Shown: "an exported field", list: []inner{{"in a list"}}, bytes: []byte("as bytes"), array: [3]byte{'a', 'r', 'r'},
		byName: map[string]*inner{"a key": {"in a map"}}, any: inner{"in an interface"}, pointer: &p, count: 4711,
		call: func() string { return "" },
	}
	o.self = o
	o.owners.Store("a name", &inner{"in a sync.Map"})
	text := canary.Text(o)
	for _, want := range []string{
		"an exported field", "in a list", "as bytes", "arr", "a key", "in a map", "in an interface",
		"a name", "in a sync.Map", "behind two pointers", "4711",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if text := canary.Text(nil); text != "" {
		t.Errorf("nil is %q", text)
	}
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	w := canary.New()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				w.Keep("secret", fmt.Sprintf("secret number %d of %d", j, i))
				fmt.Fprintf(w.Sink("log"), "line %d of %d", j, i)
			}
		})
	}
	all.Wait()
	w.See("log", "secret number 99 of 7")
	if leaks := w.Leaks(); len(leaks) != 1 {
		t.Errorf("found %v", leaks)
	}
}
