package accounts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/race"
)

// plenty is a budget that lets all processors hash.
const plenty = 256 << 20

// patient is a hasher for which a busy machine is no reason to give up.
func patient(budget int64) *hasher {
	h := newHasher(budget)
	h.gate.patience = time.Hour
	return h
}

// vector is a hash that another implementation made.
type vector struct{ Password, Hash string }

// vectors are those of testdata, by what they begin with: "$argon2id", "$2b", or
// "" for scrypt.
func vectors(t testing.TB, prefix string) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/hashes.json")
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		Source string
		Hashes []vector
	}
	if err := json.Unmarshal(text, &groups); err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		first := group.Hashes[0].Hash
		if strings.HasPrefix(first, prefix) && (prefix != "" || first[0] != '$') {
			return group.Hashes
		}
	}
	t.Fatalf("no vectors of %q", prefix)
	return nil
}

func (h *hasher) check(t *testing.T, hash, password string, want bool) (outdated bool) {
	t.Helper()
	before := h.ran.Load()
	ok, outdated, err := h.verify(t.Context(), hash, password)
	if err != nil || ok != want || outdated && !ok {
		t.Errorf("%q is of %q: %v (outdated %v), want %v: %v", hash, password, ok, outdated, want, err)
	}
	if n := h.ran.Load() - before; n != 1 {
		t.Errorf("%q: %d hashes were computed, want 1", hash, n)
	}
	return outdated
}

// TestVectors: hashes of Better Auth and of other implementations are of their
// passwords, and of no others. With the race detector it looks at every fourth.
func TestVectors(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	for _, prefix := range []string{"", "$argon2id", "$2b"} {
		for i, v := range vectors(t, prefix) {
			if i%4 == 0 || !race.Enabled {
				h.check(t, v.Hash, v.Password, true)
			}
		}
		v := vectors(t, prefix)[0]
		for _, other := range []string{v.Password + "x", strings.ToUpper(v.Password), v.Password[1:], ""} {
			h.check(t, v.Hash, other, false)
		}
	}
}

