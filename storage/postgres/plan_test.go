package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/todos"
)

// TestPagesAreRangesOfIndexes asks the planner, as the role that row-level
// security binds, how it finds the second page of every list: with the values
// and, as for statements that stay prepared, without.
func TestPagesAreRangesOfIndexes(t *testing.T) {
	server := pgtest.Migrated(t)
	db, admin := open(t, Options{}, server.URL), stock(t, server.AdminURL)
	for owner, n := range map[string]int{"anna": 20_000, "bob": 1_000} {
		if err := (loader{todoStore{db}, admin}).Load(t.Context(), owner, n); err != nil {
			t.Fatal(err)
		}
	}
	for _, field := range []todos.SortField{
		todos.ByPosition, todos.ByCreatedAt, todos.ByUpdatedAt, todos.ByTitle, todos.ByCompletedAt,
	} {
		for _, descending := range []bool{false, true} {
			for _, completed := range []todos.Optional[bool]{{}, todos.Some(false), todos.Some(true)} {
				query := todos.Query{
					Sort: todos.Sort{Field: field, Descending: descending}, Completed: completed, Limit: 50,
					Known: todos.Revision{Epoch: "another", Number: 1},
					After: &todos.Anchor{
						ID: "00000000-0000-0000-0000-000000001388", Number: 5_000_000, Text: "todo 8",
						Null: field == todos.ByCompletedAt && completed.Set && !completed.Value,
					},
				}
				if field == todos.ByPosition {
					query.After.Number = 5_000 * todos.PositionStep
				}
				name := fmt.Sprintf("by %s, descending %t, completed %v", field, descending, completed)
				checkPlan(t, name, custom(t, db, query))
				checkPlan(t, name+", generic", generic(t, db, query))
			}
		}
	}
}

// checkPlan looks at the part of a plan that finds the todos, which is the one
// under its limit. (The sort of the page itself is above it.)
func checkPlan(t *testing.T, name, plan string) {
	t.Helper()
	_, page, found := strings.Cut(plan, "Limit")
	cond := ""
	for line := range strings.Lines(page) {
		if strings.Contains(line, "Index Cond:") && strings.Contains(line, "ROW(") {
			cond = line
		}
		if strings.Contains(line, "Filter:") && strings.Contains(line, "ROW(") {
			t.Errorf("%s: the anchor is a filter:\n%s", name, plan)
		}
	}
	if !found || cond == "" || strings.Contains(page, "Sort") || strings.Contains(page, "Bitmap") {
		t.Errorf("%s: it is not read from its place in an index:\n%s", name, plan)
	}
	asked := false
	for line := range strings.Lines(plan) {
		if !strings.Contains(line, "current_setting") {
			continue
		}
		gate, policy := strings.Index(line, "IS NOT NULL"), strings.Index(line, "current_setting")
		if asked = true; !strings.Contains(line, "One-Time Filter") || gate < 0 || policy < gate {
			t.Errorf("%s: the policy is not asked once and behind the gate:\n%s", name, plan)
		}
	}
	if !asked {
		t.Errorf("%s: the policy is not asked:\n%s", name, plan)
	}
}

// TestUsualPagesAreRangesOfIndexes counts the blocks that the function for them
// touches, whose plans nobody is shown: about one a todo, wherever the page is.
func TestUsualPagesAreRangesOfIndexes(t *testing.T) {
	server := pgtest.Migrated(t)
	db, admin := open(t, Options{}, server.URL), stock(t, server.AdminURL)
	for owner, n := range map[string]int{"anna": 20_000, "bob": 1_000} {
		if err := (loader{todoStore{db}, admin}).Load(t.Context(), owner, n); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		if _, err := conn.ExecContext(t.Context(), "SET plan_cache_mode = "+mode); err != nil {
			t.Fatal(err)
		}
		for _, completed := range []todos.Optional[bool]{{}, todos.Some(false), todos.Some(true)} {
			for _, after := range []*todos.Anchor{nil, {
				ID: "00000000-0000-0000-0000-000000001388", Number: 15_000 * todos.PositionStep,
			}} {
				query := todos.Query{Completed: completed, Limit: 50, After: after}
				if blocks, plan := touched(t, conn, listArgs("anna", query)); blocks > 150 {
					t.Errorf("%s, completed %v, behind %v: %d blocks:\n%s", mode, completed, after, blocks, plan)
				}
			}
		}
	}
}

// TestUsualPlanOutgrowsAnEmptyTable makes the plan when the server knows that there
// is nothing, and so that to read the whole table costs nothing.
func TestUsualPlanOutgrowsAnEmptyTable(t *testing.T) {
	server := pgtest.Migrated(t)
	db, admin := open(t, Options{}, server.URL), stock(t, server.AdminURL)
	affected(t, admin, `VACUUM ANALYZE`)
	conn, err := db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	args := listArgs("anna", todos.Query{Limit: 50})
	touched(t, conn, args)
	affected(t, admin, `
		INSERT INTO authtodo_todos (user_id, id, title, search_text, completed, position,
			created_at, updated_at, version)
		SELECT 'anna', gen_random_uuid(), 'title', 'titleX', false, i, now(), now(), 1
		FROM generate_series(1, 20000) AS i`)
	affected(t, admin, `INSERT INTO authtodo_lists VALUES ('anna', 'epoch', 1)`)
	if blocks, plan := touched(t, conn, args); blocks > 150 {
		t.Errorf("%d blocks:\n%s", blocks, plan)
	}
}

// touched is how many blocks the function reads for a page.
func touched(t *testing.T, conn *sql.Conn, args []any) (blocks int, plan string) {
	t.Helper()
	for range 2 { // the first call looks into the catalogues, too
		rows, err := conn.QueryContext(t.Context(), "EXPLAIN (ANALYZE, BUFFERS) "+listTodos, args...)
		plan = lines(t, rows, err)
	}
	_, buffers, found := strings.Cut(plan, "Buffers: shared hit=")
	if !found { // none
		return 0, plan
	}
	if _, err := fmt.Sscan(buffers, &blocks); err != nil {
		t.Fatalf("%v in:\n%s", err, plan)
	}
	return blocks, plan
}

func custom(t *testing.T, db *DB, query todos.Query) string {
	t.Helper()
	statement, args := selectPage("anna", query)
	rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN (COSTS OFF) "+statement, args...)
	return lines(t, rows, err)
}

func generic(t *testing.T, db *DB, query todos.Query) string {
	t.Helper()
	conn, err := db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run := func(statement string) {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	statement, args := selectPage("anna", query)
	unknown := strings.Repeat(", unknown", len(args))[2:]
	nulls := strings.Repeat(", NULL", len(args))[2:]
	run("SET plan_cache_mode = force_generic_plan")
	run("PREPARE page (" + unknown + ") AS " + statement)
	defer func() {
		conn.ExecContext(context.WithoutCancel(t.Context()), "DEALLOCATE page")
		conn.ExecContext(context.WithoutCancel(t.Context()), "RESET plan_cache_mode")
	}()
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN (COSTS OFF) EXECUTE page ("+nulls+")")
	return lines(t, rows, err)
}

func lines(t *testing.T, rows *sql.Rows, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}
