// A person with two tabs, and pages of others, in Chromium. The argument is
// {site, sameSite, crossSite, chromium, screenshots}: a site with the page and
// the module, another origin of the same site (browsers send it cookies, which
// know no ports), and another site.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const { site, sameSite, crossSite, chromium: executablePath, screenshots } = JSON.parse(process.argv[2]);
const ada = { email: "ada@example.test", password: "correct horse battery" };
const mallory = { name: "Mallory", email: "mallory@example.test", password: "a page of somebody else" };

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});

async function step(what, act) {
  const start = Date.now();
  try {
    await act();
  } catch (error) {
    console.log(`FAIL  ${what}\n${error.stack}`);
    process.exitCode = 1;
    throw error;
  }
  console.log(`ok    ${what} (${Date.now() - start} ms)`);
}

// tab opens an address and counts what the console complains about.
async function tab(context, address) {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  await page.goto(address);
  return page;
}

const heading = (page, text) => page.getByRole("heading", { name: text, exact: true }).waitFor();
const door = (page) => page.getByRole("button", { name: "Sign up" }).waitFor();
const titles = (page) => page.getByRole("listitem").allTextContents();

// session is the cookie of who is signed in.
const session = async (context) =>
  (await context.cookies()).find(({ name }) => name === "better-auth.session_token");

// byCookie asks for todos as a page of the site does that has no token.
const byCookie = (page, method = "GET", body) =>
  page.evaluate(
    async ([method, body]) => {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch("/api/todos", { method, headers, body });
      return { status: answer.status, body: await answer.json() };
    },
    [method, body],
  );

// attack sends what a page may send without asking the site first.
const attack = (page, path, body) =>
  page.evaluate(
    async ([address, body]) => {
      const init = { method: "POST", mode: "no-cors", credentials: "include", body };
      await fetch(address, init).catch(() => {});
    },
    [site + path, body && JSON.stringify(body)],
  );

// submit is the same by a form, which takes the tab along.
async function submit(page, path, body) {
  const answer = page.waitForResponse((response) => response.url() === site + path);
  await page.evaluate(
    ([address, text]) => {
      const form = document.createElement("form");
      Object.assign(form, { method: "POST", action: address, enctype: "text/plain" });
      const input = document.createElement("input");
      // With the = between name and value it is JSON still.
      Object.assign(input, { name: text.slice(0, -1) + ',"rest":"', value: '"}' });
      form.append(input);
      document.body.append(form);
      form.submit();
    },
    [site + path, JSON.stringify(body)],
  );
  await page.waitForURL(site + path);
  return (await answer).status();
}

// refused fails for a request of another page that was not. Without a cookie,
// which another site's page has none of, there is nobody to sign out.
function refused(origin, path, status) {
  const idle = origin === crossSite && path === "/api/auth/sign-out" && status === 200;
  assert.ok(idle || (status >= 400 && status < 500), `${path} from ${origin}: ${status}`);
}

// read is what a page gets to see that asks for an answer.
const read = (page, path) =>
  page.evaluate(
    async (address) => {
      try {
        return await (await fetch(address, { credentials: "include" })).text();
      } catch (error) {
        return error.name;
      }
    },
    site + path,
  );

const context = await browser.newContext();
let first, second, old;

