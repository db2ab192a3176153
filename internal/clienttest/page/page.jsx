// A page as a host may have it: React with the official client, the module's
// todos with its access tokens.

import { createAuthClient as createVanillaClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/react";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const auth = createAuthClient({ plugins: [jwtClient()] });

// For the test.
Object.assign(window, { react: auth, vanilla: createVanillaClient({ plugins: [jwtClient()] }) });

async function todos(method = "GET", body) {
  const { data, error } = await auth.token();
  if (error) throw error;
  const answer = await fetch("/api/todos", {
    method,
    headers: { Authorization: `Bearer ${data.token}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    credentials: "omit",
  });
  if (!answer.ok) throw await answer.json();
  return answer.json();
}

function submitted(event) {
  event.preventDefault();
  return Object.fromEntries(new FormData(event.target));
}

function Door() {
  const [fault, setFault] = useState();
  const enter = async (event) => {
    const person = submitted(event);
    const way = event.nativeEvent.submitter.value;
    const { error } = await auth[way].email(person);
    setFault(error?.message);
  };
  return (
    <form onSubmit={enter}>
      <label>Name <input name="name" defaultValue="Ada" /></label>
      <label>E-mail <input name="email" type="email" required autoComplete="username" /></label>
      <label>Password <input name="password" type="password" required /></label>
      <button value="signUp">Sign up</button>
      <button value="signIn">Sign in</button>
      {fault && <p role="alert">{fault}</p>}
    </form>
  );
}

function List() {
  const [list, setList] = useState([]);
  const refresh = async () => setList(await todos());
  useEffect(() => void refresh(), []);
  const add = async (event) => {
    const { target } = event;
    await todos("POST", submitted(event));
    target.reset();
    await refresh();
  };
  return (
    <>
      <ul>{list.map(({ id, title }) => <li key={id}>{title}</li>)}</ul>
      <form onSubmit={add}>
        <label>What is to be done? <input name="title" required /></label>
        <button>Add</button>
      </form>
    </>
  );
}

function Page() {
  const { data, isPending, error } = auth.useSession();
  if (isPending) return <main aria-busy="true">…</main>;
  if (error) return <main role="alert">{error.statusText}</main>;
  if (!data) return <main><h1>Todos</h1><Door /></main>;
  return (
    <main>
      <h1>Todos of {data.user.name}</h1>
      <p>{data.user.email}</p>
      <List />
      <button onClick={() => auth.signOut()}>Sign out</button>
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
