// Nothing of this runs: it compiles, or something is wrong with the types of
// the client. What ./openapi.js says is made for the check, from the whole
// document.

import { createTodos } from "authtodo";
import type {
  BetterAuthClient,
  CachedSource,
  ErrorCode,
  Fault,
  ListQuery,
  Page,
  Problem,
  ProblemDocument,
  ProblemType,
  Sort,
  Todo,
  TodoCreate,
  TodoPatch,
  Todos,
  TokenRequest,
} from "authtodo";
import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";
import type { components, operations, paths } from "./openapi.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };
type Schemas = components["schemas"];
type Body<Operation extends keyof operations, Status extends number> = operations[Operation] extends {
  responses: { [S in Status]: { content: { "application/json": infer T } } };
}
  ? T
  : never;
type Sent<Operation extends keyof operations> = operations[Operation] extends {
  requestBody: { content: infer T };
}
  ? T[keyof T]
  : never;

/** Each of these has to be true. */
export const equal: {
  todo: Equal<Todo, Schemas["Todo"]>;
  created: Equal<Body<"createTodo", 201>, Todo>;
  read: Equal<Body<"getTodo", 200>, Todo>;
  updated: Equal<Body<"updateTodo", 200>, Todo>;
  listed: Equal<Body<"listTodos", 200>, Page["todos"]>;
  create: Equal<Sent<"createTodo">, TodoCreate>;
  patch: Equal<Sent<"updateTodo">, TodoPatch>;
  query: Equal<ListQuery, NonNullable<operations["listTodos"]["parameters"]["query"]>>;
  sort: Equal<Sort, NonNullable<ListQuery["sort"]>>;
  code: Equal<ErrorCode, Schemas["ErrorCode"]>;
  fault: Equal<Fault, Flat<Schemas["Fault"]>>;
  document: Equal<keyof ProblemDocument, keyof Schemas["Problem"]>;
  members: Equal<keyof ProblemDocument & keyof Problem, keyof Schemas["Problem"]>;
  status: Equal<Problem["status"], ProblemDocument["status"]>;
  type: Equal<ProblemType extends Problem["type"] ? true : false, true>;
  codes: Equal<Extract<ErrorCode, Problem["error_code"]>, ErrorCode>;
  paths: Equal<keyof paths, "/todos" | "/todos/{id}" | "/openapi.json">;
} = {
  todo: true,
  created: true,
  read: true,
  updated: true,
  listed: true,
  create: true,
  patch: true,
  query: true,
  sort: true,
  code: true,
  fault: true,
  document: true,
  members: true,
  status: true,
  type: true,
  codes: true,
  paths: true,
};

/** any is equal to nothing but itself, and must not be anywhere on the surface. */
type IsAny<T> = 0 extends 1 & T ? true : false;
type Anys<T> = { [K in keyof T]-?: IsAny<T[K]> extends true ? K : never }[keyof T];
export const anys: {
  todos: Equal<Anys<Todos>, never>;
  todo: Equal<Anys<Todo>, never>;
  page: Equal<Anys<Page>, never>;
  problem: Equal<Anys<Omit<Problem, "cause">>, never>;
  token: Equal<Anys<TokenRequest>, never>;
} = { todos: true, todo: true, page: true, problem: true, token: true };

/** Better Auth's own client is a token source, with its plug-in and not without. */
const authClient = createAuthClient({ baseURL: "https://app.example.com", plugins: [jwtClient()] });
export const better: BetterAuthClient = authClient;
export const todos: Todos = createTodos({ baseURL: "/api", token: authClient });
// @ts-expect-error without the plug-in it gives no tokens
createTodos({ baseURL: "/api", token: createAuthClient({ baseURL: "https://app.example.com" }) });

/** What does not compile. */
export async function refused(source: CachedSource): Promise<void> {
  // @ts-expect-error a todo has a title
  await todos.create({});
  // @ts-expect-error there is no such member
  await todos.create({ title: "Buy milk", due: "tomorrow" });
  // @ts-expect-error a title is not null
  await todos.update("id", { title: null });
  // @ts-expect-error there is no such order
  await todos.list({ sort: "colour" });
  // @ts-expect-error there is no such parameter
  await todos.list({ owner: "bob" });
  // @ts-expect-error where?
  createTodos({ token: source });
  // A whole todo is a change, and a creation, too.
  const todo = await todos.get("id");
  await todos.update(todo.id, todo, { ifMatch: todo });
  await todos.create(todo);
}
