package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// Methods are the handlers of one path.
type Methods map[string]Handler

// Route mounts the methods of a path. The others answer 405, whatever the
// host's engine does with methods that have no route. OPTIONS is left to the
// host, whose CORS middleware answers it, and so are methods of other
// standards.
func (rep Reporter) Route(r gin.IRouter, path string, of Methods) {
	var allow []string
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodConnect, http.MethodTrace,
	}
	for _, method := range known {
		if handler, ok := of[method]; ok {
			allow = append(allow, method)
			r.Handle(method, path, rep.Handle(handler))
		}
	}
	refuse := rep.Handle(MethodNotAllowed(strings.Join(allow, ", ")))
	for _, method := range known {
		if _, ok := of[method]; !ok {
			r.Handle(method, path, refuse)
		}
	}
}
