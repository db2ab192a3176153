package auth

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// BetterAuth is the issuer that a Better Auth server at url is, with its jwt
// plugin as it comes: the claims iss and aud are the origin of url, and the keys
// are at /api/auth/jwks. If url has a path, that is the base path of Better Auth
// in the place of /api/auth, as in Better Auth's own setting baseURL.
//
// Where the service reaches Better Auth by another name than browsers do, as
// among containers, set the keys apart:
//
//	iss := auth.BetterAuth("https://app.example.com")
//	iss.Keys = auth.KeySet("http://frontend:3000/api/auth/jwks")
//	iss.InsecureHTTP = true
//
// A url that is no sound URL is a fault of the field Keys.
func BetterAuth(url string) Issuer {
	origin, path, ok := cutOrigin(url)
	if !ok {
		return Issuer{Keys: keysOf(&keySet{address: url, base: true})}
	}
	if path == "" {
		path = "/api/auth"
	}
	return Issuer{URL: origin, Audience: []string{origin}, Keys: KeySet(origin + path + "/jwks")}
}

// OIDC is the issuer that an OpenID provider is: its tokens carry url as iss and
// audience as aud. Where its keys are, the provider says in its configuration
// (OpenID Connect Discovery 1.0 section 4), whose issuer must be url, byte for
// byte. With keys at a known place, discovery is not needed:
//
//	iss := auth.OIDC("https://id.example.com", "todo-api")
//	iss.Keys = auth.OIDCKeySet("https://id.example.com/keys")
func OIDC(url, audience string) Issuer {
	keys := keysOf(&keySet{address: url, base: true, discover: true, generic: true})
	return Issuer{URL: url, Audience: []string{audience}, Keys: keys}
}

// cutOrigin splits a URL into its origin, as browsers and Better Auth write it,
// and its path without slashes at the end.
func cutOrigin(address string) (origin, path string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || addressFault(address, true) != "" {
		return "", "", false
	}
	host := strings.ToLower(u.Host)
	standard := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	host = strings.TrimSuffix(strings.TrimSuffix(host, standard), ":")
	return u.Scheme + "://" + host, strings.TrimRight(u.EscapedPath(), "/"), true
}

// addressFault says what makes a URL unfit to be fetched, without showing it; a
// base is a URL that others are made of.
func addressFault(address string, base bool) string {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.Opaque != "":
		return "the URL must be like https://app.example.com"
	case u.User != nil:
		return "the URL must not hold a user or a password: key sets are public"
	case u.Fragment != "", base && (u.RawQuery != "" || u.ForceQuery):
		return "the URL must end before ? and #"
	case !isASCII(u.Host):
		return "the host of the URL must be in ASCII: write an international name as xn--…"
	}
	return ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// isClear reports whether a request to a URL could be read and changed on its
// way: http to another machine.
func isClear(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// nearly tells what a claim and the name that was expected of it differ in,
// where that is one of the usual differences.
func nearly(got string, want ...string) string {
	for _, w := range want {
		switch {
		case got == w:
		case strings.TrimRight(got, "/") == strings.TrimRight(w, "/"):
			return "; they differ by the slash at the end"
		case withoutScheme(got) != "" && withoutScheme(got) == withoutScheme(w):
			return "; one is http and the other https"
		case onLoopback(got) && onLoopback(w):
			return "; localhost, 127.0.0.1 and each port are issuers of their own: " +
				"write the URL as the issuer's own configuration has it"
		}
	}
	return ""
}

// nearlyAny is nearly for the first of got that nearly is one of want.
func nearlyAny(got, want []string) string {
	for _, g := range got {
		if s := nearly(g, want...); s != "" {
			return s
		}
	}
	return ""
}

// withoutScheme is an http URL without http:// or https://, and empty for all
// other text.
func withoutScheme(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	if scheme != "http" && scheme != "https" {
		return ""
	}
	return rest
}

func onLoopback(address string) bool {
	host := strings.TrimRight(withoutScheme(address), "/")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return isLoopback(strings.Trim(host, "[]"))
}
