package mutants

// Mutants that nobody can notice, and why.

func equalOnSQLite() map[string]string {
	return map[string]string{
		"internal/sqlstore/accounts.go leave 2": oneHolder,
	}
}

const oneHolder = "an address is one user's, and the row of that user, which is locked, says that it is this one's"

// equalInMemory has nothing to tell.
func equalInMemory() map[string]string {
	return map[string]string{}
}

// equalOnPostgres are those that not even a superuser notices.
func equalOnPostgres() map[string]string {
	return map[string]string{
		"internal/sqlstore/accounts.go leave 2": oneHolder,
	}
}

// equalGates are parts of the statement for a page. Its own gate is asked before
// them, as the planner has it today.
func equalGates() map[string]string {
	const inner = "the statement around it has its gate"
	return map[string]string{
		"internal/sqlstore/list.go Total gate 1":   inner,
		"internal/sqlstore/list.go Page gate 1":    inner,
		"storage/postgres/todos.go dialect gate 1": inner,
	}
}

// equalPolicies has nothing to tell.
func equalPolicies() map[string]string {
	return map[string]string{}
}
