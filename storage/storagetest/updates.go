package storagetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/authtodo/authtodo/todos"
)

// updateCases try [U1] to [U5].
func updateCases() []testCase {
	return []testCase{
		{clause: "U1", name: "description and completed as Patch.Apply", run: updateDescription},
		{clause: "U1", name: "title and position as Patch.Apply", run: updateTitle},
		{clause: "U1", name: "members that are not named stay", run: updateStays},
		{clause: "U1", name: "a description becomes null and empty", run: updateNull},
		{clause: "U1", name: "completed_at comes and goes", run: updateCompleted},
		{clause: "U1", name: "the ends of the positions", run: updateEnds},
		{clause: "U2", name: "a patch that changes nothing", run: updateNothing},
		{clause: "U2", name: "null to empty is a change", run: updateNullToEmpty},
		{clause: "U3", name: "a version that is not current", run: updateStale},
		{clause: "U3", name: "the current version among others", run: updateAmong},
		{clause: "U3", name: "no version at all", run: updateNoVersion},
		{clause: "U3", name: "versions before no-ops", run: updateStaleNoOp},
		{clause: "U4", name: "one of 16 writers with one version wins", run: updateRace},
		{clause: "U4", name: "no increment of 16 writers is lost", run: updateIncrements},
		{clause: "U4", name: "writers of different members keep each other's", run: updateMembers},
		{clause: "U4", name: "a racing delete and update agree", run: updateRaceDelete},
		{clause: "U5", name: "an unknown id", run: updateUnknown},
		{clause: "U5", name: "a deleted todo", run: updateDeleted},
		{clause: "U5", name: "another owner's todo", run: updateForeign},
	}
}

// applied updates a new todo by patch and fails unless the result is that of
// [todos.Patch.Apply], here and when it is read again.
func (t *trial) applied(owner string, draft todos.Draft, patch todos.Patch) {
	draft.ID = t.id()
	todo := t.create(owner, draft)
	want, changed := patch.Apply(todo, t.at(1000))
	before := t.revision(owner).Number
	what := fmt.Sprintf("completed %t, description %s, patched by %s",
		draft.Completed, quoted(draft.Description), showPatch(patch))
	got := t.update(owner, todo.ID, todos.Change{Patch: patch, At: t.at(1000)})
	t.same(what, got, want)
	t.same(what+", got again", t.get(owner, todo.ID), want)
	if raised := t.revision(owner).Number != before; raised != changed {
		t.Errorf("%s: changed %t, but the revision was raised: %t", what, changed, raised)
	}
}

func showPatch(p todos.Patch) string {
	var s string
	if p.Title.Set {
		s += fmt.Sprintf(" title %q", p.Title.Value)
	}
	if p.Description.Set {
		s += " description " + quoted(p.Description.Value)
	}
	if p.Completed.Set {
		s += fmt.Sprintf(" completed %t", p.Completed.Value)
	}
	if p.Position.Set {
		s += fmt.Sprintf(" position %d", p.Position.Value)
	}
	return "{" + s + " }"
}

func updateDescription(t *trial) {
	owner := t.owner("a")
	texts := []*string{nil, new(""), new("text")}
	for _, from := range texts {
		for _, completed := range []bool{false, true} {
			draft := t.draft("title")
			draft.Description, draft.Completed = from, completed
			for _, to := range append(texts, new("other")) {
				for _, patch := range []todos.Patch{
					{},
					{Completed: todos.Some(false)},
					{Completed: todos.Some(true)},
				} {
					t.applied(owner, draft, patch)
					patch.Description = todos.Some(to)
					t.applied(owner, draft, patch)
				}
			}
		}
	}
}

func updateTitle(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "text")
	draft.Position = new(int64(7))
	titles := []todos.Optional[string]{{}, todos.Some("title"), todos.Some("Title"), todos.Some("title ")}
	positions := []todos.Optional[int64]{{}, todos.Some(int64(7)), todos.Some(int64(0)), todos.Some(int64(-8))}
	for _, title := range titles {
		for _, position := range positions {
			t.applied(owner, draft, todos.Patch{Title: title, Position: position})
			t.applied(owner, draft, todos.Patch{
				Title: title, Position: position, Completed: todos.Some(true), Description: todos.Some[*string](nil),
			})
		}
	}
}

func updateStays(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "text")
	draft.Completed, draft.Position = true, new(int64(7))
	for _, patch := range []todos.Patch{
		{Title: todos.Some("other")},
		{Description: todos.Some(new("other"))},
		{Completed: todos.Some(false)},
		{Position: todos.Some(int64(8))},
	} {
		t.applied(owner, draft, patch)
	}
}

func (t *trial) describe(owner, id string, description *string) todos.Todo {
	return t.update(owner, id, todos.Change{
		Patch: todos.Patch{Description: todos.Some(description)}, At: t.at(1),
	})
}

