// Package mutants proves that what belongs to one user is kept from others
// twice. It finds in the sources each place where a statement, or a lookup in
// memory, names its owner, takes that away, one place at a time, and looks who
// notices: on SQLite and in memory the conformance suite has to, and on
// PostgreSQL nobody may, because row-level security is still there. Without it,
// as a role that it does not bind, the suite has to notice there, too.
//
// The other way round it takes away each policy and each place where a statement
// tells row-level security for whom it is: the tests of that notice, and nobody
// sees what is another user's.
//
// It works on the text and leaves no copy: the go command reads a changed file
// through its flag -overlay. It has nothing but tests. By default they try one
// place a storage; AUTHTODO_SOAK (make mutants) is for all of them.
package mutants
