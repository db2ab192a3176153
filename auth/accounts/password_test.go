package accounts

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// update makes common.bin anew.
var update = flag.Bool("update", false, "write common.bin")

// lists are all common passwords, those of the package first, in their order.
func lists(t testing.TB) []string {
	t.Helper()
	file, err := os.Open("testdata/common/passwords.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	most, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	more, err := os.ReadFile("testdata/common/more.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(strings.ReplaceAll(string(most)+string(more), " ", "\x00"))
}

func TestCommonIsOfTheLists(t *testing.T) {
	var records []string
	for _, password := range lists(t) {
		sum := sha256.Sum256([]byte(folded(strings.ReplaceAll(password, "\x00", " "))))
		records = append(records, string(sum[:commonSize]))
	}
	slices.Sort(records)
	want := strings.Join(slices.Compact(records), "")
	if *update {
		if err := os.WriteFile("common.bin", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal([]byte(common), []byte(want)) {
		t.Error("common.bin is not of the lists; run with -update")
	}
	t.Logf("%d passwords, %d bytes", len(common)/commonSize, len(common))
}

// TestCommonPasswords is ASVS 6.2.4 for the whole list: no form of any of them.
func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	all := lists(t)
	if len(all) < 10_000 {
		t.Fatalf("only %d", len(all))
	}
	for _, password := range all {
		password = strings.ReplaceAll(password, "\x00", " ")
		for _, form := range []string{password, strings.ToUpper(password), " " + password + " ", password + "\t"} {
			if code, _ := weakPassword(form, "ada@example.test"); code != "PASSWORD_COMPROMISED" {
				t.Errorf("%q: %q", form, code)
			}
		}
	}
}

func TestWeakPassword(t *testing.T) {
	t.Parallel()
	const short, long, bad = "PASSWORD_TOO_SHORT", "PASSWORD_TOO_LONG", "PASSWORD_COMPROMISED"
	for _, test := range []struct{ about, password, code string }{
		{"empty", "", short},
		{"seven letters", "jumbled", short},
		{"seven letters of two bytes", "жуказуб", short},
		{"decomposed: eight code points that are seven", "gru\u0308nlic", short},
		{"eight letters", "jumbledx", ""},
		{"eight letters of two bytes", "жуказубр", ""},
		{"eight emoji", "🐘🦒🐘🦓🐫🦏🐗🐀", ""},
		{"128 letters", strings.Repeat("abcdefg ", 16), ""},
		{"128 letters of four bytes", strings.Repeat("🐘🦒🐘🦓🐫🦏🐗🐀", 16), ""},
		{"129 letters", strings.Repeat("abcdefg ", 16) + "x", long},
		{"200 code points that are 100", strings.Repeat("u\u0308q1a2", 25), ""},
		{"one kind of letter", "zymurgistical", ""},
		{"the most common one", "password", bad},
		{"in capitals", "PASSWORD", bad},
		{"full width", "ｐａｓｓｗｏｒｄ", bad},
		{"with blanks around", "  password ", bad},
		{"with the Kelvin sign", "mon\u212Aey123", bad},
		{"blanks", "          ", bad},
		{"one character", "ßßßßßßßßßß", bad},
		{"four characters again and again", "abc!abc!abc!", bad},
		{"five characters again and again", "ab3c!ab3c!", ""},
		{"counts up", "efghijklm", bad},
		{"counts down", "9876543210", bad},
		{"counts across", "89101112x", ""},
		{"the address", "Countess.Ada@example.test", bad},
		{"its local part", "countess.ada", bad},
		{"its local part in capitals, with a blank behind", "COUNTESS.ADA ", bad},
		{"more than its local part", "countess.ada7", ""},
		{"the domain", "example.test", ""},
		{"a sentence", "correct horse battery", ""},
	} {
		code, message := weakPassword(test.password, "countess.ada@example.test")
		if code != test.code || (code == "") != (message == "") {
			t.Errorf("%s: %q %q, want %q", test.about, code, message, test.code)
		}
	}
}

// TestFewAreCommon: what the list does not have is not in it.
func TestFewAreCommon(t *testing.T) {
	t.Parallel()
	for i := range 200_000 {
		password := fmt.Sprintf("unlikely phrase %d", i)
		if code, _ := weakPassword(password, "ada@example.test"); code != "" {
			t.Errorf("%s: %s", password, code)
		}
	}
}

func BenchmarkWeakPassword(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		weakPassword("correct horse battery", "ada@example.test")
	}
}

// TestLongTexts: what is longer than any password is refused before any other
// work is done with it, and nothing is that may be one.
func TestLongTexts(t *testing.T) {
	marks := "a" + strings.Repeat("\u0301", 20_000)
	if n := testing.AllocsPerRun(10, func() {
		if !isTooLong(marks) {
			t.Error("20,001 characters are a password")
		}
		if code, _ := weakPassword(marks, "ada@example.com"); code != "PASSWORD_TOO_LONG" {
			t.Errorf("they are %s", code)
		}
	}); n != 0 {
		t.Errorf("%v times memory was taken", n)
	}
	apart := "\u03b1\u0313\u0300\u0345" // as one character U+1F82
	if isTooLong(strings.Repeat(apart, maxPassword)) || !isTooLong(strings.Repeat(apart, maxPassword+1)) {
		t.Error("characters are not counted as they look")
	}
	if widest := strings.Repeat("\U0001F600", maxPassword); isTooLong(widest) || !isTooLong(widest+"x") {
		t.Error("characters of four bytes are not counted")
	}
}
