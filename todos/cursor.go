package todos

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofrs/uuid/v5"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

const badCursor = "must be the cursor of a Link of the same list: same user, sort, completed and q"

// maxCursor is longer than any cursor, in characters.
const maxCursor = 1024

// sealer makes and opens cursors. A cursor is the place of the last todo of a
// page, sealed with AES-256-GCM: it holds a part of a title, which has no
// business in the logs that URLs end up in. Each owner has a key of their own,
// and what list the place is in is authenticated with it, so a cursor is good
// only for the list it was made for. It gives no rights: the owner comes from
// the credential.
type sealer struct{ key []byte }

// errCursor says that a cursor was not made here for this list.
var errCursor = errors.New("todos: not a cursor of this list")

func (s *sealer) seal(owner string, q Query, place *Anchor) (string, error) {
	aead, err := s.aead(owner)
	if err != nil {
		return "", err
	}
	plain, err := appendAnchor(make([]byte, 0, 64), place)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, listName(q))), nil
}

func (s *sealer) open(owner string, q Query, cursor string) (*Anchor, error) {
	if len(cursor) > maxCursor || strings.ContainsAny(cursor, "\r\n") { // which the decoder would pass over
		return nil, errCursor
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return nil, errCursor
	}
	aead, err := s.aead(owner)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, listName(q))
	if err != nil {
		return nil, errCursor
	}
	return parseAnchor(plain)
}

// aead has a key for each owner, so that the number of random nonces under one
// key stays far below where they may repeat.
func (s *sealer) aead(owner string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.key, nil, "authtodo list cursor of "+owner, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// listName tells apart the lists of one owner. The limit is not in it: a client
// may go on with pages of another size.
func listName(q Query) []byte {
	field := q.Sort.Field
	if field == "" {
		field = ByPosition
	}
	name := append([]byte("v1 "), field...)
	name = strconv.AppendBool(append(name, ' '), q.Sort.Descending)
	name = strconv.AppendBool(append(name, ' '), q.Completed.Set)
	name = strconv.AppendBool(append(name, ' '), q.Completed.Value)
	return append(append(name, ' '), q.Search...) // last, for it may hold anything
}

func appendAnchor(b []byte, a *Anchor) ([]byte, error) {
	id, err := uuid.FromString(a.ID)
	if err != nil {
		return nil, err
	}
	b = append(b, id[:]...)
	null := byte(0)
	if a.Null {
		null = 1
	}
	b = binary.AppendVarint(append(b, null), a.Number)
	return append(b, a.Text...), nil
}

// parseAnchor reads what appendAnchor wrote, which is certain: it was sealed.
func parseAnchor(b []byte) (*Anchor, error) {
	if len(b) < uuid.Size+2 {
		return nil, errCursor
	}
	id, err := uuid.FromBytes(b[:uuid.Size])
	if err != nil {
		return nil, errCursor
	}
	number, n := binary.Varint(b[uuid.Size+1:])
	if n <= 0 {
		return nil, errCursor
	}
	return &Anchor{
		ID: id.String(), Null: b[uuid.Size] == 1, Number: number, Text: string(b[uuid.Size+1+n:]),
	}, nil
}

// cursors returns the sealer, with the key that the store keeps, if it keeps
// one, so that cursors are good on every instance and after a restart.
func (a *API) cursors(ctx context.Context) (*sealer, error) {
	if s := a.sealer.Load(); s != nil {
		return s, nil
	}
	s := new(sealer)
	if keeper, ok := a.opts.Store.(CursorKeeper); ok {
		key, err := keeper.CursorKey(ctx)
		if err != nil {
			return nil, asProblem(err)
		}
		s.key = key
	} else {
		s.key = make([]byte, 32)
		rand.Read(s.key)
	}
	if len(s.key) < 32 {
		return nil, errors.New("todos: the store keeps a cursor key of less than 32 bytes")
	}
	a.sealer.CompareAndSwap(nil, s)
	return a.sealer.Load(), nil
}

// openCursor is the place that the page starts behind. A cursor that is not
// this list's is 422.
func (a *API) openCursor(ctx context.Context, owner string, p parameters) (*Anchor, error) {
	sealer, err := a.cursors(ctx)
	if err != nil {
		return nil, err
	}
	place, err := sealer.open(owner, p.query, p.cursor)
	if errors.Is(err, errCursor) {
		return nil, web.Invalid(problem.Fault{Parameter: "cursor", Code: "malformed", Detail: badCursor})
	}
	return place, err
}

// linkNext says where the next page is (RFC 8288).
func (a *API) linkNext(
	ctx context.Context, c *gin.Context, owner string, p parameters, page Page,
) error {
	sealer, err := a.cursors(ctx)
	if err != nil {
		return err
	}
	last := AnchorOf(page.Todos[len(page.Todos)-1], p.query.Sort)
	cursor, err := sealer.seal(owner, p.query, last)
	if err != nil {
		return err
	}
	c.Header("Link", "<"+web.Path(c.Request)+"?"+linkSafe(p.next)+"cursor="+cursor+`>; rel="next"`)
	return nil
}

// linkSafe escapes what a client may send bare in a query but what ends a URI
// in a Link.
func linkSafe(query string) string {
	safe := make([]byte, 0, len(query))
	for i := range len(query) {
		switch c := query[i]; {
		case c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"':
			const hex = "0123456789ABCDEF"
			safe = append(safe, '%', hex[c>>4], hex[c&15])
		default:
			safe = append(safe, c)
		}
	}
	return string(safe)
}
