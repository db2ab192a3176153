// Runs in a web worker of a browser, where there is no window and no document,
// and tells what the client has done there.

import { cached, createTodos, Problem } from "./authtodo.js";

/** What happened, in the order in which it did. */
async function tries(token) {
  const said = [`window ${typeof window}`, `document ${typeof document}`];
  const cookie = createTodos({ baseURL: "/api" });
  said.push(`the cookie finds ${(await cookie.list()).todos.length}`);
  const source = cached(({ fresh }) => (said.push(`token, fresh ${fresh}`), token));
  const todos = createTodos({ baseURL: new URL("/api", self.location).href, token: source });
  const milk = await todos.create({ title: "Buy milk" });
  await todos.create({ title: "Bake" });
  const done = await todos.update(milk.id, { completed: true }, { ifMatch: milk });
  said.push(`completed ${done.completed}`);
  const late = await todos.update(milk.id, { title: "Late" }, { ifMatch: milk }).catch((error) => error);
  said.push(`refused ${late instanceof Problem} ${late.status} ${late.currentVersion}`);
  for await (const todo of todos.all({ limit: 1 })) said.push(todo.title);
  const first = await todos.list();
  said.push(`unchanged ${(await todos.list({}, { previous: first })) === first}`);
  const never = await todos.get(milk.id, { signal: AbortSignal.abort("enough") }).catch((reason) => reason);
  said.push(`aborted: ${never}`);
  for (const todo of first.todos) await todos.delete(todo.id);
  said.push(`left ${(await cookie.list()).todos.length}`);
  return said;
}

self.addEventListener("message", ({ data }) =>
  tries(data).then(
    (said) => self.postMessage({ said }),
    (error) => self.postMessage({ error: `${error.stack}, ${error.cause}` }),
  ),
);
