package accounts

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/problem"
)

// errTold is the cause of a refusal that there has been an event of.
var errTold = errors.New("accounts: an event has told of it")

// noted is the problem of an error, with a record for the log if credentials are
// refused that no event tells of: those of a session and the links in mails. The
// guard writes the same of its own.
func (s *Service) noted(c *gin.Context, err error) error {
	answer := asProblem(err)
	var p *problem.Problem
	if !errors.As(answer, &p) || p.Note != nil || p.Named == nil || errors.Is(err, errTold) {
		return answer
	}
	note := problem.Note{Level: slog.LevelInfo, Message: "authtodo: credentials refused"}
	var reason, hint string
	switch {
	case p.Named.Code == "INVALID_TOKEN":
		reason, hint = "link", "the link was used, replaced, is too old or none of this service"
	case p.Named.Code != "UNAUTHORIZED":
		return answer
	case errors.Is(err, ErrNoSession), errors.Is(err, ErrNoUser):
		reason, hint = "session", "the session has ended"
	case s.hasCredentials(c.Request):
		note.Level = slog.LevelWarn
		reason, hint = "malformed", "the token is none of this service, or not for this route"
	default:
		reason, hint = "missing", "no Authorization field and no session cookie"
	}
	note.Attrs = []slog.Attr{
		slog.String("reason", reason), slog.String("hint", hint), slog.String("peer", s.address(c)),
	}
	told := *p
	told.Note = &note
	return &told
}

func (s *Service) hasCredentials(r *http.Request) bool {
	return len(r.Header["Authorization"]) > 0 || len(r.CookiesNamed(s.cookieName(sessionCookie))) > 0
}
