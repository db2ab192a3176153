// One process with all issuers of the tests, each on a port of its own, so that
// Node and the packages are loaded once. It prints a line of JSON when all of
// them listen, and ends when its standard input does: it cannot outlive a test.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import * as betterauth from "./betterauth.mjs";
import * as oidc from "./oidc.mjs";

const secret = randomBytes(32).toString("base64");

async function listen(server, port) {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

// An issuer names itself by its port, so it can only be made behind it.
const issuers = {};
for (const name of [...Object.keys(betterauth.servers), "oidc-provider"]) {
  const issuer = { server: createServer((req, res) => issuer.handler(req, res)) };
  issuer.url = `http://127.0.0.1:${await listen(issuer.server, 0)}`;
  issuers[name] = issuer;
}
for (const [name, issuer] of Object.entries(issuers)) {
  const made =
    name === "oidc-provider"
      ? oidc.serve(issuer.url)
      : betterauth.serve(name, (other) => issuers[other].url, secret);
  Object.assign(issuer, made);
  issuer.asks.down = async () => {
    issuer.server.close();
    issuer.server.closeAllConnections();
    return "down";
  };
  issuer.asks.up = async () => {
    await listen(issuer.server, new URL(issuer.url).port);
    return "up";
  };
}

// The door of the tests: /what?issuer=name&…
const control = createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://control");
  const asked = Object.fromEntries(searchParams);
  try {
    res.end(await issuers[asked.issuer].asks[pathname.slice(1)](asked));
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
});
const door = `http://127.0.0.1:${await listen(control, 0)}`;

const urls = Object.fromEntries(Object.entries(issuers).map(([name, { url }]) => [name, url]));
console.log(JSON.stringify({ control: door, secret, issuers: urls }));

process.stdin.resume();
process.stdin.on("end", () => process.exit());
