package smtp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/authtodo/authtodo/auth/accounts"
)

// Mailer implements [accounts.Mailer].
type Mailer struct {
	options Options
	from    *mail.Address
}

// Send sends a mail as it is, as plain text, to its address without the user's
// name: anybody may have written that. A nil error means that the server has
// taken it. Errors name what the server said in numbers, because its text may
// repeat the mail.
func (m *Mailer) Send(ctx context.Context, mail accounts.Mail) error {
	message, err := m.message(mail)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, m.options.Timeout)
	defer cancel()
	line := &line{ctx: ctx, tls: m.options.implicitTLS()}
	defer line.close()
	client, err := gomail.NewClient(m.options.Host, m.options.client(line)...)
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // whatever the parting was like
		return nil
	}
	return explained(ctx, err)
}

// message is a mail as it goes to the server.
func (m *Mailer) message(mail accounts.Mail) (*gomail.Msg, error) {
	if to, ok := accounts.NormalEmail(mail.To); !ok || to != mail.To {
		return nil, errors.New("smtp: the mail is to no address")
	}
	if hasControl(mail.Subject) {
		return nil, errors.New("smtp: the subject is more than a line")
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	if err := message.To(mail.To); err != nil {
		return nil, errors.New("smtp: the mail is to no address")
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	message.SetMessageIDWithValue(rand.Text() + "@" + domain)
	message.SetDate()
	message.Subject(mail.Subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday answers
	message.SetBodyString(gomail.TypeTextPlain, mail.Text)
	return message, nil
}

// client are the options of the library.
func (o Options) client(line *line) []gomail.Option {
	policy := gomail.TLSMandatory
	switch o.Security {
	case TLS: // line has it already, and the library sees that
		policy = gomail.TLSOpportunistic
	case Insecure:
		policy = gomail.NoTLS
	}
	options := []gomail.Option{
		gomail.WithPort(o.Port),
		gomail.WithTimeout(o.Timeout),
		gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(o.tls()),
		gomail.WithDialContextFunc(line.dial),
		gomail.WithoutNoop(),
	}
	if o.Username != "" {
		options = append(options,
			gomail.WithUsername(o.Username),
			gomail.WithPassword(string(o.Password)),
			gomail.WithOpportunisticSMTPAuth(
				gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin),
		)
	}
	return options
}

func (o Options) tls() *tls.Config {
	return &tls.Config{ServerName: o.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
}

// implicitTLS is nil if a connection begins in clear.
func (o Options) implicitTLS() *tls.Config {
	if o.Security != TLS {
		return nil
	}
	return o.tls()
}

// line is the connection for one mail. The library does not close one that it
// could not sign in with, and does not look at the context after it has dialled.
type line struct {
	ctx  context.Context // of the whole mail
	tls  *tls.Config     // nil to begin in clear
	conn net.Conn
	stop func() bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if l.tls != nil {
		conn, err = (&tls.Dialer{Config: l.tls}).DialContext(ctx, network, address)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	l.conn = conn
	l.stop = context.AfterFunc(l.ctx, func() { conn.Close() })
	return conn, nil
}

func (l *line) close() {
	if l.conn != nil {
		l.stop()
		l.conn.Close() // as a rule it is closed
	}
}

// explained is an error without the text of the mail and its address.
func explained(ctx context.Context, err error) error {
	var refused *gomail.SendError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("smtp: sending a mail: %w", ctx.Err())
	case errors.As(err, &refused):
		return fmt.Errorf("smtp: the server did not take a mail: %v (%d %s)",
			refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode())
	}
	return fmt.Errorf("smtp: sending a mail: %w", err)
}
