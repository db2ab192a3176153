// What the published client does with the real module, over real connections.
// The argument says where both are: {site, control}. One step goes on with the
// todos that the one before has left.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { cached, createTodos, NetworkError, Problem, UnexpectedAnswer } from "authtodo";
import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";

const { site, control } = JSON.parse(process.argv[2]);
const baseURL = `${site}/api`;

const tell = async (path, n = 0) => {
  const answer = await fetch(`${control}/${path}?n=${n}`, { method: "POST" });
  assert.equal(answer.status, 200);
  return answer.text();
};
/** The requests that have arrived since somebody asked. */
const arrived = async () => JSON.parse(await tell("requests"));

const refusal = async (promise, kind, members) => {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (thrown) => thrown,
  );
  assert.ok(error instanceof kind, error);
  for (const [name, value] of Object.entries(members)) assert.deepEqual(error[name], value, `${name} of ${error.stack}`);
  return error;
};

/** Signs somebody up: {cookie, authClient}, Better Auth's own client with the cookie of a browser. */
const signUp = async (name) => {
  const answer = await fetch(`${baseURL}/auth/sign-up/email`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: site },
    body: JSON.stringify({ name, email: `${name}@example.test`, password: "correct horse battery" }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const fetchOptions = { headers: { cookie } };
  return { cookie, authClient: createAuthClient({ baseURL: `${baseURL}/auth`, plugins: [jwtClient()], fetchOptions }) };
};

const { authClient, cookie } = await signUp("ada");
const bob = await signUp("bob");
const todos = createTodos({ baseURL, token: authClient });
const tokenOf = async (client) => (await client.token()).data.token;
let milk;

const steps = {
  async "the types are made from the document that is served"() {
    const served = await (await fetch(`${baseURL}/openapi.json`)).json();
    const document = JSON.parse(await readFile(new URL("../../../todos/openapi.json", import.meta.url), "utf8"));
    // A module says itself where it is, and what opens it: no types come of that.
    for (const d of [served, document]) {
      d.servers = d.security = d.components.securitySchemes = undefined;
    }
    assert.deepEqual(served, document);
  },

  async "Better Auth's own client is the token source, and its token is kept"() {
    await arrived();
    assert.deepEqual((await todos.list()).todos, []);
    assert.deepEqual((await todos.list()).todos, []);
    const paths = (await arrived()).map(({ path }) => path);
    assert.deepEqual(paths, ["/api/auth/token", "/api/todos", "/api/todos"]);
  },

  async "who ask at once wait for one token"() {
    const many = createTodos({ baseURL, token: authClient });
    await Promise.all([many.list(), many.list(), many.list()]);
    assert.equal((await arrived()).filter(({ path }) => path === "/api/auth/token").length, 1);
  },

  async "a todo is created and read"() {
    milk = await todos.create({ title: " Buy milk " });
    assert.equal(milk.title, "Buy milk");
    assert.equal(milk.version, 1);
    assert.equal(milk.description, null);
    assert.deepEqual(await todos.get(milk.id), milk);
    const [made] = await arrived();
    assert.match(made.key, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  },

  async "a change has the members that are sent"() {
    const changed = await todos.update(milk.id, { description: "two bottles" }, { ifMatch: milk });
    assert.deepEqual({ ...changed, version: 1, updated_at: milk.updated_at }, { ...milk, description: "two bottles" });
    assert.equal((await arrived())[0].match, '"1"');
    const whole = await todos.update(milk.id, { ...changed, completed: true }, { ifMatch: changed.version });
    assert.equal(whole.version, 3);
    assert.ok(whole.completed_at);
  },

  async "a conflict says which version there is"() {
    for (const refused of [
      () => todos.update(milk.id, { title: "Oat milk" }, { ifMatch: milk }),
      () => todos.delete(milk.id, { ifMatch: milk }),
    ]) {
      const type = "urn:authtodo:problem:precondition-failed";
      await refusal(refused(), Problem, { status: 412, type, error_code: "PRECONDITION_FAILED", currentVersion: 3, passing: false });
    }
    assert.equal((await todos.get(milk.id)).title, "Buy milk");
  },

  async "problems have their members"() {
    const wrong = await refusal(todos.create({ title: " ", colour: "blue" }), Problem, {
      name: "Problem",
      status: 422,
      title: "Unprocessable Entity",
      type: "urn:authtodo:problem:validation-error",
      error_code: "VALIDATION_ERROR",
      currentVersion: null,
      retryAfter: null,
    });
    assert.match(wrong.instance, /^urn:uuid:/);
    assert.deepEqual(wrong.errors.map(({ pointer }) => pointer).sort(), ["#/colour", "#/title"]);
    assert.equal(wrong.message, wrong.detail);
    const parameter = await refusal(todos.list({ limit: 501 }), Problem, { status: 422 });
    assert.equal(parameter.errors[0].parameter, "limit");
    await refusal(todos.get("no such todo"), Problem, { status: 404, error_code: "NOT_FOUND" });
  },

  async "ids that lead elsewhere are not sent"() {
    await arrived();
    for (const id of ["", ".", ".."]) {
      for (const call of [() => todos.get(id), () => todos.update(id, {}), () => todos.delete(id)]) {
        await refusal(call(), TypeError, {});
      }
    }
    await refusal(todos.create({ title: "a" }, { idempotencyKey: "käse" }), TypeError, {});
    assert.deepEqual(await arrived(), []);
    for (const id of ["../openapi.json", "a/b", "a?b", "a#b", "%2e%2e", "..."]) {
      await refusal(todos.get(id), Problem, { status: 404 });
    }
  },

  async "a todo that has not changed is not sent again"() {
    const seen = await todos.get(milk.id);
    await arrived();
    assert.equal(await todos.get(milk.id, { previous: seen }), seen);
    assert.deepEqual((await arrived()).map(({ status, match }) => [status, match]), [[304, '"3"']]);
    await todos.update(milk.id, { completed: false });
    const now = await todos.get(milk.id, { previous: seen });
    assert.equal(now.version, 4);
    assert.equal((await todos.get(milk.id, { previous: { ...now, id: "another" } })).version, 4);
  },

  async "a list that has not changed is not sent again"() {
    const seen = JSON.parse(JSON.stringify(await todos.list({ completed: false })));
    await arrived();
    assert.equal(await todos.list({ completed: false }, { previous: seen }), seen);
    assert.equal((await arrived())[0].status, 304);
    // The tag is that of all lists of a user: another query is another list.
    assert.deepEqual((await todos.list({ completed: true }, { previous: seen })).todos, []);
    const counted = await todos.list({ completed: false }, { previous: seen, count: true });
    assert.equal(counted.total, 1);
    await todos.update(milk.id, { title: "Buy oat milk" });
    const now = await todos.list({ completed: false }, { previous: seen });
    assert.equal(now.todos[0].title, "Buy oat milk");
    assert.notEqual(now.etag, seen.etag);
  },

  async "120 todos come in pages, each once"() {
    await Promise.all(Array.from({ length: 119 }, (_, n) => todos.create({ title: `Thing ${n}`, position: n % 7 })));
    await arrived();
    const sizes = [];
    const ids = new Set();
    for await (const page of todos.pages({ limit: 50 }, { count: true })) {
      sizes.push(page.todos.length);
      assert.equal(page.total, 120);
      for (const { id } of page.todos) ids.add(id);
    }
    assert.deepEqual([sizes, ids.size], [[50, 50, 20], 120]);
    assert.equal((await arrived()).length, 3);

    const titles = [];
    for await (const { title } of todos.all({ limit: 50, q: "thing 1", sort: "-title" })) titles.push(title);
    assert.equal(titles.length, 1 + 10 + 19);
    assert.deepEqual(titles, [...titles].sort().reverse());

    const page = await todos.list({ limit: 100 });
    const rest = await todos.list({ limit: 100, cursor: page.next });
    assert.deepEqual([rest.todos.length, rest.next], [20, null]);
  },

  async "who stops early asks for no more"() {
    await arrived();
    for await (const _ of todos.all({ limit: 10 })) break;
    assert.equal((await arrived()).length, 1);
  },

  async "a creation whose answer is lost is sent again, and creates one"() {
    await tell("cut");
    const once = await todos.create({ title: "Only once" });
    const sent = (await arrived()).filter(({ method }) => method === "POST");
    assert.deepEqual(sent.map(({ status }) => status), [201, 201]);
    assert.equal(sent[0].key, sent[1].key);
    const there = await todos.list({ q: "only once" });
    assert.deepEqual(there.todos, [once]);
  },

  async "without retries a lost answer is told, and the key is good for another try"() {
    const hasty = createTodos({ baseURL, token: authClient, retries: 0 });
    await hasty.list();
    await tell("cut");
    const call = () => hasty.create({ title: "By hand" }, { idempotencyKey: "my-own-key" });
    const error = await refusal(call(), NetworkError, { name: "NetworkError" });
    assert.ok(error.cause);
    const made = await call();
    assert.deepEqual((await todos.list({ q: "by hand" })).todos, [made]);
    await refusal(hasty.create({ title: "Other" }, { idempotencyKey: "my-own-key" }), Problem, {
      status: 422,
      type: "urn:authtodo:problem:idempotency-key-reused",
    });
  },

  async "a store that is down for a moment is asked again, when it says so"() {
    await arrived();
    await tell("down", 1);
    assert.equal((await todos.create({ title: "Later" })).version, 1);
    const sent = await arrived();
    assert.deepEqual(sent.map(({ status }) => status), [503, 201]);
    assert.equal(sent[0].key, sent[1].key);
  },

  async "a store that stays down is told, with when to come back"() {
    const members = { status: 503, error_code: "UNAVAILABLE", retryAfter: 2000, passing: true };
    await arrived();
    await tell("down", 1);
    await refusal(createTodos({ baseURL, token: authClient, maxDelay: 1999 }).get(milk.id), Problem, members);
    await tell("down", 1);
    await refusal(createTodos({ baseURL, token: authClient, retries: 0 }).get(milk.id), Problem, members);
    // A change is not made twice by itself.
    await tell("down", 1);
    await refusal(todos.update(milk.id, { title: "Twice" }), Problem, members);
    const sent = (await arrived()).filter(({ path }) => path !== "/api/auth/token");
    assert.deepEqual(sent.map(({ status }) => status), [503, 503, 503]);
  },

  async "a token that has expired is renewed, and the request sent once more"() {
    await todos.list();
    await arrived();
    await tell("pass", 16 * 60);
    assert.equal((await todos.get(milk.id)).id, milk.id);
    const seen = (await arrived()).map(({ path, status }) => `${path.split("/")[2]} ${status}`);
    assert.deepEqual(seen, ["todos 401", "auth 200", "todos 200"]);
    await todos.get(milk.id);
    assert.equal((await arrived()).length, 1);
  },

  async "a source that is a function is asked for each request, and told what was refused"() {
    const good = await tokenOf(authClient);
    const asked = [];
    const source = ({ fresh, refused }) => {
      asked.push([fresh, refused]);
      return fresh ? good : "stale.but.sent";
    };
    const mine = createTodos({ baseURL, token: source });
    await mine.get(milk.id);
    assert.deepEqual(asked, [[false, null], [true, "stale.but.sent"]]);
    // Once more, not twice.
    await arrived();
    const bad = createTodos({ baseURL, token: () => "stale.but.sent" });
    await refusal(bad.create({ title: "No" }), Problem, { status: 401, error_code: "AUTH_ERROR", type: "urn:authtodo:problem:unauthorized" });
    assert.equal((await arrived()).length, 2);
  },

  async "nobody signed in is 401, and what a source throws is thrown"() {
    for (const nothing of [null, undefined, ""]) {
      await refusal(createTodos({ baseURL, token: async () => nothing }).list(), Problem, { status: 401 });
    }
    const signedOut = createAuthClient({ baseURL: `${baseURL}/auth`, plugins: [jwtClient()] });
    await refusal(createTodos({ baseURL, token: signedOut }).list(), Problem, { status: 401 });
    const mistake = new Error("my own");
    const throws = createTodos({ baseURL, token: () => { throw mistake; } });
    assert.equal(await throws.list().catch((error) => error), mistake);
    const notThere = createAuthClient({ baseURL: `${site}/nothing/here`, plugins: [jwtClient()] });
    await refusal(createTodos({ baseURL, token: notThere }).list(), NetworkError, { message: "no token" });
    await arrived();
    const text = await refusal(createTodos({ baseURL, token: () => "se\ncret" }).list(), TypeError, {});
    assert.doesNotMatch(text.message, /cret/);
    assert.deepEqual(await arrived(), []);
  },

  async "a cache keeps a token until near its end, and forgets it when it is told to"() {
    const jwt = (life, name) => `e30.${btoa(JSON.stringify({ iat: 1000, exp: 1000 + life, name }))}.x`;
    const ask = { fresh: false, refused: null };
    let given = 0;
    const source = cached(() => jwt(900, ++given));
    const first = await source(ask);
    assert.equal(await source(ask), first);
    assert.equal(await source({ fresh: true, refused: "an older one" }), first);
    const second = await source({ fresh: true, refused: first });
    assert.notEqual(second, first);
    source.clear();
    assert.notEqual(await source(ask), second);
    assert.equal(given, 3);

    const over = cached(() => jwt(0, ++given));
    assert.notEqual(await over(ask), await over(ask));
    const opaque = cached(() => `opaque-${++given}`);
    assert.equal(await opaque(ask), await opaque(ask));

    // A token that was on its way when somebody signed out is not kept.
    let arrive;
    const slow = cached(() => new Promise((resolve) => (arrive = resolve)));
    const early = slow(ask);
    await Promise.resolve();
    slow.clear();
    const late = slow(ask);
    const old = arrive;
    await new Promise((resolve) => setImmediate(resolve));
    arrive(jwt(900, "bob"));
    assert.equal(await late, jwt(900, "bob"));
    old(jwt(900, "ada"));
    assert.equal(await early, jwt(900, "ada"));
    assert.equal(await slow(ask), jwt(900, "bob"));
  },

  async "whoever signs in next does not go on with the token before"() {
    let now = authClient;
    const page = createTodos({ baseURL, token: { token: () => now.token() } });
    assert.equal((await page.list({ q: "oat" })).todos.length, 1);
    now = bob.authClient;
    page.forget();
    assert.deepEqual((await page.list()).todos, []);
    await refusal(page.get(milk.id), Problem, { status: 404 });
  },

  async "without a source the session cookie speaks"() {
    // What a browser adds to what the client asks for.
    const browser = (url, init) => {
      assert.equal(init.credentials, "same-origin");
      return fetch(url, { ...init, headers: { ...init.headers, cookie, Origin: site, "Sec-Fetch-Site": "same-origin" } });
    };
    const mine = createTodos({ baseURL, fetch: browser });
    const made = await mine.create({ title: "By cookie" });
    await mine.delete(made.id, { ifMatch: made });
    await refusal(mine.get(made.id), Problem, { status: 404 });
    await refusal(createTodos({ baseURL }).list(), Problem, { status: 401 });
  },

  async "what is no todo API is told, and no token goes to where it leads"() {
    await arrived();
    const at = (path) => createTodos({ baseURL: site + path, token: authClient, retries: 0 });
    await refusal(at("/page").list(), UnexpectedAnswer, { name: "UnexpectedAnswer" });
    await refusal(at("/moved/").list(), UnexpectedAnswer, {});
    assert.ok((await arrived()).every(({ path }) => path !== "/taken"), "a redirect was followed");
    await refusal(at("/proxy").list(), Problem, { status: 502, type: "about:blank", error_code: null, errors: [], passing: true });
  },

  async "where there is a page its path is enough"() {
    await refusal(createTodos({ baseURL: "/api", token: authClient }).list(), TypeError, {});
    globalThis.location = new URL(`${site}/some/page?x#y`);
    const page = await createTodos({ baseURL: "/api/?x#y", token: authClient }).list({ q: "oat" });
    assert.equal(page.url, `${site}/api/todos?q=oat`);
    assert.equal(page.todos.length, 1);
    delete globalThis.location;
  },

  async "without randomUUID, as on plain http, keys are made all the same"() {
    const { randomUUID } = crypto;
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    await arrived();
    const made = await todos.create({ title: "Plain" });
    Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true });
    assert.match((await arrived())[0].key, /^[0-9a-f]{32}$/);
    await todos.delete(made.id);
  },

  async "a call that is aborted ends with the reason, and its request, too"() {
    const reason = new Error("enough");
    const controller = new AbortController();
    await tell("hold");
    const patient = createTodos({ baseURL, token: authClient, timeout: 0 });
    const call = patient.get(milk.id, { signal: controller.signal });
    await tell("held");
    controller.abort(reason);
    assert.equal(await call.catch((error) => error), reason);
    await tell("let");
    await arrived();
    const never = { signal: AbortSignal.abort(reason) };
    assert.equal(await todos.create({ title: "Never" }, never).catch((error) => error), reason);
    assert.equal(await todos.all({}, never).next().catch((error) => error), reason);
    assert.deepEqual(await arrived(), []);
    // While the source is asked, and in a pause.
    const later = new AbortController();
    const asking = createTodos({ baseURL, token: () => new Promise(() => later.abort(reason)) });
    assert.equal(await asking.list({}, { signal: later.signal }).catch((error) => error), reason);
    const last = new AbortController();
    const answered = async (...request) => {
      const answer = await fetch(...request);
      setTimeout(() => last.abort(reason));
      return answer;
    };
    const options = { baseURL: `${site}/proxy`, token: authClient, retries: 1000, fetch: answered };
    assert.equal(await createTodos(options).list({}, { signal: last.signal }).catch((error) => error), reason);
  },

  async "an answer that does not come in time is none"() {
    const hasty = createTodos({ baseURL, token: authClient, retries: 0, timeout: 2000 });
    await tell("hold");
    const error = await refusal(hasty.get(milk.id), NetworkError, { message: "no answer in time" });
    assert.equal(error.cause.name, "TimeoutError");
  },
};

for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
  } catch (error) {
    throw new Error(`FAILED ${name}`, { cause: error });
  }
  console.log(`ok ${name}`);
}
