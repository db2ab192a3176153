// Command ownusers is a service with users and a login of its own. It takes the
// todo API alone: its own guard stands before it, and its own user ids are the
// owners.
package main

import (
	"context"
	"database/sql"
	"log"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/storage/sqlite"
	"github.com/authtodo/authtodo/todos"
)

func main() {
	engine, err := newEngine(context.Background(), "service.db")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(engine.Run("127.0.0.1:8080"))
}

// service is what was there before the module.
type service struct{ users *sql.DB }

// newEngine has the users and the todos in one file.
func newEngine(ctx context.Context, file string) (*gin.Engine, error) {
	db, err := sqlite.Open(ctx, file)
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		return nil, err
	}
	users, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, err
	}
	s := service{users}
	_, err = users.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)`)
	engine := gin.New()
	todos.NewAPI(todos.APIOptions{
		Store:     db.Backend().Todos,
		Caller:    caller,
		Logger:    slog.Default(),
		Now:       time.Now,
		BodyLimit: 256 << 10,
		Timeout:   10 * time.Second,
	}).Mount(engine.Group("/api"), s.guard)
	engine.GET("/me", s.guard, func(c *gin.Context) { c.JSON(http.StatusOK, c.GetInt64("user")) })
	return engine, err
}

// guard is the service's own: it knows its users by a key.
func (s service) guard(c *gin.Context) {
	var id int64
	err := s.users.QueryRowContext(c, `SELECT id FROM users WHERE key = ?`, c.GetHeader("X-Key")).Scan(&id)
	if err != nil {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	c.Set("user", id)
}

// caller says whose todos a request is about.
func caller(c *gin.Context) todos.Caller {
	id := strconv.FormatInt(c.GetInt64("user"), 10)
	return todos.Caller{Owner: id, UserID: id}
}
