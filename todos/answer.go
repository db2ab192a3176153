package todos

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtodo/authtodo/internal/web"
)

// writeTodo answers with one todo.
func writeTodo(c *gin.Context, status int, t Todo, caller Caller) {
	c.Header("ETag", `"`+versionTag(t.Version)+`"`)
	user := quote(caller.UserID)
	web.JSON(c, status, appendTodo(make([]byte, 0, sizeOf(t, user)), t, user))
}

// writePage answers with a list.
func writePage(c *gin.Context, page Page, count bool, caller Caller) {
	c.Header("ETag", `W/"`+revisionTag(page.Revision)+`"`)
	if count {
		c.Header("X-Total-Count", strconv.FormatInt(page.Total, 10))
		c.Header("Preference-Applied", "count=exact")
	}
	user := quote(caller.UserID)
	size := 2
	for i := range page.Todos {
		size += sizeOf(page.Todos[i], user)
	}
	body := append(make([]byte, 0, size), '[')
	for i, t := range page.Todos {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendTodo(body, t, user)
	}
	web.JSON(c, http.StatusOK, append(body, ']'))
}

// sizeOf is how long a todo is as JSON, unless it has characters to escape, so that
// most bodies are written into one piece of memory that hardly is too large.
func sizeOf(t Todo, user []byte) int {
	const rest = 270 // names, the id, three times, a flag, and numbers of 16 and of 6 digits
	n := rest + len(user) + len(t.Title)
	if t.Description != nil {
		n += len(*t.Description)
	}
	return n
}

// appendTodo appends a todo as JSON. It is written out by hand because it is
// most of what a list costs beside the database; user is quoted already.
func appendTodo(b []byte, t Todo, user []byte) []byte {
	b = append(append(append(b, `{"id":"`...), t.ID...), `","user_id":`...)
	b = append(append(b, user...), `,"title":`...)
	b = appendQuoted(b, t.Title)
	b = append(b, `,"description":`...)
	if t.Description == nil {
		b = append(b, `null`...)
	} else {
		b = appendQuoted(b, *t.Description)
	}
	b = strconv.AppendBool(append(b, `,"completed":`...), t.Completed)
	b = append(b, `,"completed_at":`...)
	if t.CompletedAt.IsZero() {
		b = append(b, `null`...)
	} else {
		b = appendTime(b, t.CompletedAt)
	}
	b = strconv.AppendInt(append(b, `,"position":`...), t.Position, 10)
	b = appendTime(append(b, `,"created_at":`...), t.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), t.UpdatedAt)
	b = strconv.AppendInt(append(b, `,"version":`...), t.Version, 10)
	return append(b, '}')
}

// appendTime appends a time of RFC 3339, in UTC and milliseconds.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = t.AppendFormat(append(b, '"'), time.RFC3339) // the layout that package time has by heart
	ms := 1000 + t.Nanosecond()/int(time.Millisecond)
	b = strconv.AppendInt(b[:len(b)-len("Z")], int64(ms), 10)
	b[len(b)-len("1000")] = '.'
	return append(b, `Z"`...)
}

func quote(text string) []byte { return appendQuoted(make([]byte, 0, len(text)+2), text) }

// appendQuoted appends a JSON string. The only error there is says that the
// text was not UTF-8, which stored text is.
func appendQuoted(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text)
	return b
}
