// Package storagetest tests a [todos.Store] and an [accounts.Store]: every
// numbered clause of the contract, in cases that are named by the clause and
// cite it when they fail. It needs no other packages than the standard
// library's.
//
// For a store of your own:
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) todos.Store {
//			return open(t, t.TempDir())
//		})
//	}
//
// and the test is go test -race. [Suite] has the knobs that show more of a
// store: a second instance, a lost storage, a lock that is held, a long list.
// [Bench] measures the store.
//
// What a clause is tried with:
//
//	S1  two owners on every method; owners that differ by case, blanks, accents, patterns, the last byte
//	S2  descriptions, positions, versions and keys written to after the call; 16 callers of every method
//	S3  contexts cancelled before, behind their deadline, ending on the way; behind a held lock (Hold)
//	S4  text that hurts, the longest there is, null and empty, times from 1900 to 9999, ids of any kind
//	S5  every method without its storage (Broken)
//	C1  drafts with the least and with all members, a taken id, 16 racers
//	C2  behind the last, a negative, a deleted, a moved one; at the highest position
//	C3  failures that must leave the key free, records before and at ExpiredAt, similar keys
//	C4  replays of todos as they were, after updates and deletes; by a second instance (Reopen)
//	C5  another body, after a delete too
//	C6  16 racers: one creates; behind an expired record, with other bodies, with deadlines
//	C7  one key for two owners, one after the other, at once, and expired for one of them
//	G1  as created, as updated, as listed; by a second instance (Reopen)
//	G2  ids that are unknown, deleted, another owner's
//	L1  every order in both directions, with ties, filters and search, in pages of 1 to n
//	L2  completed; search by folding, with patterns, accents, ligatures, four-byte characters
//	L3  every order while todos are created, deleted and moved between pages, the anchor too
//	L4  the number after each kind of call, after an empty list, under 16 racers, with its page
//	L5  the known revision, older and younger ones, another list's
//	L6  counts with each filter on each page, after changes
//	L7  the first and the last page of a list of Rows todos, by median times
//	U1  all kinds of patches against Patch.Apply; null, empty, completed_at, ends of the positions
//	U2  patches that change nothing, of each member and of all
//	U3  versions that are old, many, none; before no-ops
//	U4  16 writers: with one version one wins; increments and other members' changes all stay
//	U5  ids as in G2, with and without versions
//	D1  gone from get, update, lists, counts and searches; the others stay
//	D2  versions as in U3
//	D3  ids as in G2, a second delete, 16 racers
//	K1  length, randomness, always the same; by a second instance (Reopen)
//	E1  after every kind of call, beside another owner, under 16 racers
//
// [RunAccounts] and [AccountsSuite] do the same for an [accounts.Store], whose
// clauses are tried with:
//
//	A1  two users with sessions and codes of the same names, sessions that name another; ids and addresses as the owners of S1
//	A2  arguments and results written to after the call; 16 callers of every method
//	A3  calls that are cancelled on their way; each fault in each step of each call (Faults)
//	A4  contexts as in S3, on every method; behind a held lock (Hold), without a storage (Broken)
//	A5  text, times and bytes that hurt, the longest there are, in every member
//	AU  every outcome; 16 racers for one id, one address, one password; renewals, resets and changes that race
//	AS  every outcome; sign-ins beside a deletion, refreshes beside every end of a session, 16 refreshes of one token
//	AC  every purpose in place of every other; 16 racers with one code, 16 for one address
//	AK  16 racers for one number; 8 instances that start on nothing (Start)
//
// The suites are tested themselves, with a broken store for every clause.
package storagetest
