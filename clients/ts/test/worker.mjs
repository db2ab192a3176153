// Has Chromium run test/worker.js as a web worker of a page of the service, in
// which somebody is signed in. The arguments say where the service, the browser
// and the package that drives it are.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [site, executablePath, packages] = process.argv.slice(2);
const { chromium } = createRequire(packages)("playwright-core");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.goto(`${site}/worker/`);
  const answer = await page.evaluate(async () => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ name: "Ada", email: "worker@example.test", password: "correct horse battery" });
    await fetch("/api/auth/sign-up/email", { method: "POST", headers, body });
    const { token } = await (await fetch("/api/auth/token")).json();
    const worker = new Worker("/worker/worker.js", { type: "module" });
    return new Promise((resolve) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", (event) => resolve({ error: `the worker does not start: ${event.message}` }));
      worker.postMessage(token);
    });
  });
  assert.deepEqual(answer, {
    said: [
      "window undefined",
      "document undefined",
      "the cookie finds 0",
      "token, fresh false",
      "completed true",
      "refused true 412 2",
      "Buy milk",
      "Bake",
      "unchanged true",
      "aborted: enough",
      "left 0",
    ],
  });
} finally {
  await browser.close();
}
