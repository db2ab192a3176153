package todos

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/web"
)

// Caller is who a request comes from, as the guard before the handlers found.
type Caller struct {
	Owner  string // what the todos are kept under; 1 to [MaxOwner] bytes
	UserID string // what answers show as user_id
}

// APIOptions are what an [API] needs. All fields are required, but for
// Again, RequireIfMatch, Observe and Cookie.
type APIOptions struct {
	Store  Store
	Caller func(c *gin.Context) Caller
	Logger *slog.Logger
	Now    func() time.Time

	// Again asks once more whether the request may do what it says, behind a body
	// that took a while. Nil: it may.
	Again func(c *gin.Context) error

	BodyLimit      int64         // bytes; a larger body is 413
	Timeout        time.Duration // of one operation of the store; then 503
	RequireIfMatch bool          // a change without If-Match is 428
	Observe        web.Observe   // of calls of the store; nil: none
	Cookie         string        // name of the one that the guard takes, too, for openapi.json; "": none
}

// API is the HTTP API of todos: openapi.json describes it.
type API struct {
	opts     APIOptions
	document document
	reporter web.Reporter
	sealer   atomic.Pointer[sealer] // of cursors; nil until the first is needed
}

// NewAPI returns an API that [API.Mount] has still to mount.
func NewAPI(opts APIOptions) *API {
	user := func(c *gin.Context) string { return opts.Caller(c).UserID }
	return &API{
		opts: opts, document: newDocument(opts.Cookie), reporter: web.Reporter{Logger: opts.Logger, User: user},
	}
}

// Mount adds the routes, each in both spellings: Gin's redirect from one to
// the other would lose CORS header fields and, in some clients, Authorization.
// guard has to answer a request that has no [Caller].
func (a *API) Mount(r gin.IRouter, guard gin.HandlerFunc) {
	open := r.Group("", web.Headers)
	guarded := open.Group("", guard)
	for _, slash := range []string{"", "/"} {
		a.reporter.Route(guarded, "/todos"+slash, web.Methods{
			http.MethodGet:  a.list,
			http.MethodHead: a.list,
			http.MethodPost: a.create,
		})
		a.reporter.Route(guarded, "/todos/:id"+slash, web.Methods{
			http.MethodGet:    a.get,
			http.MethodHead:   a.get,
			http.MethodPatch:  a.update,
			http.MethodPut:    a.update,
			http.MethodDelete: a.delete,
		})
	}
	a.reporter.Route(open, "/openapi.json", web.Methods{
		http.MethodGet:  a.describe,
		http.MethodHead: a.describe,
	})
}

// context is the request's, with the time that the store has.
func (a *API) context(c *gin.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request.Context(), a.opts.Timeout)
}

// now is the time as stores keep it.
func (a *API) now() time.Time { return a.opts.Now().UTC().Truncate(time.Millisecond) }

// slowBody is from how long a body takes that the caller is looked at once more
// behind it: what is there at once costs nothing more.
const slowBody = time.Second

// body reads the body of a request.
func (a *API) body(c *gin.Context, accept string, types ...string) ([]byte, error) {
	began := a.opts.Now()
	body, err := web.Body(c, a.opts.BodyLimit, accept, types...)
	if took := a.opts.Now().Sub(began); err == nil && a.opts.Again != nil && (took < 0 || took >= slowBody) {
		err = a.opts.Again(c)
	}
	return body, err
}

// create answers POST /todos.
func (a *API) create(c *gin.Context) error {
	request := c.Request
	body, err := a.body(c, "Accept-Post", web.MediaJSON)
	if err != nil {
		return err
	}
	now := a.now()
	retry, err := parseRetry(c.Request.Header, body, now)
	if err != nil {
		return err
	}
	draft, err := decodeDraft(body, web.ParsePreferences(c.Request.Header).Lenient)
	if err != nil {
		return err
	}
	if draft.ID, err = NewID(now); err != nil {
		return err
	}
	draft.CreatedAt, draft.Retry = now, retry
	ctx, cancel := a.context(c)
	defer cancel()
	caller := a.opts.Caller(c)
	ctx, end := a.opts.Observe.Begin(ctx, "todos.create")
	created, err := a.opts.Store.CreateTodo(ctx, caller.Owner, draft)
	end(err)
	if err := web.Abandoned(c, request, err); err != nil {
		return asProblem(err)
	}
	if created.Replayed {
		c.Header("Idempotency-Replayed", "true")
	}
	c.Header("Location", strings.TrimSuffix(web.Path(c.Request), "/")+"/"+created.Todo.ID)
	writeTodo(c, http.StatusCreated, created.Todo, caller)
	return nil
}

