package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
)

// TestAbandoned: a handler that comes back when its context is that of another
// request says nothing, whatever it has found.
func TestAbandoned(t *testing.T) {
	gin.SetMode(gin.TestMode)
	rep := Reporter{Logger: slog.New(slog.DiscardHandler)}
	for _, found := range []error{nil, errors.New("not found")} {
		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		c.Request = httptest.NewRequest("GET", "/", nil)
		rep.Handle(func(c *gin.Context) error {
			request := c.Request
			c.Request = httptest.NewRequest("GET", "/other", nil) // as if Gin had
			if err := Abandoned(c, request, found); err != nil {
				return err
			}
			c.String(http.StatusOK, "secret")
			return nil
		})(c)
		if c.Writer.Written() || w.Body.Len() > 0 || c.IsAborted() {
			t.Errorf("it says %d %s", c.Writer.Status(), w.Body)
		}
	}
}
