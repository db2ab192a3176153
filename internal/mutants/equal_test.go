package mutants

// Mutants that nobody can notice, and why.

func equalOnSQLite() map[string]string {
	return map[string]string{
		"internal/sqlstore/accounts.go leave 2": oneHolder,
	}
}

const oneHolder = "an address is one user's, and the row of that user, which is locked, says that it is this one's"

func equalInMemory() map[string]string {
	return map[string]string{}
}

// equalOnPostgres are those that not even a superuser notices.
func equalOnPostgres() map[string]string {
	return map[string]string{
		"internal/sqlstore/accounts.go leave 2": oneHolder,
	}
}

func equalPolicies() map[string]string {
	return map[string]string{}
}
