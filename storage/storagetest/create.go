package storagetest

import (
	"github.com/authtodo/authtodo/todos"
)

// createCases try [C1] and [C2].
func createCases() []testCase {
	return []testCase{
		{clause: "C1", name: "the least draft", run: createLeast},
		{clause: "C1", name: "a draft with all members", run: createFull},
		{clause: "C1", name: "an empty description is not null", run: createEmptyDescription},
		{clause: "C1", name: "an id that is taken changes nothing", run: createTaken},
		{clause: "C1", name: "sixteen racers are all created", run: createRace},
		{clause: "C2", name: "one step behind the last", run: createNext},
		{clause: "C2", name: "behind negative positions", run: createBehindNegative},
		{clause: "C2", name: "behind the last one after it left", run: createAfterLastLeft},
		{clause: "C2", name: "never past the highest position", run: createAtTheEnd},
		{clause: "C2", name: "a position of its own, zero too", run: createWithPosition},
	}
}

func createLeast(t *trial) {
	owner, draft := t.owner("a"), t.draft("least")
	todo := t.create(owner, draft)
	t.same("the created todo", todo, draft.Todo(todos.PositionStep))
	t.same("the stored todo", t.get(owner, draft.ID), todo)
}

func createFull(t *trial) {
	owner, draft := t.owner("a"), t.described("full", "described")
	draft.Completed, draft.Position = true, new(int64(-42))
	todo := t.create(owner, draft)
	t.same("the created todo", todo, draft.Todo(-42))
	if !todo.CompletedAt.Equal(draft.CreatedAt) {
		t.Errorf("completed at %v, want the creation at %v", todo.CompletedAt, draft.CreatedAt)
	}
	t.same("the stored todo", t.get(owner, draft.ID), todo)
	t.sameList("the list", t.list(owner), []todos.Todo{todo})
}

func createEmptyDescription(t *trial) {
	owner, draft := t.owner("a"), t.described("empty", "")
	t.same("the created todo", t.create(owner, draft), draft.Todo(todos.PositionStep))
	t.same("the stored todo", t.get(owner, draft.ID), draft.Todo(todos.PositionStep))
}

func createTaken(t *trial) {
	owner := t.owner("a")
	draft := t.draft("second")
	draft.ID = t.add(owner, "first").ID
	t.unchanged("creating a todo with an id that is taken", owner, func() {
		if _, err := t.store.CreateTodo(t.ctx, owner, draft); err == nil {
			t.Errorf("an id that is taken is taken again")
		}
	})
}

func createRace(t *trial) {
	owner := t.owner("a")
	race(16, func(int) { t.add(owner, "racer") })
	if got := len(t.list(owner)); got != 16 {
		t.Errorf("16 were created at once, %d are there", got)
	}
}

// next creates a todo without a position and fails unless it goes where want
// says.
func (t *trial) next(what, owner string, want int64) todos.Todo {
	todo := t.add(owner, what)
	if todo.Position != want {
		t.Errorf("%s: at %d, want %d", what, todo.Position, want)
	}
	return todo
}

func (t *trial) placed(owner string, position int64) todos.Todo {
	draft := t.draft("placed")
	draft.Position = &position
	return t.create(owner, draft)
}

func (t *trial) move(owner, id string, position int64) todos.Todo {
	return t.update(owner, id, todos.Change{
		Patch: todos.Patch{Position: todos.Some(position)}, At: t.at(1000),
	})
}

func createNext(t *trial) {
	owner := t.owner("a")
	t.next("the first", owner, todos.PositionStep)
	t.next("the second", owner, 2*todos.PositionStep)
	t.placed(owner, 5)
	t.next("after one in front", owner, 3*todos.PositionStep)
	t.placed(owner, 1_000_001)
	t.next("after one far behind", owner, 1_000_001+todos.PositionStep)
}

func createBehindNegative(t *trial) {
	owner := t.owner("a")
	t.placed(owner, -3*todos.PositionStep)
	t.next("behind a negative one", owner, -2*todos.PositionStep)
	other := t.owner("b")
	t.placed(other, -todos.MaxPosition)
	t.next("behind the lowest", other, todos.PositionStep-todos.MaxPosition)
}

func createAfterLastLeft(t *trial) {
	owner := t.owner("a")
	t.placed(owner, 10)
	last := t.placed(owner, 1000)
	t.delete(owner, last.ID)
	second := t.next("after the last was deleted", owner, 10+todos.PositionStep)
	t.move(owner, second.ID, 3)
	third := t.next("after the last was moved to the front", owner, 10+todos.PositionStep)
	t.move(owner, third.ID, 99)
	t.next("after the last was moved a little", owner, 99+todos.PositionStep)

	other := t.owner("b")
	t.delete(other, t.placed(other, 1000).ID)
	t.next("in a list that became empty", other, todos.PositionStep)
}

func createAtTheEnd(t *trial) {
	owner := t.owner("a")
	t.placed(owner, todos.MaxPosition-todos.PositionStep-1)
	t.next("one step from the end", owner, todos.MaxPosition-1)
	t.next("one from the end", owner, todos.MaxPosition)
	t.next("at the end", owner, todos.MaxPosition)
	t.next("again at the end", owner, todos.MaxPosition)
}

func createWithPosition(t *trial) {
	owner := t.owner("a")
	for _, position := range []int64{0, 1, -1, todos.MaxPosition, -todos.MaxPosition, 1} {
		todo := t.placed(owner, position)
		if todo.Position != position {
			t.Errorf("created at %d, want %d", todo.Position, position)
		}
		t.same("the stored todo", t.get(owner, todo.ID), todo)
	}
}
