package accounts_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// Accounts alone, for a service with a guard and no todos. Most hosts want
// authtodo.Register.
func ExampleNew() {
	service, err := accounts.New(accounts.Options{
		BaseURL: "http://localhost:8080",
		Secret:  accounts.Secret(os.Getenv("AUTH_SECRET")),
	}, accounts.Deps{
		Store:  memory.New().Backend().Accounts,
		Logger: slog.Default(), Now: time.Now, Timeout: 10 * time.Second, Path: "/api",
	})
	if err != nil {
		log.Print(err)
		return
	}
	guard, err := auth.New(auth.Options{}, auth.Deps{Logger: slog.Default(), Local: service})
	if err != nil {
		log.Print(err)
		return
	}
	router := gin.Default()
	service.Mount(router.Group("/api"), guard)
	router.GET("/reports", guard.Handler(), func(c *gin.Context) {
		c.String(200, "reports of %s", auth.UserID(c))
	})
	log.Print(router.Run("localhost:8080"))
}

// Mails on the terminal, while a service is being developed.
func ExampleWriterMailer() {
	mailer := accounts.WriterMailer(os.Stdout)
	err := mailer.Send(context.Background(), accounts.Mail{
		To: "ada@example.com", Subject: "Choose a password", Text: "Open this link: …\n",
	})
	fmt.Println(err)
	// Output:
	// ----------------------------------------------------------------------
	// To: ada@example.com
	// Subject: Choose a password
	//
	// Open this link: …
	// ----------------------------------------------------------------------
	// <nil>
}
