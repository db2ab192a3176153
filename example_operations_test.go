package authtodo_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
)

// What works and should not stay so in production: here a secret that looks like
// words, and an engine that believes every X-Forwarded-For.
func ExampleModule_Audit() {
	engine := gin.New()
	module, err := authtodo.Register(engine, authtodo.Options{
		Storage: memory.New().Backend(),
		Auth: auth.Options{Issuers: []auth.Issuer{
			{Keys: auth.SharedSecret("correct horse battery staple, and again")},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer module.Close()
	findings, err := module.Audit(context.Background(), engine)
	for _, f := range findings {
		fmt.Println(f.Severity, f.Code, f.Field)
	}
	fmt.Println(err)
	// Output:
	// medium doubtful-secret Auth.Issuers[0].Keys
	// medium engine-trusts-all-proxies gin.Engine
	// <nil>
}

// A service removes what has ended once a day.
func ExampleModule_Purge() {
	var module *authtodo.Module // of Register
	for range time.Tick(24 * time.Hour) {
		removed, err := module.Purge(context.Background())
		log.Print(removed, " rows are gone: ", err)
	}
}

// A readiness probe.
func ExampleModule_Health() {
	var module *authtodo.Module // of Register
	gin.Default().GET("/readyz", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), time.Second)
		defer cancel()
		if err := module.Health(ctx); err != nil {
			log.Print("not ready: ", err)
			c.Status(503)
		}
	})
}