// get answers GET /todos/{id}.
func (a *API) get(c *gin.Context) error {
	request := c.Request
	known, err := web.ParseTags(c.Request.Header, "If-None-Match")
	if err != nil {
		return err
	}
	id := todoID(c)
	if !ValidID(id) {
		return asProblem(ErrNotFound)
	}
	ctx, cancel := a.context(c)
	defer cancel()
	caller := a.opts.Caller(c)
	ctx, end := a.opts.Observe.Begin(ctx, "todos.get")
	todo, err := a.opts.Store.GetTodo(ctx, caller.Owner, id)
	end(err)
	if err := web.Abandoned(c, request, err); err != nil {
		return asProblem(err)
	}
	if tag := versionTag(todo.Version); known.Weakly(tag) {
		notModified(c, `"`+tag+`"`)
		return nil
	}
	writeTodo(c, http.StatusOK, todo, caller)
	return nil
}

// list answers GET /todos.
func (a *API) list(c *gin.Context) error {
	request := c.Request
	known, err := web.ParseTags(c.Request.Header, "If-None-Match")
	if err != nil {
		return err
	}
	ctx, cancel := a.context(c)
	defer cancel()
	caller := a.opts.Caller(c)
	params, err := parseParameters(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	query := params.query
	query.Count = web.ParsePreferences(c.Request.Header).CountExact
	query.Known = knownRevision(known)
	if params.cursor != "" {
		if query.After, err = a.openCursor(ctx, caller.Owner, params); err != nil {
			return err
		}
	}
	ctx, end := a.opts.Observe.Begin(ctx, "todos.list")
	page, err := a.opts.Store.ListTodos(ctx, caller.Owner, query)
	end(err)
	if err := web.Abandoned(c, request, err); err != nil {
		return asProblem(err)
	}
	tag := revisionTag(page.Revision)
	if page.NotModified || known.Weakly(tag) {
		notModified(c, `W/"`+tag+`"`)
		return nil
	}
	if page.More {
		if err := a.linkNext(ctx, c, caller.Owner, params, page); err != nil {
			return err
		}
	}
	writePage(c, page, query.Count, caller)
	return nil
}

// update answers PATCH and PUT /todos/{id}, which are the same merge.
func (a *API) update(c *gin.Context) error {
	request := c.Request
	body, err := a.body(c, "Accept-Patch", web.MediaMergePatch, web.MediaJSON)
	if err != nil {
		return err
	}
	match, err := web.ParseTags(c.Request.Header, "If-Match")
	if err != nil {
		return err
	}
	patch, err := decodePatch(body, web.ParsePreferences(c.Request.Header).Lenient)
	if err != nil {
		return err
	}
	id, err := a.target(c, match)
	if err != nil {
		return err
	}
	ctx, cancel := a.context(c)
	defer cancel()
	caller := a.opts.Caller(c)
	change := Change{Patch: patch, Versions: versions(match), At: a.now()}
	ctx, end := a.opts.Observe.Begin(ctx, "todos.update")
	todo, err := a.opts.Store.UpdateTodo(ctx, caller.Owner, id, change)
	end(err)
	if err := web.Abandoned(c, request, err); err != nil {
		return asProblem(err)
	}
	writeTodo(c, http.StatusOK, todo, caller)
	return nil
}

// delete answers DELETE /todos/{id}.
func (a *API) delete(c *gin.Context) error {
	request := c.Request
	match, err := web.ParseTags(c.Request.Header, "If-Match")
	if err != nil {
		return err
	}
	id, err := a.target(c, match)
	if err != nil {
		return err
	}
	ctx, cancel := a.context(c)
	defer cancel()
	ctx, end := a.opts.Observe.Begin(ctx, "todos.delete")
	err = a.opts.Store.DeleteTodo(ctx, a.opts.Caller(c).Owner, id, versions(match))
	end(err)
	if err := web.Abandoned(c, request, err); err != nil {
		return asProblem(err)
	}
	web.Empty(c, http.StatusNoContent)
	return nil
}

// todoID is the id in the path: the last parameter of that name, because the
// prefix that the host has chosen may have one, too.
func todoID(c *gin.Context) string {
	for _, param := range slices.Backward(c.Params) {
		if param.Key == "id" {
			return param.Value
		}
	}
	return ""
}

// target is the id of the todo that a request changes. All that is wrong with
// the request itself has been found before, so that a todo of somebody else's
// is answered as one that does not exist.
func (a *API) target(c *gin.Context, match web.Tags) (id string, err error) {
	if a.opts.RequireIfMatch && !match.Set {
		return "", errPreconditionRequired()
	}
	if id = todoID(c); !ValidID(id) {
		return "", asProblem(ErrNotFound)
	}
	return id, nil
}
