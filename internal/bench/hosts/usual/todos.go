package main

import (
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gofrs/uuid/v5"
	"github.com/jmoiron/sqlx"
)

type todo struct {
	ID          string     `db:"id" json:"id"`
	UserID      string     `db:"user_id" json:"user_id"`
	Title       string     `db:"title" json:"title"`
	Description *string    `db:"description" json:"description"`
	Completed   bool       `db:"completed" json:"completed"`
	CompletedAt *time.Time `db:"completed_at" json:"completed_at"`
	Position    int64      `db:"position" json:"position"`
	CreatedAt   time.Time  `db:"created_at" json:"created_at"`
	UpdatedAt   time.Time  `db:"updated_at" json:"updated_at"`
	Version     int64      `db:"version" json:"version"`
}

const columns = `id, user_id, title, description, completed, completed_at, position,
	created_at, updated_at, version`

type creation struct {
	Title       string  `json:"title" binding:"required,max=255"`
	Description *string `json:"description" binding:"omitempty,max=10000"`
	Completed   bool    `json:"completed"`
}

type change struct {
	Title       *string `json:"title" binding:"omitempty,min=1,max=255"`
	Description *string `json:"description" binding:"omitempty,max=10000"`
	Completed   *bool   `json:"completed"`
	Position    *int64  `json:"position"`
}

type page struct {
	Limit int `form:"limit,default=50" binding:"min=1,max=100"`
}

type handler struct{ db *sqlx.DB }

func refuse(c *gin.Context, err error) {
	code := http.StatusInternalServerError
	if errors.Is(err, sql.ErrNoRows) {
		code = http.StatusNotFound
	}
	c.JSON(code, gin.H{"error": err.Error()})
}

func (h *handler) list(c *gin.Context) {
	var query page
	if err := c.ShouldBindQuery(&query); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	todos := []todo{}
	err := h.db.SelectContext(c.Request.Context(), &todos, `
		SELECT `+columns+` FROM authtodo_todos
		WHERE user_id = $1 AND deleted_at IS NULL ORDER BY position, id LIMIT $2`,
		c.GetString("sub"), query.Limit)
	if err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, todos)
}

func (h *handler) get(c *gin.Context) {
	h.answer(c, http.StatusOK, `
		SELECT `+columns+` FROM authtodo_todos
		WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`,
		c.GetString("sub"), c.Param("id"))
}

func (h *handler) create(c *gin.Context) {
	var body creation
	if err := c.ShouldBindJSON(&body); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	id, err := uuid.NewV7()
	if err != nil {
		refuse(c, err)
		return
	}
	h.answer(c, http.StatusCreated, `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, lower($3 || 'X' || COALESCE($4, '')), $5, CASE WHEN $5 THEN now() END,
			65536 + COALESCE((
				SELECT position FROM authtodo_todos WHERE user_id = $1 AND deleted_at IS NULL
				ORDER BY position DESC LIMIT 1), 0), now(), now(), 1)
		RETURNING `+columns,
		c.GetString("sub"), id, body.Title, body.Description, body.Completed)
}

func (h *handler) update(c *gin.Context) {
	var body change
	if err := c.ShouldBindJSON(&body); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	h.answer(c, http.StatusOK, `
		UPDATE authtodo_todos SET
			title = COALESCE($3, title),
			description = COALESCE($4, description),
			search_text = lower(COALESCE($3, title) || 'X' || COALESCE($4, description, '')),
			completed = COALESCE($5, completed),
			completed_at = CASE WHEN COALESCE($5, completed) THEN COALESCE(completed_at, now()) END,
			position = COALESCE($6, position),
			updated_at = now(),
			version = version + 1
		WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL
		RETURNING `+columns,
		c.GetString("sub"), c.Param("id"), body.Title, body.Description, body.Completed, body.Position)
}

func (h *handler) delete(c *gin.Context) {
	result, err := h.db.ExecContext(c.Request.Context(), `
		DELETE FROM authtodo_todos WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`,
		c.GetString("sub"), c.Param("id"))
	if err != nil {
		refuse(c, err)
		return
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		refuse(c, errors.Join(err, sql.ErrNoRows))
		return
	}
	c.Status(http.StatusNoContent)
}

// answer runs a statement that returns one todo.
func (h *handler) answer(c *gin.Context, status int, statement string, args ...any) {
	var t todo
	if err := h.db.GetContext(c.Request.Context(), &t, statement, args...); err != nil {
		refuse(c, err)
		return
	}
	c.JSON(status, t)
}
