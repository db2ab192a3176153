package todos

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

const keyHeader = "Idempotency-Key"

// maxKey is how many characters a key has at most.
const maxKey = 255

// parseRetry reads the Idempotency-Key of a creation; nil if there is none.
// The key is visible ASCII, bare or in quotes, which are no part of it.
func parseRetry(h http.Header, body []byte, now time.Time) (*Retry, error) {
	values := h.Values(keyHeader)
	if len(values) == 0 {
		return nil, nil
	}
	key, ok := unquoteKey(strings.Trim(values[0], " \t"))
	if len(values) > 1 || !ok {
		return nil, web.BadRequest("malformed-header", "The header field "+keyHeader+" is malformed.",
			problem.Fault{
				Header: keyHeader, Code: "malformed",
				Detail: "must be one key of 1 to 255 visible ASCII characters, bare or in quotes",
			})
	}
	sum := sha256.Sum256(body)
	return &Retry{
		Key:         key,
		Fingerprint: hex.EncodeToString(sum[:]),
		ExpiredAt:   now.Add(-RetryWindow),
	}, nil
}

func unquoteKey(text string) (key string, ok bool) {
	key = text
	if strings.HasPrefix(text, `"`) {
		if key, ok = strings.CutSuffix(text[1:], `"`); !ok {
			return "", false
		}
	}
	if key == "" || len(key) > maxKey || strings.Contains(key, `"`) {
		return "", false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return "", false
		}
	}
	return key, true
}
