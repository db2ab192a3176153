package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/reference"
)

// newEngine is an engine with the page, the module and the routes of the host.
func newEngine(cfg config, db database, mailer accounts.Mailer) (*gin.Engine, *authtodo.Module, error) {
	engine := bareEngine(cfg.origins)
	if err := mountPage(engine); err != nil {
		return nil, nil, err
	}
	api := engine.Group("/api")
	own := &accounts.Options{
		BaseURL:   cfg.baseURL,
		Secret:    accounts.Secret(cfg.secret),
		UserSpace: auth.DefaultSpace,
		Mailer:    mailer,

		VerifyPage: verifyPage,
		ResetPage:  resetPage,

		TrustedProxies: cfg.proxies,
	}
	if cfg.unlimited {
		own.Limiter = accounts.Unlimited{}
	}
	module, err := authtodo.Register(api, authtodo.Options{
		Storage:  db.Backend(),
		Auth:     auth.Options{Issuers: cfg.acceptedIssuers()},
		Accounts: own,
	})
	if err != nil {
		return nil, nil, faultsByName(err)
	}
	if err := reference.Mount(api, "/reference"); err != nil {
		return nil, nil, err
	}
	api.GET("/me", module.Guard(), me)
	engine.GET("/healthz", healthz)
	engine.GET("/readyz", readyz(db))
	return engine, module, nil
}

// audit logs what should not stay so in production.
func audit(ctx context.Context, module *authtodo.Module, engine *gin.Engine) error {
	findings, err := module.Audit(ctx, engine)
	for _, f := range findings {
		if f.Severity > auth.Low {
			slog.WarnContext(ctx, f.Detail, "code", f.Code, "severity", f.Severity, "field", f.Field)
		}
	}
	return err
}

// faultsByName tells faults of the options by the names that they have here.
func faultsByName(err error) error {
	return errors.New(strings.NewReplacer(
		"authtodo: options are not valid: ", "",
		"Accounts.BaseURL:", "BASE_URL",
		", or set InsecureHTTP if nobody can get between", "",
		"Accounts.Secret:", "AUTH_SECRET",
	).Replace(err.Error()))
}

// bareEngine is an engine as a careful host sets it up.
func bareEngine(origins []string) *gin.Engine {
	if os.Getenv(gin.EnvGinMode) == "" {
		gin.SetMode(gin.ReleaseMode)
	}
	engine := gin.New()
	_ = engine.SetTrustedProxies(nil) // else a client says what its address is; nil is no error
	engine.Use(gin.Recovery())
	if len(origins) > 0 {
		engine.Use(allow(origins)) // before the guard: preflights have no token
	}
	return engine
}

// allow lets pages of these origins use all of the API. Tokens come in a header
// field and not in cookies, so it needs no credentials.
func allow(origins []string) gin.HandlerFunc {
	return cors.New(cors.Config{
		AllowOrigins: origins,
		AllowMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders: []string{
			"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Prefer",
		},
		ExposeHeaders: []string{
			"ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy",
			"X-Total-Count", "X-Request-Id", "Idempotency-Replayed",
		},
		MaxAge: 10 * time.Minute,
	})
}

// me is a handler of the host's own: behind the module's guard it knows who is
// calling.
func me(c *gin.Context) {
	identity, _ := auth.From(c)
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"user_id": identity.UserID, "email": identity.Email})
}

// healthz says that the process answers; a supervisor restarts one that does
// not. It must not look at the database, or an outage there would restart all.
func healthz(c *gin.Context) { status(c, http.StatusOK, "ok") }

// readyz says whether the database answers; a balancer sends no requests here
// while it does not.
func readyz(db database) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), time.Second)
		defer cancel()
		if err := db.Ping(ctx); err != nil {
			slog.WarnContext(ctx, "not ready", "error", err)
			status(c, http.StatusServiceUnavailable, "unavailable")
			return
		}
		status(c, http.StatusOK, "ok")
	}
}

func status(c *gin.Context, code int, text string) {
	c.Header("Cache-Control", "no-store")
	c.JSON(code, gin.H{"status": text})
}
