// Command usual is the API as most people write it today: gin-jwt checks tokens,
// sqlx asks lib/pq without preparing anything for longer than a call,
// ShouldBindJSON reads bodies. It has the module's table with all its indexes,
// keeps positions, versions and the text to search in, and does each operation in
// one statement. It does without row-level security, entity tags and the counter
// of each list that they come from.
package main

import (
	"context"
	"flag"
	"net/http"
	"time"

	jwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/bench/hosts/host"
)

func main() {
	url := flag.String("db", "", "connection string")
	flag.Parse()
	host.Main(func(ctx context.Context) (http.Handler, error) {
		db, err := sqlx.ConnectContext(ctx, "postgres", *url)
		if err != nil {
			return nil, err
		}
		host.Size(db.DB)
		return newEngine(&handler{db})
	})
}

func newEngine(h *handler) (http.Handler, error) {
	guard, err := jwt.New(&jwt.GinJWTMiddleware{
		Realm:       "todos",
		Key:         []byte(host.Secret),
		Timeout:     time.Hour,
		IdentityKey: "sub",
		IdentityHandler: func(c *gin.Context) any {
			return jwt.ExtractClaims(c)["sub"]
		},
		Authenticator: func(*gin.Context) (any, error) { return nil, jwt.ErrFailedAuthentication },
		Unauthorized: func(c *gin.Context, code int, message string) {
			c.JSON(code, gin.H{"error": message})
		},
	})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	todos := engine.Group("/api/todos", guard.MiddlewareFunc())
	todos.GET("", h.list)
	todos.POST("", h.create)
	todos.GET("/:id", h.get)
	todos.PATCH("/:id", h.update)
	todos.DELETE("/:id", h.delete)
	return engine, nil
}