func updateNull(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for i, to := range []*string{new("text"), nil, new(""), nil, new("null"), new("")} {
		got := t.describe(owner, todo.ID, to)
		if !sameText(got.Description, to) || got.Version != int64(i+2) {
			t.Errorf("the description became %s at version %d, want %s at %d",
				quoted(got.Description), got.Version, quoted(to), i+2)
		}
		t.same("the stored todo", t.get(owner, todo.ID), got)
	}
}

func updateCompleted(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for i, step := range []struct {
		to bool
		at int // of completed_at; -1 is null
	}{
		{true, 0}, {true, 0}, {false, -1}, {false, -1}, {true, 4},
	} {
		todo = t.update(owner, todo.ID, todos.Change{
			Patch: todos.Patch{Completed: todos.Some(step.to)}, At: t.at(i),
		})
		if step.at < 0 && !todo.CompletedAt.IsZero() {
			t.Errorf("step %d: completed at %v, want never", i, todo.CompletedAt)
		}
		if step.at >= 0 && !todo.CompletedAt.Equal(t.at(step.at)) {
			t.Errorf("step %d: completed at %v, want %v", i, todo.CompletedAt, t.at(step.at))
		}
		t.same("the stored todo", t.get(owner, todo.ID), todo)
	}
	todo = t.rename(owner, todo.ID, "renamed")
	if !todo.CompletedAt.Equal(t.at(4)) {
		t.Errorf("another title moved completed_at to %v", todo.CompletedAt)
	}
}

func updateEnds(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for _, position := range []int64{todos.MaxPosition, -todos.MaxPosition, 0, 1 << 31, -1 << 31} {
		if got := t.move(owner, todo.ID, position).Position; got != position {
			t.Errorf("moved to %d, want %d", got, position)
		}
		if got := t.get(owner, todo.ID).Position; got != position {
			t.Errorf("stored at %d, want %d", got, position)
		}
	}
}

func updateNothing(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "text")
	draft.Completed, draft.Position = true, new(int64(7))
	for _, description := range []*string{new("text"), new(""), nil} {
		draft.ID, draft.Description = t.id(), description
		todo := t.create(owner, draft)
		for _, patch := range []todos.Patch{
			{},
			{Title: todos.Some("title")},
			{Description: todos.Some(description)},
			{Completed: todos.Some(true)},
			{Position: todos.Some(int64(7))},
			{
				Title:       todos.Some("title"),
				Description: todos.Some(description),
				Completed:   todos.Some(true),
				Position:    todos.Some(int64(7)),
			},
		} {
			for _, versions := range [][]int64{nil, {1}} {
				t.unchanged("a no-op", owner, func() {
					got := t.update(owner, todo.ID, todos.Change{Patch: patch, Versions: versions, At: t.at(1000)})
					t.same("a no-op of "+showPatch(patch), got, todo)
				})
			}
		}
	}
}

func updateNullToEmpty(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for i, to := range []*string{new(""), nil} {
		if got := t.describe(owner, todo.ID, to); got.Version != int64(i+2) || !sameText(got.Description, to) {
			t.Errorf("the description became %s at version %d, want %s at %d",
				quoted(got.Description), got.Version, quoted(to), i+2)
		}
	}
}

// refused updates with versions that do not hold the current one.
func (t *trial) refused(owner, id string, current int64, versions []int64) {
	change := t.title("stale")
	change.Versions = versions
	t.unchanged("a stale update", owner, func() {
		_, err := t.store.UpdateTodo(t.ctx, owner, id, change)
		t.stale(fmt.Sprintf("an update of version %v", versions), err, current)
	})
}

func updateStale(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for _, versions := range [][]int64{{2}, {0}, {-1}, {2, 3, 4}, {1 << 53}, {1<<63 - 1}} {
		t.refused(owner, todo.ID, 1, versions)
	}
	t.rename(owner, todo.ID, "renamed")
	t.refused(owner, todo.ID, 2, []int64{1})
}

func updateAmong(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for i, versions := range [][]int64{{1}, {1, 2}, {7, 3}, {9, 4, 1}, {5, 5}} {
		change := t.title(fmt.Sprint("title ", i))
		change.Versions = versions
		if got := t.update(owner, todo.ID, change); got.Version != int64(i+2) || got.Title != change.Patch.Title.Value {
			t.Errorf("with the versions %v: %q of version %d", versions, got.Title, got.Version)
		}
	}
}

func updateNoVersion(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	t.refused(owner, todo.ID, 1, []int64{})
}

func updateStaleNoOp(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	_, err := t.store.UpdateTodo(t.ctx, owner, todo.ID, todos.Change{Versions: []int64{2}, At: t.at(1)})
	t.stale("an empty patch of another version", err, 1)
	change := t.title("title")
	change.Versions = []int64{2}
	_, err = t.store.UpdateTodo(t.ctx, owner, todo.ID, change)
	t.stale("a no-op of another version", err, 1)
}

