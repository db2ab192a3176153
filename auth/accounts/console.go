package accounts

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
)

// WriterMailer returns a mailer that writes mails to w, one after the other, for
// a terminal while a service is being developed. Whoever reads w can use the
// links.
func WriterMailer(w io.Writer) Mailer { return &writerMailer{w: w} }

type writerMailer struct {
	mu sync.Mutex
	w  io.Writer
}

// Send implements [Mailer]. What would move the cursor or colour the terminal is
// left out: the name of a user is in the text.
func (m *writerMailer) Send(_ context.Context, mail Mail) error {
	const rule = "----------------------------------------------------------------------"
	text := fmt.Sprintf("%s\nTo: %s\nSubject: %s\n\n%s\n%s\n",
		rule, visible(mail.To), visible(mail.Subject), visibleLines(mail.Text), rule)
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := io.WriteString(m.w, text)
	return err
}

func visibleLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

// visible is s without control and formatting characters.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
