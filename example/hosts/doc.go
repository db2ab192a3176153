// Package hosts holds small services of every shape that mount the module, each
// a program with a test:
//
//   - ownusers: it has a table of users and a guard of its own, and takes the
//     todo API alone
//   - ownmigrations: it migrates its own tables in the same database, with
//     golang-migrate
//   - middleware: CORS, gzip, timeout and a rate limit of Gin's middleware
//   - tenants: two modules in one process, whose users have nothing to do with
//     one another
//   - pgxpool: it has a pool of pgx already
//   - roles: what users may do on its own routes is in their tokens
//   - observed: Prometheus scrapes it, and OpenTelemetry traces it
//
// They are a module of their own, so that what they need beside the module is in
// no host's go.mod.
package hosts
