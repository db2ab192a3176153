package accounts

import (
	"net/mail"
	"regexp"
	"strings"
	"testing"
)

func TestNormalEmail(t *testing.T) {
	t.Parallel()
	label, domain := strings.Repeat("d", 63), strings.Repeat("d", 61)
	for in, want := range map[string]string{
		"ada@example.test":                 "ada@example.test",
		"Ada@EXAMPLE.Test":                 "ada@example.test",
		"a@b.co":                           "a@b.co",
		"ada.king+todo@example.test":       "ada.king+todo@example.test",
		"o'brien@example.test":             "o'brien@example.test",
		"!#$%&'*+-/=?^_`{|}~@example.test": "!#$%&'*+-/=?^_`{|}~@example.test",
		"ada@sub-1.3com.example.test":      "ada@sub-1.3com.example.test",
		"ada@example.x1":                   "ada@example.x1",
		"ada@r3---sn.example.test":         "ada@r3---sn.example.test",
		"ada@müller.example":               "ada@xn--mller-kva.example",
		"ada@mu\u0308ller.example":         "ada@xn--mller-kva.example",
		"Ada@MÜLLER.example":               "ada@xn--mller-kva.example",
		"ada@XN--mller-kva.example":        "ada@xn--mller-kva.example",
		"ada@例子.公司":                        "ada@xn--fsqu00a.xn--55qx5d",
		"ada@почта.рф":                     "ada@xn--80a1acny.xn--p1ai",
		"ada@straße.example":               "ada@xn--strae-oqa.example",
		strings.Repeat("a", 64) + "@b.co":  strings.Repeat("a", 64) + "@b.co",
		"ada@" + label + ".co":             "ada@" + label + ".co",
		at(domain, "aaaaaaa"):              at(domain, "aaaaaaa"),

		// What is no address.
		"": "", "@": "", "ada": "", "ada@": "", "@example.test": "",
		"ada@localhost": "", "ada@127.0.0.1": "", "ada@[127.0.0.1]": "", "ada@[IPv6:::1]": "",
		"ada@@example.test": "", "ada@eve@example.test": "",
		".ada@example.test": "", "ada.@example.test": "", "a..da@example.test": "",
		"ada@.example.test": "", "ada@example..test": "", "ada@example.test.": "", "ada@example.test..": "",
		"ada@-example.test": "", "ada@example-.test": "", "ada@exam_ple.test": "", "ada@example.1": "",
		strings.Repeat("a", 65) + "@b.co": "",
		"ada@" + label + "d.co":           "",
		at(domain, "aaaaaaaa"):            "",

		// Blanks, controls and what mail makes more of.
		" ada@example.test": "", "ada@example.test ": "", "a da@example.test": "", "ada@exam ple.test": "",
		"ada@example.test\n": "", "ada@example.test\r\nBcc: eve@example.test": "",
		"ada\r\nBcc: eve@example.test": "", "ada\x00@example.test": "", "ada@example\x00.test": "",
		"ada@example.test\t": "", "ada@example.test\u00a0": "", "ada\u200b@example.test": "",
		"ada@exam\u200bple.test": "", "ada@exam\u00adple.test": "", "ada@example.test\u2028": "",
		"<ada@example.test>": "", "Ada <ada@example.test>": "", "ada@example.test, eve@example.test": "",
		"ada@example.test;eve@example.test": "", "ada(comment)@example.test": "",
		"ada@example.test(comment)": "", `"ada"@example.test`: "", `"a\"da"@example.test`: "",
		`ada\@example.test`: "", "ada:eve@example.test": "", "@a.test:ada@example.test": "",
		"mailto:ada@example.test": "", "ada@example.test?cc=eve@example.test": "",

		// What only folding makes ASCII.
		"\u212Aate@example.test": "", "ada@\u212Aelvin.test": "", "ada@example.tes\u017f": "",
		"ada@\u0130stanbul.test": "", "\u0130da@example.test": "", "ada@ｅxample.test": "",
		"ada@example。test": "", "ada@example．test": "", "ada＠example.test": "", "ada@ﬁle.test": "",
		"ada@①.test": "", "ada@℡.test": "",

		// Other scripts in front, and domains that are none.
		"ädä@example.test": "", "аda@example.test": "", "用户@example.test": "",
		"ada@xn--.test": "", "ada@xn--a.test": "", "ada@xn--zzzzzzzzzzz.test": "", "ada@xn--example-.test": "",
		"ada@\u0300a.test": "", "ada@a\u200d.test": "", "ada@אa.test": "", "ada@💩.test": "ada@xn--ls8h.test",
		"ada@\xff.test": "", "\xff@example.test": "", "ada@exa\u0308mple.test": "ada@xn--exmple-cua.test",
	} {
		email, ok := NormalEmail(in)
		if email != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", in, email, ok, want)
		}
	}
}

// at is an address of 254 bytes, if tail has seven.
func at(label, tail string) string {
	return strings.Repeat("a", 60) + "@" + label + "." + label + "." + label + "." + tail
}

// likeZod is the pattern of z.email() in zod 4, by which Better Auth goes.
const likeZod = `^(?:[A-Za-z0-9_'+\-]+\.)*[A-Za-z0-9_'+\-]*[A-Za-z0-9_+-]` +
	`@(?:[A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$`

// FuzzNormalEmail: whatever comes out is one form, one mailbox and nothing more,
// and whoever has an account at Better Auth has an address here.
func FuzzNormalEmail(f *testing.F) {
	for _, seed := range []string{
		"Ada@Example.Test", "ada@müller.example", "\u212Aate@example.test", "a@xn--mller-kva.example",
		"Ada <ada@example.test>", "ada@example.test\r\nBcc: eve@example.test", "ada@example.test.",
		`"ada"@example.test`, "ada@[127.0.0.1]", "ada@ﬁle.test", "o'b@3com.example", "ada@a-.test",
	} {
		f.Add(seed)
	}
	zod := regexp.MustCompile(likeZod)
	// What zod takes and DNS or SMTP do not.
	impossible := regexp.MustCompile(`-\.|xn--|[^.@]{64}|^[^@]{65}|.{255}`)
	f.Fuzz(func(t *testing.T, s string) {
		email, ok := NormalEmail(s)
		if zod.MatchString(s) && !impossible.MatchString(strings.ToLower(s)) &&
			(!ok || email != strings.ToLower(s)) {
			t.Fatalf("Better Auth has %q, here it is %q %v", s, email, ok)
		}
		if !ok {
			if email != "" {
				t.Fatalf("%q is refused and yet %q", s, email)
			}
			return
		}
		if again, ok := NormalEmail(email); !ok || again != email {
			t.Fatalf("%q: %q is %q", s, email, again)
		}
		parsed, err := mail.ParseAddress(email)
		if err != nil || parsed.Address != email || parsed.Name != "" {
			t.Fatalf("%q: %q is read as %v, %v", s, email, parsed, err)
		}
		if len(email) > MaxEmail || strings.ToLower(email) != email ||
			strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r > '~' }) ||
			strings.ContainsAny(email, "<>()[]\\,;:\"") || strings.Count(email, "@") != 1 {
			t.Fatalf("%q: %q", s, email)
		}
	})
}
