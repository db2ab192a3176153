package accounts

import (
	"strings"
	"testing"
)

func TestWriterMailer(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	mail := Mail{
		To: "ada@example.test", Subject: "Confirm\x1b[2J your address",
		Text: "Hello Ada\x1b[31m\u202e\r,\n\nhttps://app.example/verify?token=x\n",
	}
	if err := WriterMailer(&b).Send(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	rule := strings.Repeat("-", 70) + "\n"
	want := rule + "To: ada@example.test\nSubject: Confirm[2J your address\n\n" +
		"Hello Ada[31m,\n\nhttps://app.example/verify?token=x\n" + rule
	if b.String() != want {
		t.Errorf("got %q, want %q", &b, want)
	}
}