// TestOtherPrefixesOfBcrypt: they name implementations whose results are equal.
func TestOtherPrefixesOfBcrypt(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	for _, v := range vectors(t, "$2b") {
		for _, prefix := range []string{"$2a", "$2y"} {
			if !h.check(t, prefix+v.Hash[3:], v.Password, true) {
				t.Errorf("%s is not outdated", prefix)
			}
		}
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	for _, password := range []string{
		"correct horse", strings.Repeat("x", 128), strings.Repeat("🐘", 128), "nul\x00inside", " blanks ",
		strings.Repeat("a", 72) + "b", "",
	} {
		hash, err := h.hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || len(hash) > MaxHash {
			t.Errorf("not what OWASP recommends: %s", hash)
		}
		if h.check(t, hash, password, true) {
			t.Error("a new hash is outdated")
		}
		for _, other := range []string{password + "\x00", password + " ", password[:len(password)/2]} {
			if other != password {
				h.check(t, hash, other, false)
			}
		}
	}
}

// TestSaltsDiffer: so do the hashes of one password.
func TestSaltsDiffer(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	one, err1 := h.hash(t.Context(), "correct horse")
	two, err2 := h.hash(t.Context(), "correct horse")
	if err := errors.Join(err1, err2); err != nil || one == two {
		t.Errorf("%s and %s: %v", one, two, err)
	}
}

// TestNormalForms: what looks the same on two keyboards is the same password.
func TestNormalForms(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	hash, err := h.hash(t.Context(), "naïve café")
	if err != nil {
		t.Fatal(err)
	}
	h.check(t, hash, "nai\u0308ve cafe\u0301", true)
	h.check(t, hash, "naive cafe", false)
	hash, err = h.hash(t.Context(), "ﬁle № ①")
	if err != nil {
		t.Fatal(err)
	}
	h.check(t, hash, "file No 1", false) // NFKC would take them for one
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	want := []bool{false, false, true, false, false, true, true, true, false}
	for i, v := range vectors(t, "$argon2id") {
		if outdated := h.check(t, v.Hash, v.Password, true); outdated != want[i] {
			t.Errorf("%s: outdated %v", v.Hash, outdated)
		}
	}
	v := vectors(t, "")[0]
	if !h.check(t, v.Hash, v.Password, true) {
		t.Error("scrypt is not outdated")
	}
}

// TestBcryptSeesTheWholePassword: of more than 72 bytes it would see 72.
func TestBcryptSeesTheWholePassword(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	for _, v := range vectors(t, "$2b") {
		if len(v.Password) != 72 {
			continue
		}
		h.check(t, v.Hash, v.Password, true)
		h.check(t, v.Hash, v.Password+"y", false)
		h.check(t, v.Hash, v.Password[:71], false)
		return
	}
	t.Error("there is no vector of 72 bytes")
}

// TestNoHash: what no password is right for takes the work of what one is.
func TestNoHash(t *testing.T) {
	t.Parallel()
	h := patient(plenty)
	zero := base64.RawStdEncoding.EncodeToString(make([]byte, newKey))
	for _, hash := range []string{
		"", "x", ":", "$", "$argon2id$", "$2b$", "!", "correct horse", "{SSHA}abc",
		strings.Repeat("a", MaxHash+1), "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + zero,
	} {
		if KnownHash(hash) {
			t.Errorf("%q is known", hash)
		}
		h.check(t, hash, hash, false)
	}
}

// TestAbsurdHashes: a stored hash cannot ask for more than about a second.
func TestAbsurdHashes(t *testing.T) {
	t.Parallel()
	const salt, key = "$AAAAAAAAAAAAAAAAAAAAAA", "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, parameters := range []string{
		"m=4194304,t=1,p=1", "m=131073,t=1,p=1", "m=131072,t=5,p=1", "m=19456,t=33,p=1", "m=19456,t=4294967295,p=1",
		"m=18446744073709551616,t=1,p=1", "m=4294967297,t=1,p=1", "m=19456,t=2,p=17", "m=19456,t=2,p=257",
		"m=0,t=2,p=1", "m=19456,t=0,p=1", "m=19456,t=2,p=0", "m=7,t=2,p=1", "m=-1,t=2,p=1", "m=+19456,t=2,p=1",
		"m=019456,t=2,p=1", "m=19456,t=2,p=1,x=1", "t=2,m=19456,p=1", "m=19456,t=2", "m= 19456,t=2,p=1",
		"m=19456,t=2,p=1,keyid=AA", "m=1e4,t=2,p=1",
	} {
		if KnownHash("$argon2id$v=19$" + parameters + salt + key) {
			t.Errorf("%s is known", parameters)
		}
	}
	const good = "$argon2id$v=19$m=19456,t=2,p=1"
	for _, hash := range []string{
		good, good + salt, good + salt + "$", good + "$" + key, good + salt + key + "$", good + salt + key + "=",
		good + salt + "\n" + key, good + salt[:6] + key, good + salt + key[:10], good + salt + key + key[1:] + key[1:],
		good + salt + key + "AAAAAAAAAAAAA$" + strings.Repeat("A", 1000), good + salt[:22] + "B" + key,
		"$argon2id$v=16$m=19456,t=2,p=1" + salt + key, "$argon2id$m=19456,t=2,p=1" + salt + key,
		"$argon2d$v=19$m=19456,t=2,p=1" + salt + key, " " + good + salt + key,
	} {
		if KnownHash(hash) {
			t.Errorf("%s is known", hash)
		}
	}
	if !KnownHash(good+salt+key) || !KnownHash("$argon2id$v=19$m=131072,t=4,p=16"+salt+key) {
		t.Error("a good one is not known")
	}
	bcrypt := vectors(t, "$2b")[0].Hash
	for _, hash := range []string{
		"$2b$15" + bcrypt[6:], "$2b$31" + bcrypt[6:], "$2b$03" + bcrypt[6:], "$2b$00" + bcrypt[6:], "$2x" + bcrypt[3:],
		"$2" + bcrypt[3:], bcrypt + "A", bcrypt[:59], "$2b$1 " + bcrypt[6:], bcrypt[:59] + "=", "$2b$+9" + bcrypt[6:],
	} {
		if KnownHash(hash) {
			t.Errorf("%s is known", hash)
		}
	}
	scrypt := vectors(t, "")[0].Hash
	for _, hash := range []string{
		scrypt + "00", scrypt[:len(scrypt)-2], strings.ToUpper(scrypt), scrypt[2:], ":" + scrypt, scrypt + ":" + scrypt,
		scrypt[32:], strings.Repeat("00", 65) + scrypt[32:], "0x" + scrypt, scrypt + "\n",
	} {
		if KnownHash(hash) != (hash == scrypt[2:]) { // a salt of 15 bytes would do
			t.Errorf("%s", hash)
		}
	}
}

