// Command middleware is a service with Gin's usual middleware around the module:
// CORS, gzip, a timeout and a rate limit.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
)

func main() {
	handler, err := newHandler(os.Getenv("SECRET"), memory.New().Backend(), rate.NewLimiter(100, 200), 15*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: handler, ReadTimeout: 30 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func newHandler(
	secret string, backend storage.Backend, limiter *rate.Limiter, patience time.Duration,
) (http.Handler, error) {
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.Use(cors.New(cors.Config{ // before the guard: preflights have no token
		AllowOrigins:  []string{"https://app.example.com"},
		AllowMethods:  []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders:  []string{"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"},
		ExposeHeaders: []string{"ETag", "Link", "Location", "Retry-After"},
	}))
	engine.Use(limit(limiter), gzip.Gzip(gzip.DefaultCompression))
	_, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: backend,
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	// Around the engine and not in it: middleware that leaves a handler running gives
	// its context back to Gin, which gives it to another request.
	return http.TimeoutHandler(engine, patience, "that took too long"), err
}

// limit answers 429 to what is too much for the service as a whole.
func limit(limiter *rate.Limiter) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !limiter.Allow() {
			c.Header("Retry-After", "1")
			c.AbortWithStatus(http.StatusTooManyRequests)
		}
	}
}
