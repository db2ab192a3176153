// Better Auth servers. Each stands for one way to configure it.

import { createHash } from "node:crypto";

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { signJWT } from "better-auth/crypto";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";

import { betterAuth as betterAuth12 } from "better-auth-1.2";
import { memoryAdapter as memoryAdapter12 } from "better-auth-1.2/adapters/memory";
import { toNodeHandler as toNodeHandler12 } from "better-auth-1.2/node";
import { bearer as bearer12, jwt as jwt12 } from "better-auth-1.2/plugins";

import { SignJWT } from "jose";

const newest = { betterAuth, memoryAdapter, toNodeHandler, bearer, jwt };
const v1_2 = {
  betterAuth: betterAuth12,
  memoryAdapter: memoryAdapter12,
  toNodeHandler: toNodeHandler12,
  bearer: bearer12,
  jwt: jwt12,
};

// How passwords are kept is not what is tested, and scrypt takes long.
const hash = async (password) => createHash("sha256").update(password).digest("hex");
const password = {
  hash,
  verify: async ({ hash: kept, password }) => kept === (await hash(password)),
};

const algorithm = (alg) => ({ jwks: { keyPairConfig: { alg } } });

// What version 1.2 needs to keep a key that is not its default.
const extractable = (alg) => ({ jwks: { keyPairConfig: { alg, extractable: true } } });

const rotation = {
  jwks: { rotationInterval: 3600, gracePeriod: 3600 },
  jwt: { expirationTime: "12h" }, // outlives the hours that the tests skip
};

const cookieCache = (strategy) => ({
  session: { cookieCache: { enabled: true, maxAge: 300, strategy } },
});

// Rows are numbered: every server has a user "1" and a key "1".
const serial = { advanced: { database: { generateId: "serial" } } };

// What a server has beside the defaults: the options of the jwt plugin and of
// Better Auth itself. origin(name) is the URL of another server.
export const servers = {
  EdDSA: () => ({}),
  Ed25519: () => ({ jwt: algorithm("Ed25519") }),
  ES256: () => ({ jwt: algorithm("ES256") }),
  ES512: () => ({ jwt: algorithm("ES512") }),
  RS256: () => ({ jwt: algorithm("RS256") }),
  PS256: () => ({ jwt: algorithm("PS256") }),

  "1.2 EdDSA": () => ({ version: v1_2 }),
  "1.2 ES256": () => ({ version: v1_2, jwt: extractable("ES256") }),
  "1.2 ES512": () => ({ version: v1_2, jwt: extractable("ES512") }),
  "1.2 RS256": () => ({ version: v1_2, jwt: extractable("RS256") }),
  "1.2 PS256": () => ({ version: v1_2, jwt: extractable("PS256") }),

  rotating: () => ({ jwt: rotation }),
  flooded: () => ({ jwt: rotation }),
  racing: () => ({ jwt: algorithm("RS256") }), // making a key takes a while
  down: () => ({}),
  "long down": () => ({ jwt: { jwt: { expirationTime: "48h" } } }),

  expired: () => ({ jwt: { jwt: { expirationTime: "-1m" } } }),
  "number of seconds": () => ({ jwt: { jwt: { expirationTime: 900 } } }),
  "other audience": () => ({ jwt: { jwt: { audience: "https://other.example" } } }),
  "slash at the end": (origin) => ({ jwt: { jwt: { issuer: origin("slash at the end") + "/" } } }),
  "other sub": () => ({ jwt: { jwt: { getSubject: ({ user }) => user.email } } }),
  "bare payload": () => ({ jwt: { jwt: { definePayload: () => ({}) } } }),

  serial: () => ({ options: serial }),
  "here, serial": () => ({ options: serial }),
  "there, serial": () => ({ options: serial }),
  impostor: (origin) => ({
    jwt: { jwt: { issuer: origin("serial"), audience: origin("serial") } },
    options: serial,
  }),

  compact: () => ({ options: cookieCache("compact") }),
  jwt: () => ({ options: cookieCache("jwt") }),
  jwe: () => ({ options: cookieCache("jwe") }),
  "signed jwt": () => ({ jwt: { sessionCookieCache: true }, options: cookieCache("jwt") }),

  // The way to have HS256 from Better Auth, which does not offer it.
  HS256: (_, secret) => ({
    jwt: {
      jwks: { remoteUrl: "https://unused.example", keyPairConfig: { alg: "EdDSA" } },
      jwt: {
        definePayload: ({ user }) => ({ user_id: user.id, email: user.email }),
        sign: (payload) =>
          new SignJWT(payload)
            .setProtectedHeader({ alg: "HS256", typ: "JWT" })
            .sign(new TextEncoder().encode(secret)),
      },
    },
  }),
};

// serve makes the server of that name. It returns what handles requests, and
// what the tests can ask for beside Better Auth's own endpoints.
export function serve(name, origin, secret) {
  const spec = servers[name](origin, secret);
  const made = spec.version ?? newest;
  const db = { user: [], session: [], account: [], verification: [], jwks: [] };
  const mailed = new Map();
  const auth = made.betterAuth({
    baseURL: origin(name),
    secret,
    database: made.memoryAdapter(db),
    logger: { level: "error" },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true, password },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, token }) => void mailed.set(user.email, token),
    },
    plugins: [made.jwt(spec.jwt), made.bearer()],
    ...spec.options,
  });
  return {
    handler: made.toNodeHandler(auth),
    asks: {
      // The token of the link in the mail that verifies an address.
      mailed: ({ email }) => mailed.get(email),

      // What a route writes by hand where a tutorial wants HS256.
      handmade: ({ user }) => signJWT({ user_id: user }, secret, 900),

      // Lets time pass for the keys, and for nothing else.
      age: ({ seconds }) => {
        for (const row of db.jwks) {
          for (const field of ["createdAt", "expiresAt"]) {
            if (row[field]) row[field] = new Date(row[field].getTime() - seconds * 1000);
          }
        }
        return String(db.jwks.length);
      },
    },
  };
}