// FuzzHash: whatever the store has, comparing with it is bounded, and what is
// read is what was written.
func FuzzHash(f *testing.F) {
	for _, prefix := range []string{"", "$argon2id", "$2b"} {
		for _, v := range vectors(f, prefix) {
			f.Add(v.Hash)
		}
	}
	f.Add("$argon2id$v=19$m=4194304,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		stored, err := parseHash(s)
		if err != nil {
			return
		}
		if m := stored.memory(); m < 1 || m > maxMemory<<10 {
			t.Fatalf("%q takes %d bytes", s, m)
		}
		if a, ok := stored.(*argon2id); ok && a.String() != s {
			t.Fatalf("%q is %q", s, a)
		}
	})
}

// peak runs do and is the most memory that the heap had meanwhile, beyond what
// it had before.
func peak(do func()) int64 {
	const objects, free = "/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes"
	read := func() int64 {
		samples := []metrics.Sample{{Name: objects}, {Name: free}}
		metrics.Read(samples)
		return int64(samples[0].Value.Uint64() + samples[1].Value.Uint64())
	}
	runtime.GC()
	before, most := read(), atomic.Int64{}
	done, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			most.Store(max(most.Load(), read()))
			select {
			case <-done:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	}()
	do()
	close(done)
	<-sampled
	return most.Load() - before
}

// TestMemory: 64 sign-ins at once stay within the budget, whatever hashes the
// users have, and all of them get their answer. With the race detector, under
// which a hash takes twenty times as long, they are 8; without it 64.
func TestMemory(t *testing.T) {
	atOnce := 64
	if race.Enabled {
		atOnce = 8
	}
	scrypt, argon := vectors(t, "")[0], vectors(t, "$argon2id")[0]
	for _, test := range []struct {
		about  string
		slots  int
		hashes []vector
	}{
		{"argon2id, the default", runtime.GOMAXPROCS(0) - 1, []vector{argon}},
		{"argon2id, 64 processors", 64, []vector{argon}},
		{"both, 64 processors", 64, []vector{scrypt, argon}},
	} {
		h := &hasher{gate: newGate(plenty, test.slots)}
		h.gate.patience = time.Hour
		most := peak(func() {
			var all sync.WaitGroup
			for i := range atOnce {
				v := test.hashes[i%len(test.hashes)]
				all.Go(func() {
					if ok, _, err := h.verify(t.Context(), v.Hash, v.Password); !ok || err != nil {
						t.Errorf("%s: %v %v", test.about, ok, err)
					}
				})
			}
			all.Wait()
		})
		t.Logf("%s: %d MiB of %d", test.about, most>>20, plenty>>20)
		if most > plenty {
			t.Errorf("%s: %d MiB, the budget is %d", test.about, most>>20, plenty>>20)
		}
	}
}

// BenchmarkSignIn is what the hash of a password costs, with as many at once as
// the gate lets pass.
func BenchmarkSignIn(b *testing.B) {
	for name, v := range map[string]vector{
		"argon2id": vectors(b, "$argon2id")[0], "scrypt": vectors(b, "")[0], "none": {"correct horse", ""},
	} {
		b.Run(name, func(b *testing.B) {
			h := patient(plenty)
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, _, err := h.verify(context.Background(), v.Hash, v.Password); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ins/s")
		})
	}
}
