// Real Better Auth servers, one for every mode of the script, configured as the
// module is in that mode. It prints a line of JSON when all listen, and ends
// when its standard input does: it cannot outlive a test.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";

import { modes } from "./modes.mjs";

// How passwords are kept is not what is compared, and scrypt takes long.
const hash = async (password) => createHash("sha256").update(password).digest("hex");
const password = {
  hash,
  verify: async ({ hash: kept, password }) => kept === (await hash(password)),
};

// Time can be let pass for the whole process.
const RealDate = Date;
let ahead = 0;
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [RealDate.now() + ahead]));
  }
  static now() {
    return RealDate.now() + ahead;
  }
};

function serve({ base, verification, bearer: withBearer, limited }) {
  const outbox = [];
  const mail = async ({ user, url }) => void outbox.push({ to: user.email, link: url });
  const auth = betterAuth({
    baseURL: base,
    secret: "a secret of the servers of this test only",
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
    logger: { disabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: Boolean(limited) },
    emailAndPassword: {
      enabled: true,
      password,
      requireEmailVerification: Boolean(verification),
      sendResetPassword: mail,
    },
    emailVerification: { sendVerificationEmail: mail },
    user: { changeEmail: { enabled: true }, deleteUser: { enabled: true } },
    plugins: withBearer ? [jwt(), bearer()] : [jwt()],
  });
  return { handler: toNodeHandler(auth), outbox };
}

async function listen(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

const servers = {};
for (const [name, mode] of Object.entries(modes)) {
  const { handler, outbox } = serve(mode);
  servers[name] = { url: await listen(handler), outbox };
}

// What the script asks of either side: the mails of a mode, and time to pass.
const control = await listen((req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://control");
  if (pathname === "/pass") ahead += Number(searchParams.get("seconds")) * 1000;
  res.end(JSON.stringify(servers[searchParams.get("mode")]?.outbox ?? null));
});

const urls = Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url]));
console.log(JSON.stringify({ control, servers: urls }));

process.stdin.resume();
process.stdin.on("end", () => process.exit());
