package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

const from = "Todos für alle <no-reply@example.test>"

// to is a mail with everything that a mail can have.
func to(address string) accounts.Mail {
	return accounts.Mail{
		Kind: accounts.MailVerify, To: address, Name: "Ada\r\nBcc: eve@example.test",
		Link: "https://app.example.test/verify?token=" + strings.Repeat("s3cret", 40), Subject: "Bestätige deine Adresse ✉",
		Text: "Hallo Ädä,\n\n.\n..two dots\nFrom the start\n\nhttps://app.example.test/verify?token=" +
			strings.Repeat("s3cret", 40) + "\n",
	}
}

func (s *server) options(security Security) Options {
	return Options{
		Host: "127.0.0.1", Port: s.port, Security: security, RootCAs: s.roots, From: from,
		Username: username, Password: password,
	}
}

func mailer(t *testing.T, o Options) *Mailer {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSend: over STARTTLS and over TLS, a mail arrives as it was, at one address.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		security Security
		args     []string
	}{
		"STARTTLS": {STARTTLS, []string{"--smtp-require-starttls"}},
		"TLS":      {TLS, []string{"--smtp-require-tls"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, how.args...)
			sent := to("ada@example.test")
			if err := mailer(t, s.options(how.security)).Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			got := s.only()
			if got.From.Name != "Todos für alle" || got.From.Address != "no-reply@example.test" ||
				len(got.To) != 1 || got.To[0].Address != "ada@example.test" || got.To[0].Name != "" ||
				len(got.Cc)+len(got.Bcc) != 0 || got.Subject != sent.Subject {
				t.Errorf("%+v", got)
			}
			if text := strings.ReplaceAll(got.Text, "\r\n", "\n"); strings.TrimSpace(text) != strings.TrimSpace(sent.Text) {
				t.Errorf("the text is %q", got.Text)
			}
			raw := s.raw(got.ID)
			for _, field := range []string{"\nAuto-Submitted: auto-generated", "@example.test>", "\nDate: "} {
				if !strings.Contains(raw, field) {
					t.Errorf("no %q in %s", field, raw)
				}
			}
			if strings.Contains(raw, "eve@") || strings.Contains(raw, "go-mail") {
				t.Errorf("too much: %s", raw)
			}
		})
	}
}

// TestInsecure is a server on this machine, with and without a password.
func TestInsecure(t *testing.T) {
	t.Parallel()
	s := start(t, "--smtp-auth-allow-insecure")
	o := s.options(Insecure)
	if err := mailer(t, o).Send(t.Context(), to("ada@example.test")); err != nil {
		t.Error(err)
	}
	o.Username, o.Password = "", ""
	err := mailer(t, o).Send(t.Context(), to("bob@example.test"))
	if err == nil || len(s.mails()) != 1 {
		t.Errorf("without a password: %v", err)
	}
}

