package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Limits of an answer from an issuer.
const (
	maxAnswer       = 1 << 20
	maxAnswerHeader = 64 << 10
)

// fetcher gets documents from issuers.
type fetcher struct{ client *http.Client }

func newFetcher() *fetcher {
	return &fetcher{&http.Client{
		// A redirect would lead to keys that nobody has configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true, // a connection would be idle for a quarter of an hour
			DisableCompression:     true, // no bombs
			MaxResponseHeaderBytes: maxAnswerHeader,
		},
	}}
}

// get is the body of an answer of 200.
func (f *fetcher) get(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the URL is not sound") // err would show it
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	r.Header.Set("User-Agent", "authtodo")
	resp, err := f.client.Do(r)
	if err != nil {
		return nil, plain(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{resp.StatusCode, retryAfter(resp.Header)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, plain(err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return body, nil
}

// discover is the key set of the OpenID provider that issuer is the URL of
// (OpenID Connect Discovery 1.0 section 4).
func (f *fetcher) discover(ctx context.Context, issuer string) ([]byte, error) {
	text, err := f.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, fmt.Errorf("the configuration of the provider: %w", err)
	}
	o, err := parse(string(text), nil)
	if err != nil {
		return nil, fmt.Errorf("the configuration of the provider is no strict JSON object: %s",
			syntax(err))
	}
	if name, _, _ := o.text("issuer"); name != issuer { // section 4.3
		return nil, fmt.Errorf("the configuration is of the issuer %s, not %s%s",
			quote(name), quote(issuer), nearly(name, issuer))
	}
	address, _, _ := o.text("jwks_uri")
	switch {
	case addressFault(address, false) != "":
		return nil, errors.New("the configuration of the provider has no jwks_uri that is a sound URL")
	case strings.HasPrefix(address, "http:") && !strings.HasPrefix(issuer, "http:"):
		return nil, errors.New("the jwks_uri of the provider is http where the provider is https")
	case isClear(address) && !isClear(issuer):
		return nil, errors.New("the jwks_uri of the provider is http to another machine")
	}
	return f.get(ctx, address)
}

// statusError: the answer is not 200.
type statusError struct {
	status int
	after  time.Duration // the answer's Retry-After; zero without one
}

func (e *statusError) Error() string {
	s := fmt.Sprintf("the answer is %d", e.status)
	if e.status >= 300 && e.status < 400 {
		s += "; redirects are not followed: give the URL that they lead to"
	}
	return s
}

// retryAfter is the wait that an answer asks for in seconds. Better Auth names
// the field X-Retry-After.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-Retry-After"} {
		if n, err := strconv.ParseUint(h.Get(name), 10, 31); err == nil {
			return time.Duration(n) * time.Second
		}
	}
	return 0
}

// plain is an error of net/http for the log: without the URL, and with nothing
// of what the other side wrote but visible characters, and few of them.
func plain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("there was no answer in time")
	}
	text := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, err.Error())
	return errors.New(text[:min(len(text), 200)])
}
