package smtp_test

import (
	"fmt"
	"os"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/auth/accounts/smtp"
)

func ExampleNew() {
	mailer, err := smtp.New(smtp.Options{
		Host:     "smtp.example.com",
		Username: "relay", Password: accounts.Secret(os.Getenv("SMTP_PASSWORD")),
		From: "Todos <no-reply@example.com>",
	})
	fmt.Println(mailer != nil, err)
}
