package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gofrs/uuid/v5"
)

// bare is the API as one writes it with Gin and lib/pq in an afternoon: no
// guard, no row-level security and no checks. Its SQL is the module's: versions
// are compared, the counter of the list is raised, the search text is kept,
// positions follow one another.
type bare struct {
	selectOne, selectPage, insert, update, remove statement
}

// statement runs one SQL statement.
type statement func(ctx context.Context, args ...any) (*sql.Rows, error)

// row scans the only row of an answer.
func (s statement) row(ctx context.Context, into []any, args ...any) error {
	rows, err := s(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	return errors.Join(rows.Scan(into...), rows.Close())
}

type bareTodo struct {
	ID          string     `json:"id"`
	UserID      string     `json:"user_id"`
	Title       string     `json:"title"`
	Description *string    `json:"description"`
	Completed   bool       `json:"completed"`
	CompletedAt *time.Time `json:"completed_at"`
	Position    int64      `json:"position"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	Version     int64      `json:"version"`
}

// fields are where the columns of a todo go.
func (t *bareTodo) fields() []any {
	return []any{&t.ID, &t.Title, &t.Description, &t.Completed, &t.CompletedAt, &t.Position,
		&t.CreatedAt, &t.UpdatedAt, &t.Version}
}

// bareBody is the body of a creation or an update.
type bareBody struct {
	Title       *string `json:"title"`
	Description *string `json:"description"`
	Completed   *bool   `json:"completed"`
	Position    *int64  `json:"position"`
}

const bareColumns = `id, title, description, completed, completed_at, position,
	created_at, updated_at, version`

// pageColumns are bareColumns with times in milliseconds.
const pageColumns = `id, title, description, completed,
	CAST(date_part('epoch', completed_at) * 1000 AS bigint), position,
	CAST(date_part('epoch', created_at) * 1000 AS bigint),
	CAST(date_part('epoch', updated_at) * 1000 AS bigint), version`

// The writes are the module's statements without what row-level security needs.
// $2 is a new epoch, for a list that is not there yet.

const bareRaise = `
	list AS (
		INSERT INTO authtodo_lists AS l (user_id, epoch, revision)
		SELECT CAST($1 AS text), CAST($2 AS text), 1 FROM written
		ON CONFLICT (user_id) DO UPDATE SET revision = l.revision + 1
	)`

const bareInsert = `
	WITH written AS (
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		VALUES ($1, $3, $4, $5, $6, $7, CASE WHEN $7 THEN CAST($8 AS timestamptz) END,
			COALESCE($9, LEAST(9007199254740991, 65536 + COALESCE((
				SELECT position FROM authtodo_todos WHERE user_id = $1 AND deleted_at IS NULL
				ORDER BY position DESC LIMIT 1), 0))), $8, $8, 1)
		RETURNING ` + bareColumns + `
	), ` + bareRaise + `
	SELECT ` + bareColumns + ` FROM written`

const bareUpdate = `
	WITH written AS (
		UPDATE authtodo_todos SET
			title = COALESCE($4, title),
			description = COALESCE($5, description),
			search_text = lower(COALESCE($4, title) || 'X' || COALESCE($5, description, '')),
			completed = COALESCE($6, completed),
			completed_at = CASE WHEN COALESCE($6, completed) THEN COALESCE(completed_at, $8) END,
			position = COALESCE($7, position),
			updated_at = $8,
			version = version + 1
		WHERE user_id = $1 AND id = $3 AND deleted_at IS NULL
			AND COALESCE(version = ANY (CAST($9 AS bigint[])), true)
			AND (title <> $4 OR description <> $5 OR completed <> $6 OR position <> $7)
		RETURNING ` + bareColumns + `
	), ` + bareRaise + `
	SELECT ` + bareColumns + ` FROM written`

const bareDelete = `
	WITH written AS (
		DELETE FROM authtodo_todos
		WHERE user_id = $1 AND id = $3 AND deleted_at IS NULL
			AND COALESCE(version = ANY (CAST($4 AS bigint[])), true)
		RETURNING id
	), ` + bareRaise + `
	SELECT id FROM written`

// newBare keeps its statements prepared or not.
func newBare(ctx context.Context, db *sql.DB, kept bool) (http.Handler, error) {
	var errs []error
	prepare := func(text string) statement {
		if !kept {
			return func(ctx context.Context, args ...any) (*sql.Rows, error) {
				return db.QueryContext(ctx, text, args...)
			}
		}
		prepared, err := db.PrepareContext(ctx, text)
		errs = append(errs, err)
		return prepared.QueryContext
	}
	h := &bare{
		selectOne: prepare(`
			SELECT ` + bareColumns + ` FROM authtodo_todos
			WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`),
		selectPage: prepare(`
			SELECT NULL AS id, epoch AS title, NULL AS description, NULL AS completed, NULL AS completed_at,
				revision AS position, NULL AS created_at, NULL AS updated_at, 0 AS version
			FROM authtodo_lists WHERE user_id = $1
			UNION ALL (SELECT ` + pageColumns + ` FROM authtodo_todos
				WHERE user_id = $1 AND deleted_at IS NULL ORDER BY position, id LIMIT $2)`),
		insert: prepare(bareInsert),
		update: prepare(bareUpdate),
		remove: prepare(bareDelete),
	}
	return h.engine(), errors.Join(errs...)
}

func (h *bare) engine() http.Handler {
	engine := gin.New()
	engine.GET("/api/todos", h.list)
	engine.POST("/api/todos", h.create)
	engine.GET("/api/todos/:id", h.get)
	engine.PATCH("/api/todos/:id", h.change)
	engine.DELETE("/api/todos/:id", h.delete)
	return engine
}

func fail(c *gin.Context, err error) {
	c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
}

func (h *bare) get(c *gin.Context) {
	t := bareTodo{UserID: c.GetHeader("X-User")}
	err := h.selectOne.row(c.Request.Context(), t.fields(), t.UserID, c.Param("id"))
	if err != nil {
		fail(c, err)
		return
	}
	c.JSON(http.StatusOK, &t)
}

func (h *bare) list(c *gin.Context) {
	user := c.GetHeader("X-User")
	rows, err := h.selectPage(c.Request.Context(), user, c.Query("limit"))
	if err != nil {
		fail(c, err)
		return
	}
	defer rows.Close()
	todos := []bareTodo{}
	var epoch, revision string
	if rows.Next() { // the row of the list
		var none any
		err := rows.Scan(&none, &epoch, &none, &none, &none, &revision, &none, &none, &none)
		if err != nil {
			fail(c, err)
			return
		}
	}
	for rows.Next() {
		t := bareTodo{UserID: user}
		var completed *int64
		var created, updated int64
		err := rows.Scan(&t.ID, &t.Title, &t.Description, &t.Completed, &completed, &t.Position,
			&created, &updated, &t.Version)
		if err != nil {
			fail(c, err)
			return
		}
		if completed != nil {
			at := time.UnixMilli(*completed).UTC()
			t.CompletedAt = &at
		}
		t.CreatedAt, t.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
		todos = append(todos, t)
	}
	if err := rows.Err(); err != nil {
		fail(c, err)
		return
	}
	c.Header("ETag", `W/"`+epoch+"-"+revision+`"`)
	c.JSON(http.StatusOK, todos)
}

func (h *bare) create(c *gin.Context) {
	var body bareBody
	if err := json.NewDecoder(c.Request.Body).Decode(&body); err != nil {
		fail(c, err)
		return
	}
	id, err := uuid.NewV7()
	if err != nil {
		fail(c, err)
		return
	}
	search := strings.ToLower(*body.Title)
	if body.Description != nil {
		search += "X" + strings.ToLower(*body.Description)
	}
	t := bareTodo{UserID: c.GetHeader("X-User")}
	err = h.insert.row(c.Request.Context(), t.fields(), t.UserID, rand.Text(), id.String(), body.Title,
		body.Description, search, body.Completed != nil && *body.Completed, time.Now(), body.Position)
	if err != nil {
		fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, &t)
}

func (h *bare) change(c *gin.Context) {
	var body bareBody
	if err := json.NewDecoder(c.Request.Body).Decode(&body); err != nil {
		fail(c, err)
		return
	}
	t := bareTodo{UserID: c.GetHeader("X-User")}
	err := h.update.row(c.Request.Context(), t.fields(), t.UserID, rand.Text(), c.Param("id"),
		body.Title, body.Description, body.Completed, body.Position, time.Now(), nil)
	if err != nil {
		fail(c, err)
		return
	}
	c.JSON(http.StatusOK, &t)
}

func (h *bare) delete(c *gin.Context) {
	var id string
	err := h.remove.row(c.Request.Context(), []any{&id},
		c.GetHeader("X-User"), rand.Text(), c.Param("id"), nil)
	if err != nil {
		fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
