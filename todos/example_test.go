package todos_test

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// The API alone, for a host with users and a guard of its own. Most hosts want
// authtodo.Register.
func ExampleNewAPI() {
	guard := func(c *gin.Context) {
		if _, known := c.Get("user"); !known { // as other middleware of the host has set it
			c.AbortWithStatus(http.StatusUnauthorized)
		}
	}
	todos.NewAPI(todos.APIOptions{
		Store: memory.New().Backend().Todos,
		Caller: func(c *gin.Context) todos.Caller {
			return todos.Caller{Owner: c.GetString("user"), UserID: c.GetString("user")}
		},
		Logger:    slog.Default(),
		Now:       time.Now,
		BodyLimit: 256 << 10,
		Timeout:   10 * time.Second,
	}).Mount(gin.Default().Group("/api"), guard)
}
