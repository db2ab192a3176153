// Makes the database of a Better Auth server, with its own migrations and its own
// sign-up, and prints its users as JSON. The argument is JSON: sqlite, a file to
// write, or postgres, the options of a connection; generateId, how ids are made.

import { writeFileSync } from "node:fs";

import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { admin, twoFactor } from "better-auth/plugins";
import { SqliteDialect } from "kysely";
import pg from "pg";
import initSqlJs from "sql.js";

const asked = JSON.parse(process.argv[2]);

// What Kysely asks of better-sqlite3, over SQLite as WebAssembly: npm has no
// better-sqlite3 that needs no compiler.
const plain = (params) => params.map((p) => (p === undefined ? null : p));
const driver = (db) => ({
  prepare: (sql) => {
    const reader = /^\s*(select|pragma|with)\b|\breturning\b/i.test(sql);
    const all = (params) => {
      const statement = db.prepare(sql, plain(params));
      const rows = [];
      while (statement.step()) rows.push(statement.getAsObject());
      statement.free();
      return rows;
    };
    const run = (params) => {
      all(params);
      return { changes: db.getRowsModified(), lastInsertRowid: 0 }; // nobody looks at that
    };
    return { reader, all, run, iterate: (params) => all(params)[Symbol.iterator]() };
  },
  close: () => {},
});

let sqlite;
let database;
if (asked.sqlite) {
  sqlite = new (await initSqlJs()).Database();
  database = { dialect: new SqliteDialect({ database: driver(sqlite) }), type: "sqlite" };
} else {
  database = new pg.Pool(asked.postgres);
}

const options = {
  baseURL: "http://127.0.0.1:3000",
  secret: "only for a database that a test drops: 6f0c1d",
  database,
  emailAndPassword: { enabled: true },
  plugins: [admin(), twoFactor()],
  logger: { level: "error" },
  telemetry: { enabled: false },
  advanced: { database: { generateId: asked.generateId } },
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
const { internalAdapter } = await auth.$context;

const users = {};
const signUp = async (name, email, password) => {
  const { user } = await auth.api.signUpEmail({ body: { name, email, password } });
  users[name] = { ...user, password };
};
await signUp("ada", "Ada.King@Example.Test", "correct horse");
await signUp("naïve café", "cafe@example.test", "ﬁle № ① naïve café");
await signUp("verified", "verified@example.test", "another horse");
await signUp("banned", "banned@example.test", "a banned horse");
await signUp("once banned", "once-banned@example.test", "a patient horse");
await signUp("with an image", "image@example.test", "a painted horse");
await internalAdapter.updateUser(users["verified"].id, { emailVerified: true });
await internalAdapter.updateUser(users["banned"].id, { banned: true });
await internalAdapter.updateUser(users["once banned"].id, {
  banned: true,
  banExpires: new Date(Date.now() - 3_600_000),
});
await internalAdapter.updateUser(users["with an image"].id, { image: "https://example.test/a.png" });

// Somebody who came by way of another provider, and has no password.
const { user } = await internalAdapter.createOAuthUser(
  { name: "by github", email: "github@example.test", emailVerified: true },
  { providerId: "github", accountId: "4711" },
);
users["by github"] = { ...user, password: "" };

if (sqlite) {
  writeFileSync(asked.sqlite, sqlite.export());
} else {
  await database.end();
}
console.log(JSON.stringify(users));
process.exit();