try {
  await step("sign up on the page; useSession shows who it is", async () => {
    first = await tab(context, site);
    await door(first);
    await first.screenshot({ path: `${screenshots}/door.png` });
    await first.getByLabel("E-mail").fill(ada.email);
    await first.getByLabel("Password").fill("7 chars");
    await first.getByRole("button", { name: "Sign up" }).click();
    await first.getByRole("alert").getByText("Password too short").waitFor();
    await first.getByLabel("Password").fill(ada.password);
    await first.getByRole("button", { name: "Sign up" }).click();
    await heading(first, "Todos of Ada");
  });

  await step("scripts see no cookie", async () => {
    assert.equal(await first.evaluate(() => document.cookie), "");
    const cookies = await context.cookies();
    for (const { name, httpOnly, sameSite } of cookies) {
      assert.deepEqual({ httpOnly, sameSite }, { httpOnly: true, sameSite: "Lax" }, name);
    }
    const cookie = await session(context);
    assert.ok(cookie);
    const kept = await first.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    assert.ok(!kept.includes(cookie.value) && !/eyJ/.test(kept), kept);
  });

  await step("token() opens the todos; the cookie does, too", async () => {
    await first.getByLabel("What is to be done?").fill("milk");
    await first.getByRole("button", { name: "Add" }).click();
    await first.getByRole("listitem").getByText("milk").waitFor();
    old = await first.evaluate(async () => (await window.vanilla.token()).data.token);
    const made = await byCookie(first, "POST", '{"title":"bread"}');
    assert.equal(made.status, 201);
    const list = await byCookie(first);
    assert.deepEqual(list.body.map(({ title }) => title).sort(), ["bread", "milk"]);
  });

  await step("a second tab is signed in, and hears of a new name", async () => {
    second = await tab(context, site);
    await heading(second, "Todos of Ada");
    await second.getByRole("listitem").getByText("bread").waitFor();
    assert.deepEqual((await titles(second)).sort(), ["bread", "milk"]);
    await first.evaluate(() => window.react.updateUser({ name: "Ada Lovelace" }));
    await heading(second, "Todos of Ada Lovelace");
    await second.screenshot({ path: `${screenshots}/todos.png` });
  });

  for (const [what, origin] of Object.entries({ origin: sameSite, site: crossSite })) {
    await step(`a page of another ${what} does nothing in the user's name`, async () => {
      const page = await tab(context, origin);
      const statuses = {};
      page.on("response", (response) => {
        if (response.url().startsWith(site)) {
          statuses[new URL(response.url()).pathname] = response.status();
        }
      });
      await attack(page, "/api/auth/sign-out");
      await attack(page, "/api/auth/revoke-sessions");
      await attack(page, "/api/auth/update-user", { name: "Mallory" });
      await attack(page, "/api/auth/delete-user", ada);
      await attack(page, "/api/auth/sign-in/email", mallory);
      await attack(page, "/api/auth/sign-up/email", mallory);
      await attack(page, "/api/todos", { title: "by another page" });
      for (const [path, status] of Object.entries(statuses)) {
        refused(origin, path, status);
      }
      console.log(`      ${JSON.stringify(statuses)}`);
      assert.equal(await read(page, "/api/auth/get-session"), "TypeError");
      assert.equal(await read(page, "/api/todos"), "TypeError");
      for (const path of ["/api/auth/sign-out", "/api/auth/sign-in/email", "/api/todos"]) {
        const status = await submit(page, path, { ...mallory, title: "by a form" });
        refused(origin, path, status);
        await page.goto(origin);
      }
      const list = await byCookie(first);
      assert.equal(list.status, 200);
      assert.equal(list.body.length, 2);
      const { data } = await first.evaluate(() => window.vanilla.getSession());
      assert.equal(data.user.name, "Ada Lovelace");
      await page.close();
    });
  }

  await step("nor does it sign anybody in", async () => {
    const fresh = await browser.newContext();
    for (const origin of [sameSite, crossSite]) {
      const page = await tab(fresh, origin);
      await attack(page, "/api/auth/sign-up/email", mallory);
      await submit(page, "/api/auth/sign-up/email", mallory);
      await page.goto(origin);
      await submit(page, "/api/auth/sign-in/email", ada);
      assert.deepEqual(await fresh.cookies(), []);
    }
    await fresh.close();
  });

  await step("sign-out in one tab is one in both, and the end of the token", async () => {
    await first.getByRole("button", { name: "Sign out" }).click();
    await door(first);
    await door(second);
    assert.equal(await session(context), undefined);
    assert.equal((await byCookie(first)).status, 401);
    const status = await first.evaluate(async (token) => {
      const headers = { Authorization: `Bearer ${token}` };
      return (await fetch("/api/todos", { headers })).status;
    }, old);
    assert.equal(status, 401);
  });

  await step("sign in again: the todos are there", async () => {
    await first.getByLabel("E-mail").fill(ada.email);
    await first.getByLabel("Password").fill("wrong horse battery");
    await first.getByRole("button", { name: "Sign in" }).click();
    await first.getByRole("alert").getByText("Invalid email or password").waitFor();
    await first.getByLabel("Password").fill(ada.password);
    await first.getByRole("button", { name: "Sign in" }).click();
    await heading(first, "Todos of Ada Lovelace");
    await first.getByRole("listitem").getByText("milk").waitFor();
    assert.deepEqual([...first.faults, ...second.faults], []);
  });
} finally {
  await browser.close();
}
