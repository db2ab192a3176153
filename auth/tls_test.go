package auth

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestOldTLS: keys come over TLS 1.2 or newer, from whoever is trusted (ASVS
// 12.1.1).
func TestOldTLS(t *testing.T) {
	t.Parallel()
	for version, wanted := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "keys")
		}))
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		f := newFetcher()
		trusted := x509.NewCertPool()
		trusted.AddCert(server.Certificate())
		f.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = trusted
		body, err := f.get(t.Context(), server.URL)
		if got := err == nil && string(body) == "keys"; got != wanted {
			t.Errorf("%s: %q, %v", tls.VersionName(version), body, err)
		}
	}
}
