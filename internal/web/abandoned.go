package web

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
)

// errAbandoned ends a handler whose request has been answered by somebody else.
var errAbandoned = errors.New("web: the request was answered meanwhile")

// Abandoned returns err, or an error that is never answered if c is not that of
// request any more. Middleware that answers when a handler takes too long, and
// leaves the handler running, gives its context back to Gin, which gives it to
// another request: what the handler then says, that one would get. Handlers ask
// when they have waited for something.
func Abandoned(c *gin.Context, request *http.Request, err error) error {
	if c.Request != request {
		return errAbandoned
	}
	return err
}