// TestRefused: what a server must not get, and what it refuses; no error shows
// the mail or the password.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := start(t, "--smtp-allowed-recipients", "@example\\.test$")
	for name, change := range map[string]func(*Options, *accounts.Mail){
		"another password":           func(o *Options, _ *accounts.Mail) { o.Password = "wr0ng password" },
		"no password":                func(o *Options, _ *accounts.Mail) { o.Username, o.Password = "", "" },
		"an unknown certificate":     func(o *Options, _ *accounts.Mail) { o.RootCAs = nil },
		"a certificate of another":   func(o *Options, _ *accounts.Mail) { o.Host = "localhost" },
		"TLS where STARTTLS is":      func(o *Options, _ *accounts.Mail) { o.Security = TLS },
		"nobody listens":             func(o *Options, _ *accounts.Mail) { o.Port = freePort(t) },
		"an address that it refuses": func(_ *Options, m *accounts.Mail) { m.To = "ada@other.test" },
		"two addresses":              func(_ *Options, m *accounts.Mail) { m.To = "ada@example.test, eve@example.test" },
		"a line break in To":         func(_ *Options, m *accounts.Mail) { m.To = "ada@example.test\r\nBcc: eve@example.test" },
		"a command in To":            func(_ *Options, m *accounts.Mail) { m.To = "ada@example.test>\r\nRCPT TO:<eve@example.test" },
		"a line break in Subject":    func(_ *Options, m *accounts.Mail) { m.Subject = "Hi\r\nBcc: eve@example.test" },
		"a bare LF in Subject":       func(_ *Options, m *accounts.Mail) { m.Subject = "Hi\nBcc: eve@example.test" },
		"NUL in Subject":             func(_ *Options, m *accounts.Mail) { m.Subject = "Hi\x00" },
		"nobody":                     func(_ *Options, m *accounts.Mail) { m.To = "" },
		"not the normal form":        func(_ *Options, m *accounts.Mail) { m.To = "Ada@Example.test" },
	} {
		o, mail := s.options(STARTTLS), to("ada@example.test")
		change(&o, &mail)
		err := mailer(t, o).Send(t.Context(), mail)
		if err == nil {
			t.Errorf("%s: sent", name)
			continue
		}
		for _, hidden := range []string{"s3cret", string(o.Password), "ada@", "eve@"} {
			if hidden != "" && strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		t.Logf("%s: %v", name, err)
	}
	if n := len(s.mails()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

// TestManyAtOnce: one mailer is for all.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := mailer(t, s.options(STARTTLS))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := m.Send(t.Context(), to(fmt.Sprintf("ada-%d@example.test", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := make(map[string]bool)
	for _, mail := range s.mails() {
		seen[mail.To[0].Address] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 mails", len(seen))
	}
}

// server that speaks a line and then hangs, or what a test says.
func fake(t *testing.T, serve func(net.Conn)) Options {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	return Options{Host: "127.0.0.1", Port: port, Security: Insecure, From: from}
}

// TestHanging: a server that says nothing any more costs no more than the
// timeout or the context allow, and its connection is closed.
func TestHanging(t *testing.T) {
	t.Parallel()
	// Enough for the connection on a busy machine, and what is far from being in time.
	const patience, late = 2 * time.Second, 15 * time.Second
	for _, last := range []string{"", "220 hello\r\n"} {
		closed := make(chan struct{}, 2)
		o := fake(t, func(conn net.Conn) {
			fmt.Fprint(conn, last)
			for r := bufio.NewReader(conn); ; {
				if _, err := r.ReadString('\n'); err != nil {
					conn.Close()
					closed <- struct{}{}
					return
				}
			}
		})
		o.Timeout = patience
		begin := time.Now()
		if err := mailer(t, o).Send(t.Context(), to("ada@example.test")); err == nil || time.Since(begin) > late {
			t.Errorf("%q: %v after %v", last, err, time.Since(begin))
		}
		<-closed
		o.Timeout = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		begin = time.Now()
		err := mailer(t, o).Send(ctx, to("ada@example.test"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > late {
			t.Errorf("%q: %v after %v", last, err, time.Since(begin))
		}
		<-closed
	}
}

// TestNoTLSOffered: somebody in between who takes STARTTLS away gets no mail and
// no password.
func TestNoTLSOffered(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	o := fake(t, func(conn net.Conn) {
		var all strings.Builder
		fmt.Fprint(conn, "220 hello\r\n")
		for r := bufio.NewReader(conn); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				heard <- all.String()
				return
			}
			all.WriteString(line)
			fmt.Fprint(conn, "250-hello\r\n250 AUTH PLAIN LOGIN\r\n")
		}
	})
	o.Security, o.Username, o.Password = STARTTLS, username, password
	if err := mailer(t, o).Send(t.Context(), to("ada@example.test")); err == nil {
		t.Error("sent")
	}
	if said := <-heard; strings.Contains(said, "AUTH") || strings.Contains(said, "MAIL") {
		t.Errorf("the server heard %q", said)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	good := Options{Host: "smtp.example.test", From: from}
	for name, test := range map[string]struct {
		change func(*Options)
		fault  string // empty if there is none
	}{
		"the least":               {func(*Options) {}, ""},
		"a bare address":          {func(o *Options) { o.From = "no-reply@example.test" }, ""},
		"an IP address":           {func(o *Options) { o.Host = "2001:db8::1" }, ""},
		"no host":                 {func(o *Options) { o.Host = "" }, "Options.Host is required"},
		"a host with a port":      {func(o *Options) { o.Host = "smtp.example.test:587" }, "Host"},
		"a URL":                   {func(o *Options) { o.Host = "smtp://smtp.example.test" }, "Host"},
		"a line break in Host":    {func(o *Options) { o.Host = "smtp.example.test\r\n" }, "Host"},
		"no sender":               {func(o *Options) { o.From = "" }, "Options.From is required"},
		"a sender without domain": {func(o *Options) { o.From = "todos" }, "From"},
		"two senders":             {func(o *Options) { o.From = "a@example.test, b@example.test" }, "From"},
		"a line break in From":    {func(o *Options) { o.From = "Todos\r\nBcc: eve@example.test <a@example.test>" }, "From"},
		"one that is encoded":     {func(o *Options) { o.From = "=?utf-8?q?Todos=0D=0ABcc?= <a@example.test>" }, "From"},
		"a negative port":         {func(o *Options) { o.Port = -1 }, "Port"},
		"a big port":              {func(o *Options) { o.Port = 65536 }, "Port"},
		"no such security":        {func(o *Options) { o.Security = 3 }, "Security"},
		"a name alone":            {func(o *Options) { o.Username = "relay" }, "belong together"},
		"a password alone":        {func(o *Options) { o.Password = "s3cret" }, "belong together"},
		"a password in clear": {func(o *Options) {
			o.Security, o.Username, o.Password = Insecure, "relay", "s3cret"
		}, "in clear"},
		"a long timeout":     {func(o *Options) { o.Timeout = time.Hour }, "Timeout"},
		"a negative timeout": {func(o *Options) { o.Timeout = -1 }, "Timeout"},
	} {
		o := good
		test.change(&o)
		m, err := New(o)
		if (err == nil) != (test.fault == "") || (m == nil) != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), test.fault) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := New(Options{Port: -1, Security: 7})
	if n := strings.Count(fmt.Sprint(err), "smtp: Options."); n != 4 {
		t.Errorf("%d faults at once, want 4: %v", n, err)
	}
	for security, port := range map[Security]int{STARTTLS: 587, TLS: 465, Insecure: 25} {
		o := good
		o.Security = security
		if m := mailer(t, o); m.options.Port != port || m.options.Timeout != DefaultTimeout {
			t.Errorf("%d: port %d, timeout %v", security, m.options.Port, m.options.Timeout)
		}
	}
}
