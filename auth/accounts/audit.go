package accounts

import (
	"net/netip"
	"net/url"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/secret"
)

// Audit returns what of the options should be otherwise in production. The codes
// are doubtful-secret, cookie-without-secure, limiter-off, proxies-everywhere,
// no-mailer and unverified-addresses.
func (s *Service) Audit() []auth.Finding {
	var found []auth.Finding
	add := func(field, code string, severity auth.Severity, detail string) {
		found = append(found, auth.Finding{
			Code: code, Severity: severity, Field: "Accounts." + field, Detail: detail,
		})
	}
	for _, text := range s.secrets {
		if doubt := secret.Doubt(string(text)); doubt != "" {
			add("Secret", "doubtful-secret", auth.Medium, "a secret "+doubt)
		}
	}
	if u, err := url.Parse(s.opts.BaseURL); err == nil && u.Scheme == "http" {
		severity := auth.High
		if isLoopback(u.Hostname()) {
			severity = auth.Low
		}
		add("BaseURL", "cookie-without-secure", severity,
			"over http, passwords and sessions can be read on the way and cookies are not Secure; use https")
	}
	switch s.opts.Limiter.(type) {
	case Unlimited, *Unlimited:
		add("Limiter", "limiter-off", auth.High, "passwords can be guessed at without a limit")
	}
	for _, prefix := range s.opts.TrustedProxies {
		if isEverywhere(prefix) {
			add("TrustedProxies", "proxies-everywhere", auth.High,
				prefix.String()+" lets every client say which address it has, and so escape the limits")
		}
	}
	if s.opts.Mailer == nil {
		add("Mailer", "no-mailer", auth.Low, "who forgets their password stays outside")
	} else if !s.opts.RequireVerification {
		add("RequireVerification", "unverified-addresses", auth.Low,
			"people can sign up with addresses of others, and sign-up tells who has an account")
	}
	return found
}

// isEverywhere reports whether a prefix holds so many public addresses that they
// cannot all be proxies of one service.
func isEverywhere(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 16 && !p.Addr().IsPrivate() && !p.Addr().IsLinkLocalUnicast()
}
