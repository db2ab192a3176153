package accounts

import (
	"net/http"
	"net/netip"
	"testing"
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// TestClientAddress is the rate-limit key of CVE-2026-45364 and CVE-2020-28483:
// whatever a client writes, it cannot choose the address that it is counted by.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies := prefixes("10.0.0.0/8", "fd00::/8", "192.0.2.1/32")
	for _, test := range []struct {
		about, peer string
		forwarded   []string
		trusted     []netip.Prefix
		want        string
	}{
		{"no proxy", "203.0.113.9:4711", nil, nil, "203.0.113.9"},
		{"no proxy is trusted", "10.0.0.1:1", []string{"198.51.100.7"}, nil, "10.0.0.1"},
		{"the peer is no proxy", "203.0.113.9:1", []string{"198.51.100.7"}, proxies, "203.0.113.9"},
		{"a proxy", "10.0.0.1:1", []string{"198.51.100.7"}, proxies, "198.51.100.7"},
		{"a proxy that says nothing", "10.0.0.1:1", nil, proxies, "10.0.0.1"},
		{"a proxy that says nothing in a field", "10.0.0.1:1", []string{""}, proxies, "10.0.0.1"},
		{"what the client wrote is in front", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.7"}, proxies, "198.51.100.7"},
		{"in a field of its own", "10.0.0.1:1", []string{"1.2.3.4", "198.51.100.7"}, proxies, "198.51.100.7"},
		{"a proxy's address in front", "10.0.0.1:1", []string{"10.9.9.9, 198.51.100.7"}, proxies, "198.51.100.7"},
		{"two proxies", "10.0.0.1:1", []string{"198.51.100.7, 10.0.0.2"}, proxies, "198.51.100.7"},
		{"two proxies in two fields", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.7", "192.0.2.1"}, proxies, "198.51.100.7"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3,10.0.0.2"}, proxies, "10.0.0.3"},
		{"no blanks", "10.0.0.1:1", []string{"1.2.3.4,198.51.100.7,10.0.0.2"}, proxies, "198.51.100.7"},
		{"tabs and empty members", "10.0.0.1:1", []string{",\t198.51.100.7 ,, ,"}, proxies, "198.51.100.7"},
		{"with a port", "10.0.0.1:1", []string{"198.51.100.7:5555"}, proxies, "198.51.100.7"},
		{"IPv6 with a port", "10.0.0.1:1", []string{"[2001:db8::7]:5555"}, proxies, "2001:db8::7"},
		{"IPv6 in brackets", "10.0.0.1:1", []string{"[2001:db8::7]"}, proxies, "2001:db8::7"},
		{"IPv6", "[fd00::1]:1", []string{"2001:DB8:0::7"}, proxies, "2001:db8::7"},
		{"junk", "10.0.0.1:1", []string{"unknown"}, proxies, "10.0.0.1"},
		{"junk behind the client", "10.0.0.1:1", []string{"198.51.100.7, _hidden"}, proxies, "10.0.0.1"},
		{"junk in front of a proxy", "10.0.0.1:1", []string{"junk, 10.0.0.2"}, proxies, "10.0.0.2"},
		{"junk in front of the client", "10.0.0.1:1", []string{"'; DROP TABLE, 198.51.100.7"}, proxies, "198.51.100.7"},
		{"a quoted one", "10.0.0.1:1", []string{`"198.51.100.7"`}, proxies, "10.0.0.1"},
		{"a name", "10.0.0.1:1", []string{"localhost"}, proxies, "10.0.0.1"},
		{"octal, decimal and short", "10.0.0.1:1", []string{"0306.51.100.7"}, proxies, "10.0.0.1"},
		{"mapped peer", "[::ffff:203.0.113.9]:1", nil, nil, "203.0.113.9"},
		{"mapped proxy", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.7"}, proxies, "198.51.100.7"},
		{"mapped proxy in hexadecimal", "10.0.0.1:1", []string{"198.51.100.7, ::ffff:a00:2"}, proxies, "198.51.100.7"},
		{"a mapped prefix", "10.0.0.1:1", []string{"198.51.100.7"}, prefixes("::ffff:10.0.0.0/104"), "198.51.100.7"},
		{"zones", "[fe80::1%eth0]:1", nil, nil, "fe80::1"},
		{"a proxy with a zone", "[fe80::1%eth0]:1", []string{"2001:db8::7%25x"}, prefixes("fe80::/10"), "2001:db8::7"},
		{"everybody is trusted", "203.0.113.9:1", []string{"1.2.3.4, 198.51.100.7"}, prefixes("0.0.0.0/0", "::/0"), "1.2.3.4"},
		{"a Unix socket", "@", []string{"198.51.100.7"}, proxies, "198.51.100.7"},
		{"a Unix socket, nobody trusted", "@", []string{"198.51.100.7"}, nil, "invalid IP"},
		{"a Unix socket that says nothing", "", nil, proxies, "invalid IP"},
		{"no port", "203.0.113.9", nil, nil, "203.0.113.9"},
	} {
		r := &http.Request{RemoteAddr: test.peer, Header: http.Header{
			"X-Real-Ip": {"1.1.1.1"}, "Forwarded": {"for=1.1.1.1"}, "True-Client-Ip": {"1.1.1.1"},
			"Cf-Connecting-Ip": {"1.1.1.1"}, "X-Forwarded": {"1.1.1.1"}, "X-Client-Ip": {"1.1.1.1"},
		}}
		if test.forwarded != nil {
			r.Header["X-Forwarded-For"] = test.forwarded
		}
		if got := clientAddress(r, test.trusted).String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.about, got, test.want)
		}
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.9":                  "203.0.113.9",
		"::ffff:203.0.113.9":           "203.0.113.9",
		"::ffff:cb00:7109":             "203.0.113.9",
		"2001:db8:1:2::1":              "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:1:2:3":      "2001:db8:1:2::/64",
		"2001:0DB8:0001:0002:0:0:0:42": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":              "2001:db8:1:3::/64",
		"2001:db8:1:2::1%eth0":         "2001:db8:1:2::/64",
		"fe80::1%a":                    "fe80::/64",
		"::1":                          "::/64",
	} {
		if got := bucket(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := bucket(netip.Addr{}); got != "unknown" {
		t.Errorf("no address: %s", got)
	}
}

// TestWalk: all of a /64 is one bucket.
func TestWalk(t *testing.T) {
	t.Parallel()
	addr := netip.MustParseAddr("2001:db8:1:2::")
	for range 1 << 16 {
		if got := bucket(addr); got != "2001:db8:1:2::/64" {
			t.Fatalf("%s: %s", addr, got)
		}
		addr = addr.Next()
	}
}

// FuzzClientAddress: a client behind a proxy cannot be anybody else, whatever it
// sends along.
func FuzzClientAddress(f *testing.F) {
	for _, seed := range []string{"", "1.2.3.4", ",", "10.0.0.1", "[::1]:80", "unknown, 10.0.0.2", "::ffff:10.0.0.1%x"} {
		f.Add(seed)
	}
	proxies := prefixes("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, sent string) {
		for _, forwarded := range [][]string{{sent, "198.51.100.7"}, {sent + ",198.51.100.7"}, {sent, "198.51.100.7, 10.0.0.2"}} {
			r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": forwarded}}
			if got := clientAddress(r, proxies).String(); got != "198.51.100.7" {
				t.Fatalf("%q: %s", forwarded, got)
			}
		}
	})
}
