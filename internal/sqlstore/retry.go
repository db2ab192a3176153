package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// answer is a created todo as it is kept for a [todos.Retry]. The position is
// apart from it, because on Postgres it is found by the statement that inserts.
type answer struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Description *string `json:"description,omitempty"`
	Completed   bool    `json:"completed,omitempty"`
	CreatedAt   int64   `json:"created_at"` // milliseconds since 1970
}

// Answer is what a draft will be answered with, for the column of that name.
func Answer(d todos.Draft) (string, error) {
	text, err := json.Marshal(answer{d.ID, d.Title, d.Description, d.Completed, d.CreatedAt.UnixMilli()})
	return string(text), err
}

// Answered is the todo that was answered.
func Answered(text string, position int64) (todos.Todo, error) {
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return todos.Todo{}, fmt.Errorf("the answer on record is damaged: %w", err)
	}
	return todos.Draft{
		ID:          a.ID,
		Title:       a.Title,
		Description: a.Description,
		Completed:   a.Completed,
		CreatedAt:   time.UnixMilli(a.CreatedAt).UTC(),
	}.Todo(position), nil
}
