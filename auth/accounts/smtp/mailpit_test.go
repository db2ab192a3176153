package smtp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/nodetest"
	"github.com/authtodo/authtodo/internal/ports"
)

// mailpitVersion is the server that the tests go by: github.com/axllent/mailpit.
const mailpitVersion = "v1.27.11"

// program finds mailpit on the PATH or where an earlier test has put it. Where
// tests are required, it is built once.
func program() (string, error) {
	if path, err := exec.LookPath("mailpit"); err == nil {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "authtodo", "mailpit-"+mailpitVersion)
	path := filepath.Join(dir, "mailpit")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	module := "github.com/axllent/mailpit@" + mailpitVersion
	if !nodetest.Required() {
		return "", &nodetest.Missing{What: "mailpit", Remedy: "GOBIN=" + dir + " go install " + module}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", module)
	install.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w: %s", module, err, out)
	}
	return path, nil
}

// server is a running mailpit.
type server struct {
	t     *testing.T
	port  int // of SMTP
	http  string
	roots *x509.CertPool // that its certificate is of
}

const username, password = "relay", "p4ss-of-the-relay"

// start starts mailpit with a certificate for 127.0.0.1, and with
// the user above.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	path, err := program()
	if err != nil {
		nodetest.Skip(t, err)
	}
	dir := t.TempDir()
	s := &server{t: t, port: freePort(t), http: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	s.roots = certify(t, dir)
	users := filepath.Join(dir, "users")
	if err := os.WriteFile(users, []byte(username+":"+password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, append([]string{
		"--smtp", fmt.Sprintf("127.0.0.1:%d", s.port), "--listen", s.http,
		"--database", filepath.Join(dir, "mails"), "--disable-version-check", "--smtp-disable-rdns",
		"--smtp-tls-cert", filepath.Join(dir, "cert"), "--smtp-tls-key", filepath.Join(dir, "key"),
		"--smtp-auth-file", users, "--smtp-strict-rfc-headers",
	}, args...)...)
	var log strings.Builder
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Logf("mailpit: %s", &log)
		}
	})
	s.await()
	return s
}

// await waits until the server answers.
func (s *server) await() {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + s.http + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.port))
		if err == nil && resp.StatusCode == 200 {
			conn.Close()
			return
		}
	}
	s.t.Fatal("mailpit does not start")
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := ports.Free("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// certify writes a certificate that only the result vouches for.
func certify(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailpit"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err2 := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	private, err3 := x509.MarshalPKCS8PrivateKey(key)
	parsed, err4 := x509.ParseCertificate(cert)
	write := func(name, kind string, bytes []byte) error {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
		return os.WriteFile(filepath.Join(dir, name), text, 0o600)
	}
	err := errors.Join(err1, err2, err3, err4,
		write("cert", "CERTIFICATE", cert), write("key", "PRIVATE KEY", private))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return roots
}

// get reads from mailpit's own API.
func (s *server) get(path string) []byte {
	s.t.Helper()
	resp, err := http.Get("http://" + s.http + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		s.t.Fatalf("%s: %d %s %v", path, resp.StatusCode, text, err)
	}
	return text
}

// received is a mail that the server has taken.
type received struct {
	ID      string
	From    struct{ Name, Address string }
	To      []struct{ Name, Address string }
	Cc, Bcc []struct{ Address string }
	Subject string
	Text    string
}

// mails are all mails, the last one first.
func (s *server) mails() (all []received) {
	s.t.Helper()
	var list struct{ Messages []received }
	if err := json.Unmarshal(s.get("/api/v1/messages"), &list); err != nil {
		s.t.Fatal(err)
	}
	for _, m := range list.Messages {
		var whole received
		if err := json.Unmarshal(s.get("/api/v1/message/"+m.ID), &whole); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, whole)
	}
	return all
}

// raw is a mail as it came.
func (s *server) raw(id string) string { return string(s.get("/api/v1/message/" + id + "/raw")) }

// only is the one mail that there is.
func (s *server) only() received {
	s.t.Helper()
	all := s.mails()
	if len(all) != 1 {
		s.t.Fatalf("%d mails, want 1", len(all))
	}
	return all[0]
}
