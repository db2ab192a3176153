package smtp

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

// post sends a body of the account API and returns the status.
func post(t *testing.T, url string, body map[string]string) int {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url, "application/json", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// next waits for the only mail with a subject that none of the seen ones has,
// and returns the token of its link.
func (s *server) next(seen map[string]bool) string {
	s.t.Helper()
	link := regexp.MustCompile(`https?://\S+[?&]token=([\w.~-]+)`)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, mail := range s.mails() {
			if seen[mail.ID] {
				continue
			}
			seen[mail.ID] = true
			found := link.FindStringSubmatch(mail.Text)
			if found == nil || len(mail.To) != 1 || mail.To[0].Address != "ada@example.test" {
				s.t.Fatalf("no link for Ada in %+v", mail)
			}
			return found[1]
		}
	}
	s.t.Fatal("there is no mail")
	return ""
}

// TestLife is an account whose mails go over SMTP: its address is verified, and
// its password reset, by what has arrived.
func TestLife(t *testing.T) {
	t.Parallel()
	s := start(t, "--smtp-require-starttls")
	engine := gin.New()
	web := httptest.NewServer(engine)
	defer web.Close()
	module, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Logger:  slog.New(slog.DiscardHandler),
		Timeout: authtodo.MaxTimeout, // a slow machine may take its time
		Accounts: &accounts.Options{
			BaseURL: web.URL, Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a",
			RequireVerification: true, Mailer: mailer(t, s.options(STARTTLS)),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	const password, other = "correct horse", "another horse"
	seen, auth := make(map[string]bool), web.URL+"/api/auth"
	signIn := func(password string) int {
		return post(t, auth+"/sign-in/email", map[string]string{"email": "ada@example.test", "password": password})
	}
	for _, step := range []struct {
		about     string
		got, want int
	}{
		{"sign-up", post(t, auth+"/sign-up/email", map[string]string{
			"name": "Ada <eve@example.test>", "email": "Ada@example.test", "password": password,
		}), 200},
		{"verify", post(t, auth+"/verify-email", map[string]string{"token": s.next(seen)}), 200},
		{"sign in", signIn(password), 200},
		{"ask for a reset", post(t, auth+"/request-password-reset", map[string]string{"email": "ada@example.test"}), 200},
		{"reset", post(t, auth+"/reset-password", map[string]string{"token": s.next(seen), "newPassword": other}), 200},
		{"the old password", signIn(password), 401},
		{"the new one", signIn(other), 200},
	} {
		if step.got != step.want {
			t.Errorf("%s: %d, want %d", step.about, step.got, step.want)
		}
	}
}
