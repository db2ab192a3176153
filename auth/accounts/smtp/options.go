package smtp

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// Security says how a connection to the server is kept from being read.
type Security int

// The ways there are. In the first two the server must show a certificate for
// Host, and nothing is sent to one that has none; TLS is 1.2 or newer.
const (
	// STARTTLS begins in clear and asks the server for TLS, on port 587. A server
	// that does not offer it gets no mail.
	STARTTLS Security = iota

	// TLS begins with TLS, on port 465.
	TLS

	// Insecure is without TLS, on port 25: for a server on this machine, or in a
	// network where nobody else is. Whoever is on the way can read the links and
	// so take over accounts.
	Insecure
)

// Defaults and limits of [Options].
const (
	DefaultTimeout = 20 * time.Second
	MaxTimeout     = 5 * time.Minute
)

// Options say which server sends the mails. Host and From are required.
type Options struct {
	// Host is the name of the server, or its IP address.
	Host string

	// Port is the server's; zero is 587, 465 or 25, by Security.
	Port int

	// Security is [STARTTLS] by default.
	Security Security

	// RootCAs are who the server's certificate may be of; nil is those that the
	// system trusts.
	RootCAs *x509.CertPool

	// Username and Password sign in at the server; both empty means that it wants
	// nobody to. With [Insecure] they are for a Host on this machine only.
	Username string
	Password accounts.Secret

	// From is the sender, like "Todos <no-reply@example.com>". The server has to
	// be one that may send for its domain, or the mails end as spam.
	From string

	// Timeout is how long a mail may take, from the first packet to the last. Zero
	// is [DefaultTimeout]; at most [MaxTimeout]. The module gives up after 30
	// seconds in any case.
	Timeout time.Duration
}

// New returns a mailer, or all that is wrong with the options. It does not
// connect: every mail has a connection of its own. The mailer is safe for
// concurrent use.
func New(o Options) (*Mailer, error) {
	m := &Mailer{options: o}
	if m.options.Port == 0 {
		m.options.Port = o.Security.port()
	}
	if m.options.Timeout == 0 {
		m.options.Timeout = DefaultTimeout
	}
	from, err := sender(o.From)
	m.from = from
	if err := errors.Join(append(m.options.faults(), err)...); err != nil {
		return nil, err
	}
	return m, nil
}

func (s Security) port() int {
	switch s {
	case TLS:
		return 465
	case Insecure:
		return 25
	}
	return 587
}

func (o Options) faults() (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("smtp: Options."+format, args...))
	}
	switch {
	case o.Host == "":
		fault("Host is required")
	case !isHost(o.Host):
		fault("Host must be a name or an IP address, without a port")
	}
	if o.Port < 1 || o.Port > 65535 {
		fault("Port is %d, want 1 to 65535", o.Port)
	}
	if o.Security < STARTTLS || o.Security > Insecure {
		fault("Security is %d, want STARTTLS, TLS or Insecure", int(o.Security))
	}
	if (o.Username == "") != (o.Password == "") {
		fault("Username and Password belong together; one of them is empty")
	}
	if o.Security == Insecure && o.Username != "" && !isLoopback(o.Host) {
		fault("Password would be sent in clear; Insecure is without one, except on this machine")
	}
	if o.Timeout < 0 || o.Timeout > MaxTimeout {
		fault("Timeout is %v, want at most %v", o.Timeout, MaxTimeout)
	}
	return faults
}

// sender reads the address that mails come from.
func sender(s string) (*mail.Address, error) {
	if s == "" {
		return nil, errors.New(`smtp: Options.From is required, like "Todos <no-reply@example.com>"`)
	}
	from, err := mail.ParseAddress(s)
	if err == nil {
		_, ok := accounts.NormalEmail(from.Address)
		if ok && !hasControl(from.Name) {
			return from, nil
		}
	}
	return nil, errors.New(`smtp: Options.From must be like "Todos <no-reply@example.com>"`)
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`:/@[]<>()\,;"`, r)
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
