package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// TestPagesAreRangesOfIndexes asks SQLite how it would find the second page of
// every list: it has to start at the anchor and must not sort.
func TestPagesAreRangesOfIndexes(t *testing.T) {
	db, _ := migrated(t)
	for _, field := range []todos.SortField{
		todos.ByPosition, todos.ByCreatedAt, todos.ByUpdatedAt, todos.ByTitle, todos.ByCompletedAt,
	} {
		for _, descending := range []bool{false, true} {
			for _, completed := range []todos.Optional[bool]{{}, todos.Some(false), todos.Some(true)} {
				for _, search := range []string{"", "needle"} {
					query := todos.Query{
						Sort: todos.Sort{Field: field, Descending: descending}, Completed: completed,
						Search: search, Limit: 10, After: &todos.Anchor{
							ID:   strings.Repeat("0", 36),
							Null: field == todos.ByCompletedAt && completed.Set && !completed.Value,
						},
					}
					name := fmt.Sprintf("by %s, descending %t, completed %v, search %q", field, descending, completed, search)
					list := dialect().List("anna", query)
					statement := list.Page(sqlstore.Columns, "")
					plan := explain(t, db, statement, list.Args)
					if strings.Contains(plan, "TEMP B-TREE") {
						t.Errorf("%s sorts: %s", name, plan)
					}
					if want := "(" + list.SortKey() + ",id)" + map[bool]string{false: ">", true: "<"}[descending] +
						"(?,?)"; !strings.Contains(plan, "USING INDEX authtodo_todos_") || !strings.Contains(plan, want) {
						t.Errorf("%s is not a range of an index: %s", name, plan)
					}
				}
			}
		}
	}
}

func explain(t *testing.T, db *DB, statement string, args []any) string {
	t.Helper()
	rows, err := db.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	return strings.Join(plan, "; ")
}