func updateRace(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for round := range t.rounds(8) {
		var won atomic.Int32
		var winner atomic.Pointer[todos.Todo]
		version := int64(round + 1)
		race(16, func(i int) {
			change := t.title(fmt.Sprintf("title %d of %d", round, i))
			change.Versions = []int64{version}
			got, err := t.store.UpdateTodo(t.ctx, owner, todo.ID, change)
			if err != nil {
				t.stale("a writer who lost", err, version+1)
				return
			}
			won.Add(1)
			winner.Store(&got)
		})
		if n := won.Load(); n != 1 {
			t.Fatalf("%d of 16 writers who expected version %d won, want 1", n, version)
		}
		t.same("the stored todo", t.get(owner, todo.ID), *winner.Load())
	}
}

// updateIncrements counts in the position, each writer reading, adding one and
// trying again when another was faster.
func updateIncrements(t *trial) {
	owner := t.owner("a")
	todo := t.placed(owner, 0)
	race(16, func(int) {
		for range 4 {
			for {
				now := t.get(owner, todo.ID)
				_, err := t.store.UpdateTodo(t.ctx, owner, todo.ID, todos.Change{
					Patch:    todos.Patch{Position: todos.Some(now.Position + 1)},
					Versions: []int64{now.Version},
					At:       t.at(1),
				})
				var stale *todos.VersionError
				if err == nil {
					break
				}
				if !errors.As(err, &stale) {
					t.Fatalf("an increment failed: %v", err)
				}
			}
		}
	})
	if got := t.get(owner, todo.ID); got.Position != 64 || got.Version != 65 {
		t.Errorf("64 increments left the position %d and the version %d, want 64 and 65", got.Position, got.Version)
	}
}

// updateMembers lets 16 writers change one member each, without versions, and
// looks whether any of them wrote what it had read of the others.
func updateMembers(t *trial) {
	for round := range t.rounds(8) {
		owner := t.owner(fmt.Sprint("a", round))
		todo := t.placed(owner, 0)
		var versions [18]atomic.Int32
		race(16, func(i int) {
			patch := todos.Patch{}
			switch {
			case i == 0:
				patch.Completed = todos.Some(true)
			case i%3 == 0:
				patch.Title = todos.Some(fmt.Sprint("title ", i))
			case i%3 == 1:
				patch.Description = todos.Some(new(fmt.Sprint("description ", i)))
			default:
				patch.Position = todos.Some(int64(i))
			}
			got := t.update(owner, todo.ID, todos.Change{Patch: patch, At: t.at(i)})
			if got.Version < 2 || got.Version > 17 {
				t.Fatalf("a writer got the version %d", got.Version)
			}
			versions[got.Version].Add(1)
			if want, changed := patch.Apply(got, got.UpdatedAt); changed {
				t.Errorf("a writer's own change is not in its answer: %s", difference(got, want))
			}
		})
		for version := 2; version <= 17; version++ {
			if n := versions[version].Load(); n != 1 {
				t.Errorf("version %d was given to %d of 16 writers, want 1", version, n)
			}
		}
		got := t.get(owner, todo.ID)
		if got.Version != 17 || !got.Completed || got.Title == todo.Title ||
			got.Description == nil || got.Position == 0 {
			t.Errorf("after 16 changes a member is as it was: completed %t, %q, %s, %d, version %d",
				got.Completed, got.Title, quoted(got.Description), got.Position, got.Version)
		}
	}
}

func updateRaceDelete(t *trial) {
	owner := t.owner("a")
	for range t.rounds(16) {
		todo := t.add(owner, "title")
		before := t.revision(owner).Number
		var changes atomic.Int64
		race(4, func(i int) {
			var err error
			if i == 0 {
				err = t.store.DeleteTodo(t.ctx, owner, todo.ID, nil)
			} else {
				_, err = t.store.UpdateTodo(t.ctx, owner, todo.ID, t.title(fmt.Sprint("title ", i)))
			}
			switch {
			case err == nil:
				changes.Add(1)
			case i == 0 || !errors.Is(err, todos.ErrNotFound):
				t.Errorf("a racer failed: %v", err)
			}
		})
		if t.there(owner, todo.ID) {
			t.Errorf("an update brought a deleted todo back")
		}
		if raised := t.revision(owner).Number - before; raised != changes.Load() {
			t.Errorf("%d calls succeeded, the revision was raised by %d", changes.Load(), raised)
		}
	}
}

// missing updates what is not there for owner, with and without versions.
func (t *trial) missing(owner, id string) {
	for _, versions := range [][]int64{nil, {}, {1}, {2}, {7, 8}} {
		for _, change := range []todos.Change{t.title("missing"), {At: t.at(1)}} {
			change.Versions = versions
			_, err := t.store.UpdateTodo(t.ctx, owner, id, change)
			t.fails(fmt.Sprintf("an update of version %v", versions), err, todos.ErrNotFound)
		}
	}
}

func updateUnknown(t *trial) {
	owner := t.owner("a")
	t.add(owner, "another")
	t.missing(owner, t.id())
	t.missing(t.owner("nobody"), t.id())
}

func updateDeleted(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "deleted")
	t.delete(owner, todo.ID)
	t.missing(owner, todo.ID)
}

func updateForeign(t *trial) {
	anna, bob, annas, _ := t.two()
	t.missing(bob, annas.ID)
	t.same("the other owner's todo", t.get(anna, annas.ID), annas)
}
