package accounts

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/web"
)

// userAnswer is a user as Better Auth shows one.
type userAnswer struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	Email         string  `json:"email"`
	EmailVerified bool    `json:"emailVerified"`
	Image         *string `json:"image"`
	CreatedAt     stamp   `json:"createdAt"`
	UpdatedAt     stamp   `json:"updatedAt"`
}

func showUser(u User) *userAnswer {
	return &userAnswer{
		u.ID, u.Name, u.Email, u.EmailVerified, u.Image, stamp(u.CreatedAt), stamp(u.UpdatedAt),
	}
}

// sessionAnswer is a session as Better Auth shows one, but for its token: that is
// a handle, so that a page that was broken into cannot read the session token.
type sessionAnswer struct {
	ID        string `json:"id"`
	UserID    string `json:"userId"`
	Token     string `json:"token"`
	ExpiresAt stamp  `json:"expiresAt"`
	CreatedAt stamp  `json:"createdAt"`
	UpdatedAt stamp  `json:"updatedAt"`
	IPAddress string `json:"ipAddress"`
	UserAgent string `json:"userAgent"`
}

// showSession shows of a session with refresh tokens nothing that tells when these
// were exchanged: whoever has stolen one would wait for that, and use theirs while
// it is answered again.
func (s *Service) showSession(session Session) *sessionAnswer {
	if session.Refresh != (Digest{}) {
		session.UpdatedAt, session.ExpiresAt = session.CreatedAt, session.EndsAt
	}
	return &sessionAnswer{
		session.ID, session.UserID, s.handleOf(session), stamp(session.ExpiresAt),
		stamp(session.CreatedAt), stamp(session.UpdatedAt), session.Address, session.UserAgent,
	}
}

// handleOf is the token that stands for a session in lists: the same one each
// time, and good for nothing but to end it.
func (s *Service) handleOf(session Session) string {
	return s.seal.seal(kindHandle, opaque{user: session.UserID, session: session.ID})
}

// tokensAnswer is what clients without cookies get (RFC 6749 section 5.1).
type tokensAnswer struct {
	User         *userAnswer `json:"user,omitempty"`
	AccessToken  string      `json:"access_token"`
	TokenType    string      `json:"token_type"`
	ExpiresIn    int64       `json:"expires_in"`
	RefreshToken string      `json:"refresh_token"`
}

// statusAnswer is the answer of most routes that change something.
type statusAnswer struct {
	Status bool `json:"status"`
}

// stamp is a time as JavaScript writes it.
type stamp time.Time

// MarshalJSON implements [json.Marshaler].
func (t stamp) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// write answers 200 with a value as JSON.
func write(c *gin.Context, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	web.JSON(c, http.StatusOK, text)
	return nil
}
