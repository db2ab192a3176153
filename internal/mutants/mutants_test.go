package mutants

import (
	"os"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func TestSQLiteSuiteCatchesMutants(t *testing.T) {
	caughtBySuite(t, "storage/sqlite", `TestStore|TestAccounts`, sqliteMutants(t), equalOnSQLite())
}

func TestMemorySuiteCatchesMutants(t *testing.T) {
	caughtBySuite(t, "storage/memory", `TestStore|TestOverDocuments|TestAccounts`, memoryMutants(t), equalInMemory())
}

// caughtBySuite fails unless the suite of a storage fails on each mutant, but
// for those that are told why they are none: on these it must pass.
func caughtBySuite(t *testing.T, folder, suites string, mutants []mutant, equal map[string]string) {
	known(t, mutants, equal)
	tests := []run{
		{folder: folder, tests: `^(` + suites + `)$/` + ofIsolation},
		{folder: folder, tests: `^(` + suites + `)$/` + ofSuite},
	}
	for _, m := range sample(mutants) {
		t.Run(m.title(), func(t *testing.T) {
			t.Parallel()
			file := binary(t, folder, &m)
			for _, r := range tests {
				if passed, said := r.try(t, file); !passed {
					t.Log("caught: " + complaint(t, said))
					if equal[m.name] != "" {
						t.Errorf("it is said to be none: %s", equal[m.name])
					}
					return
				}
			}
			if equal[m.name] == "" {
				t.Errorf("survives: %q in the place of %q", m.text, m.was(t))
			}
		})
	}
}

// TestRowLevelSecurityHoldsMutants has mutants of the statements on PostgreSQL.
// The role of a service does not notice, and a superuser does, as the suites
// show. A row for somebody else is refused.
func TestRowLevelSecurityHoldsMutants(t *testing.T) {
	const folder = "storage/postgres"
	mutants, equal := postgresMutants(t), equalOnPostgres()
	known(t, mutants, equal)
	server := pgtest.Empty(t)
	env := []string{"AUTHTODO_TEST_DSN=" + server.AdminURL}
	bound := run{folder, `^(TestStore|TestAccounts|TestOthersRowsStay|TestDeleteMeetsAnUpdate)$/^open( direct)?$/` + ofIsolation, env}
	free := run{folder, `^(TestStatementsAlone|TestOthersRowsStay|TestDeleteMeetsAnUpdate)$/^unbound( direct)?$/` + ofIsolation, env}
	whole := run{folder, `^TestStatementsAlone$/^unbound$/` + ofSuite, env}
	for _, m := range sample(mutants) {
		t.Run(m.title(), func(t *testing.T) {
			t.Parallel()
			file := binary(t, folder, &m)
			passed, said := bound.try(t, file)
			switch refused := strings.Contains(said, "row-level security"); {
			case m.kind == aValue && (passed || !refused):
				t.Errorf("a row for somebody else is not refused:\n%s", said)
			case m.kind != aValue && !passed:
				t.Errorf("row-level security does not hold: %s\n%s", complaint(t, said), said)
			}
			if passed, said = free.try(t, file); passed {
				passed, said = whole.try(t, file)
			}
			if passed != (equal[m.name] != "") {
				t.Errorf("without row-level security the tests pass: %t, because %q", passed, equal[m.name])
			}
			if !passed {
				t.Log("without row-level security: " + complaint(t, said))
			}
		})
	}
}

// TestGatelessMutantsFail has statements that name their owner, but not to
// row-level security: who forgets that finds out, because nothing is seen.
func TestGatelessMutantsFail(t *testing.T) {
	const folder = "storage/postgres"
	mutants, equal := gateMutants(t), equalGates()
	known(t, mutants, equal)
	server := pgtest.Empty(t)
	calls := run{
		folder, `^(TestStore|TestAccounts|TestOthersRowsStay)$/^open( direct)?$/` + ofIsolation,
		[]string{"AUTHTODO_TEST_DSN=" + server.AdminURL},
	}
	for _, m := range sample(mutants) {
		t.Run(m.title(), func(t *testing.T) {
			t.Parallel()
			passed, said := calls.try(t, binary(t, folder, &m))
			if passed != (equal[m.name] != "") {
				t.Errorf("the tests pass: %t, because %q", passed, equal[m.name])
			}
			if !passed {
				t.Log("caught: " + complaint(t, said))
			}
		})
	}
}

// TestStatementsHoldPolicies has mutants of row-level security. Whoever names the
// owner does not notice; the tests of row-level security do.
func TestStatementsHoldPolicies(t *testing.T) {
	const folder = "storage/postgres"
	mutants, equal := policyMutants(t), equalPolicies()
	known(t, mutants, equal)
	server := pgtest.Empty(t)
	env := []string{"AUTHTODO_TEST_DSN=" + server.AdminURL}
	calls := run{folder, `^(TestStore|TestAccounts|TestOthersRowsStay|TestDeleteMeetsAnUpdate)$/^open( direct)?$/` + ofIsolation, env}
	guards := run{folder, `^(TestForgottenUser|TestForgottenUserOfAccounts|TestNamedAddress)$`, env}
	for _, m := range sample(mutants) {
		t.Run(m.title(), func(t *testing.T) {
			t.Parallel()
			file := binary(t, folder, &m)
			if passed, said := calls.try(t, file); !passed {
				t.Errorf("the statements do not hold: %s\n%s", complaint(t, said), said)
			}
			passed, said := guards.try(t, file)
			if passed != (equal[m.name] != "") {
				t.Errorf("the tests of row-level security pass: %t, because %q", passed, equal[m.name])
			}
			if !passed {
				t.Log("caught: " + complaint(t, said))
			}
		})
	}
}

// title is the name without what go test -run takes for the end of a name.
func (m mutant) title() string { return strings.ReplaceAll(m.name, "/", ".") }

// was is what the mutant has taken the place of.
func (m mutant) was(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(root + "/" + m.file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text[m.from:m.to])
}

// known fails if a table tells of mutants that are not there.
func known(t *testing.T, mutants []mutant, table map[string]string) {
	t.Helper()
	names := make(map[string]bool)
	for _, m := range mutants {
		if names[m.name] {
			t.Errorf("two mutants are named %q", m.name)
		}
		names[m.name] = true
	}
	for name := range table {
		if !names[name] {
			t.Errorf("there is no mutant %q", name)
		}
	}
	t.Logf("%d mutants, %d of them change nothing", len(mutants), len(table))
}
