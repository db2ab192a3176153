// What is done to a site, call by call, the same on both sides. A step is named
// after the call of the client and what is special about it.

import { createElement } from "react";
import { act, create } from "react-test-renderer";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

const ada = { name: "Ada", email: "ada@example.test", password: "correct horse battery" };
const bob = { name: "Bob", email: "bob@example.test", password: "staple of the battery" };
const post = { method: "POST" };

export const scripts = {
  async default(site) {
    await nobody(site);
    await signUp(site);
    await signIn(site);
    await tokens(site);
    await sessions(site);
    await profile(site);
    await passwords(site);
    await resets(site);
    await verification(site);
    await addresses(site);
    await crossSite(site);
    await hook(site);
    await deletion(site);
  },
  verification: required,
  https,
  bearer,
  limited,
  later,
};

// who is signed in on a device.
const who = (site, name, device) =>
  site.step(name, async () => {
    const { data, error } = await device.client.getSession();
    return { user: data?.user.email ?? null, error };
  });

const signedIn = async (site, name, person = ada) => {
  const device = site.device(name);
  const { error } = await device.client.signIn.email(person);
  if (error) throw new Error(`${name} cannot sign in: ${JSON.stringify(error)}`);
  return device;
};

async function nobody(site) {
  const { client } = site.device("nobody");
  const step = (name, call) => site.step(`${name} signed out`, call);
  await site.step("ok", () => client.ok());
  await step("getSession", () => client.getSession());
  await step("token", () => client.token());
  await step("listSessions", () => client.listSessions());
  await step("revokeSession", () => client.revokeSession({ token: "unknown" }));
  await step("revokeSessions", () => client.revokeSessions());
  await step("revokeOtherSessions", () => client.revokeOtherSessions());
  await step("changePassword", () =>
    client.changePassword({ currentPassword: ada.password, newPassword: bob.password }),
  );
  await step("updateUser", () => client.updateUser({ name: "Eve" }));
  await step("changeEmail", () => client.changeEmail({ newEmail: "eve@example.test" }));
  await step("deleteUser", () => client.deleteUser({ password: ada.password }));
  await step("signOut", () => client.signOut());
  await site.step("unknown path", () => client.nothing.here());
  await site.step("signOut by GET", () => client.$fetch("/sign-out"));
}

async function signUp(site) {
  const laptop = site.device("laptop");
  const { client } = laptop;
  const step = (name, body) => site.step(`signUp.email ${name}`, () => client.signUp.email(body));
  await step("short password", { ...ada, password: "7 chars" });
  await step("long password", { ...ada, password: "p".repeat(129) });
  await step("no address", { ...ada, email: "ada at example" });
  await step("without a name", { email: ada.email, password: ada.password });
  await step("without a password", { name: ada.name, email: ada.email });
  await step("wrong type", { ...ada, password: 12345678 });
  await step("empty name", { ...ada, name: "", email: "nameless@example.test" });
  await step("common password", { ...ada, email: "common@example.test", password: "password123" });
  await step("address as password", {
    ...ada,
    email: "address@example.test",
    password: "address@example.test",
  });
  await site.step("signUp.email", () => client.signUp.email(ada));
  await site.step("getSession after signUp", () => client.getSession());
  await step("used address", { ...ada, name: "Eve" });
  await step("used address in capitals", { ...ada, email: "ADA@EXAMPLE.TEST" });
  await site.step("signUp.email with an image", () =>
    site.device("phone").client.signUp.email({ ...bob, image: "https://todo.example/bob.png" }),
  );
  await site.step("signOut", () => client.signOut());
  await who(site, "getSession after signOut", laptop);
}

async function signIn(site) {
  const laptop = site.device("laptop");
  const step = (name, body) =>
    site.step(`signIn.email ${name}`, () => laptop.client.signIn.email({ ...ada, ...body }));
  await step("wrong password", { password: "wrong horse battery" });
  await step("unknown address", { email: "eve@example.test" });
  await step("no address", { email: "ada at example" });
  await step("empty password", { password: "" });
  await step("short password", { password: "7 chars" });
  await step("long password", { password: "p".repeat(129) });
  await step("address in capitals", { email: "Ada@Example.TEST" });
  await site.step("signIn.email half a body", () =>
    laptop.client.$fetch("/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"email":',
    }),
  );
  await site.step("signIn.email by a program", () =>
    site.device("program").plain().client.signIn.email(ada),
  );
  await site.step("signIn.email", () => laptop.client.signIn.email(ada));
  await site.step("getSession", () => laptop.client.getSession());
  await site.step("getSession with its options", () =>
    laptop.client.getSession({ query: { disableCookieCache: true, disableRefresh: true } }),
  );
  const thief = site.device("thief");
  for (const [name, { value }] of laptop.cookies) {
    thief.cookies.set(name, { value: value.slice(0, -9) + "AAAAAAAA%3D" });
  }
  await who(site, "getSession forged cookie", thief);

  const library = site.device("library");
  await site.step("signIn.email rememberMe false", () =>
    library.client.signIn.email({ ...ada, rememberMe: false }),
  );
  await site.step("getSession rememberMe false", () => library.client.getSession());
  await site.step("signOut rememberMe false", () => library.client.signOut());
  await who(site, "getSession after signOut rememberMe false", library);
  const kiosk = site.device("kiosk");
  await site.step("signUp.email rememberMe false", () =>
    kiosk.client.signUp.email({ ...ada, email: "kiosk@example.test", rememberMe: false }),
  );
}

async function tokens(site) {
  const { client } = await signedIn(site, "laptop");
  const data = await site.step("token", () => client.token());
  const keys = await site.step("jwks", () => client.jwks());
  await site.step("token by the keys of jwks", async () => {
    const { payload } = await jwtVerify(data.token, createLocalJWKSet(keys), { issuer: site.base, audience: site.base });
    const { iat, exp, ...claims } = payload;
    return { header: decodeProtectedHeader(data.token), payload: claims, life: exp - iat };
  });
}

async function sessions(site) {
  const bobs = await signedIn(site, "phone", bob);
  const foreign = (await bobs.client.listSessions()).data[0].token;
  const [laptop, phone, tablet] = [
    await signedIn(site, "laptop"),
    await signedIn(site, "phone"),
    await signedIn(site, "tablet"),
  ];
  await laptop.client.revokeOtherSessions();
  Object.assign(phone, await signedIn(site, "phone"));
  Object.assign(tablet, await signedIn(site, "tablet"));

  const listed = {};
  await site.step("listSessions", async () => {
    const { data, error } = await laptop.client.listSessions();
    for (const session of data ?? []) listed[session.userAgent] = session;
    return { data: data && { order: data.map((s) => s.userAgent).join(", "), ...listed }, error };
  });
  const revoke = (name, token) =>
    site.step(`revokeSession ${name}`, () => laptop.client.revokeSession({ token }));
  await revoke("unknown", "unknown");
  await revoke("of somebody else", foreign);
  await who(site, "getSession of somebody else after revokeSession", bobs);
  await site.step("revokeSession", () => laptop.client.revokeSession({ token: listed.phone.token }));
  await revoke("again", listed.phone.token);
  await revoke("by its id", listed.tablet.id);
  await who(site, "getSession after revokeSession by its id", tablet);
  await who(site, "getSession after revokeSession", phone);
  await site.step("signOut after revokeSession", () => phone.client.signOut());
  await site.step("revokeOtherSessions", () => laptop.client.revokeOtherSessions());
  await who(site, "getSession after revokeOtherSessions", laptop);
  await who(site, "getSession of another after revokeOtherSessions", tablet);

  await site.step("listSessions token as bearer", async () => {
    const thief = site.device("thief");
    thief.bearer = listed.laptop.token;
    const { data, error } = await thief.client.getSession();
    return { user: data?.user.email ?? null, error };
  });
  await site.step("revokeSessions", () => laptop.client.revokeSessions());
  await who(site, "getSession after revokeSessions", laptop);
  await who(site, "getSession of somebody else after revokeSessions", bobs);
}

async function profile(site) {
  const laptop = await signedIn(site, "laptop");
  const step = (name, body) => site.step(`updateUser ${name}`, () => laptop.client.updateUser(body));
  await site.step("updateUser", () => laptop.client.updateUser({ name: "Ada Lovelace" }));
  await step("image", { image: "https://todo.example/ada.png" });
  await site.step("getSession after updateUser", () => laptop.client.getSession());
  await step("no image", { image: null });
  await step("email", { email: "eve@example.test" });
  await step("nothing", { fetchOptions: post });
  await step("unknown member", { admin: true });
  await step("wrong type", { name: 7 });
  await laptop.client.updateUser({ name: ada.name });
  await site.step("getSession after updateUser again", () => laptop.client.getSession());
}

async function passwords(site) {
  const laptop = await signedIn(site, "laptop");
  const phone = await signedIn(site, "phone");
  const [first, second, third] = [ada.password, "an other password", "a third password"];
  const change = (name, currentPassword, newPassword, more) =>
    site.step(`changePassword${name}`, () =>
      laptop.client.changePassword({ currentPassword, newPassword, ...more }),
    );
  await change(" wrong current password", "wrong horse battery", second);
  await change(" short password", first, "7 chars");
  await change(" long password", first, "p".repeat(129));
  await change(" without the current password", undefined, second);
  await change("", first, second);
  await who(site, "getSession after changePassword", laptop);
  await who(site, "getSession of another after changePassword", phone);
  const tablet = await signedIn(site, "tablet", { ...ada, password: second });
  await change(" revokeOtherSessions false", second, first, { revokeOtherSessions: false });
  await who(site, "getSession of another after changePassword revokeOtherSessions false", tablet);
  await change(" revokeOtherSessions", first, third, { revokeOtherSessions: true });
  await who(site, "getSession after changePassword revokeOtherSessions", laptop);
  await who(site, "getSession of another after changePassword revokeOtherSessions", tablet);
  await site.step("verifyPassword", () => laptop.client.verifyPassword({ password: third }));
  await site.step("verifyPassword wrong", () => laptop.client.verifyPassword({ password: first }));
  await site.step("signIn.email old password", () => site.device("eve").client.signIn.email(ada));
  await site.step("signIn.email new password", () =>
    site.device("eve").client.signIn.email({ ...ada, password: third }),
  );
  await laptop.client.changePassword({ currentPassword: third, newPassword: first });
}

async function resets(site) {
  const laptop = await signedIn(site, "laptop");
  const { client } = site.device("library");
  const ask = (name, body) =>
    site.step(`requestPasswordReset${name}`, () => client.requestPasswordReset(body));
  const reset = (name, token, newPassword) =>
    site.step(`resetPassword${name}`, () => client.resetPassword({ token, newPassword }));
  await ask(" unknown address", { email: "eve@example.test" });
  await ask(" no address", { email: "ada at example" });
  await ask(" to another site", { email: ada.email, redirectTo: "https://evil.example/reset" });
  const mailed = await site.mailed(ada.email);
  await ask("", { email: ada.email, redirectTo: "/reset-password" });
  const { link, token } = await site.mail(ada.email, mailed + 1);
  await site.step("link in the mail of requestPasswordReset", () => site.device("phone").visit(link));
  await reset(" unknown token", "unknown", "a reset password");
  await reset(" without a token", undefined, "a reset password");
  await reset(" short password", token, "7 chars");
  await reset(" long password", token, "p".repeat(129));
  await site.step("verifyEmail token of requestPasswordReset by GET", () =>
    client.verifyEmail({ query: { token } }),
  );
  await site.step("verifyEmail token of requestPasswordReset by POST", () =>
    client.verifyEmail({ query: { token }, fetchOptions: post }),
  );
  await reset("", token, "a reset password");
  await reset(" used token", token, "a reset password");
  await who(site, "getSession after resetPassword", laptop);
  await site.step("signIn.email old password after resetPassword", () => client.signIn.email(ada));
  await site.step("signIn.email after resetPassword", () =>
    client.signIn.email({ ...ada, password: "a reset password" }),
  );
  await client.changePassword({ currentPassword: "a reset password", newPassword: ada.password });
}

async function verification(site) {
  const cleo = { name: "Cleo", email: "cleo@example.test", password: "correct horse battery" };
  const { client } = site.device("laptop");
  await client.signUp.email(cleo);
  const send = (name, email, by = client) =>
    site.step(`sendVerificationEmail${name}`, () => by.sendVerificationEmail({ email }));
  const out = site.device("nobody").client;
  const mailed = await site.mailed(cleo.email);
  await send("", cleo.email);
  await send(" address of somebody else", bob.email);
  await send(" no address", "cleo at example");
  await send(" signed out unknown address", "eve@example.test", out);
  const { token } = await site.mail(cleo.email, mailed + 1);
  const verify = (name, by, query, fetchOptions) =>
    site.step(`verifyEmail ${name}`, () => by.verifyEmail({ query, fetchOptions }));
  await verify("unknown token", out, { token: "unknown" });
  await verify("unknown token by POST", out, { token: "unknown" }, post);
  await verify("without a token by POST", out, {}, post);
  await site.step("resetPassword token of sendVerificationEmail", () =>
    out.resetPassword({ token, newPassword: "a reset password" }),
  );
  await verify("by GET", out, { token });
  await verify("by POST", out, { token }, post);
  await site.step("getSession after verifyEmail", () => client.getSession());
  await verify("used token by GET", out, { token });
  await verify("used token by POST", out, { token }, post);
  await send(" verified", cleo.email);
  await send(" signed out verified", cleo.email, out);
  await site.step("token after verifyEmail", async () => {
    const { data } = await client.token();
    const claims = JSON.parse(Buffer.from(data.token.split(".")[1], "base64url"));
    return { emailVerified: claims.emailVerified };
  });
}

async function addresses(site) {
  const dora = { name: "Dora", email: "dora@example.test", password: "correct horse battery" };
  const laptop = site.device("laptop");
  const { client } = laptop;
  await client.signUp.email(dora);
  const change = (name, newEmail, more) =>
    site.step(`changeEmail${name}`, () => client.changeEmail({ newEmail, ...more }));
  await change(" same address", dora.email);
  await change(" used address", bob.email);
  await change(" no address", "dora at example");
  await change(" to another site", "dora2@example.test", { callbackURL: "https://evil.example/" });
  await change("", "Dora2@example.test");
  await site.step("getSession after changeEmail", () => client.getSession());
  const { token } = await site.mail("dora2@example.test", 1);
  await site.step("verifyEmail after changeEmail by GET", () => client.verifyEmail({ query: { token } }));
  await site.step("verifyEmail after changeEmail by POST", () =>
    client.verifyEmail({ query: { token }, fetchOptions: post }),
  );
  await site.step("getSession after verifyEmail after changeEmail", () => client.getSession());
  const { client: fresh } = site.device("phone");
  await site.step("signIn.email old address", () => fresh.signIn.email(dora));
  await site.step("signIn.email new address", () =>
    fresh.signIn.email({ ...dora, email: "dora2@example.test" }),
  );
}

// crossSite is a page of somebody else, for a browser that sends it the cookies
// all the same.
async function crossSite(site) {
  const laptop = await signedIn(site, "laptop");
  const { client } = laptop.foreign("https://evil.example");
  const step = (name, call) => site.step(`${name} from another site`, call);
  await step("signOut", () => client.signOut());
  await step("updateUser", () => client.updateUser({ name: "Eve" }));
  await step("changePassword", () =>
    client.changePassword({ currentPassword: ada.password, newPassword: bob.password }),
  );
  await step("changeEmail", () => client.changeEmail({ newEmail: "eve@example.test" }));
  await step("revokeSessions", () => client.revokeSessions());
  await step("revokeOtherSessions", () => client.revokeOtherSessions());
  await step("revokeSession", () => client.revokeSession({ token: "unknown" }));
  await step("deleteUser", () => client.deleteUser({ password: ada.password }));
  await step("sendVerificationEmail", () => client.sendVerificationEmail({ email: ada.email }));
  await step("getSession", () => client.getSession());
  await site.step("signOut from an opaque origin", () => laptop.foreign("null").client.signOut());
  await site.step("updateUser by a program with the cookie", () =>
    laptop.plain().client.updateUser({ name: ada.name }),
  );
  const { client: victim } = site.device("victim").foreign("https://evil.example");
  await site.step("signIn.email from another site", () => victim.signIn.email(bob));
  await site.step("signUp.email from another site", () =>
    victim.signUp.email({ ...bob, email: "victim@example.test" }),
  );
  await who(site, "getSession after another site", laptop);
}

// hook renders a component that uses useSession, and lets the client tell it
// what happens.
async function hook(site) {
  const { react, client } = site.device("laptop");
  const shown = [];
  const Name = () => {
    const { data, isPending, error } = react.useSession();
    const text = error ? `error ${error.status}` : isPending ? "…" : (data?.user.name ?? "nobody");
    const again = isPending && shown.length > 0; // when it asks again is its own affair
    if (shown.at(-1) !== text && !again) shown.push(text);
    return createElement("p", null, text);
  };
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  let page;
  await act(async () => void (page = create(createElement(Name))));
  const until = async (text) => {
    for (let tries = 0; tries < 2000 && shown.at(-1) !== text; tries++) {
      await act(() => new Promise((resolve) => setTimeout(resolve, 20)));
    }
  };
  await act(() => react.signUp.email({ ...ada, email: "hook@example.test" }));
  await until("Ada");
  await act(() => react.updateUser({ name: "Ada Lovelace" }));
  await until("Ada Lovelace");
  await act(() => react.signOut());
  await until("nobody");
  await act(() => react.signIn.email({ ...ada, email: "hook@example.test" }));
  await until("Ada Lovelace");
  await act(() => react.deleteUser({ password: ada.password }));
  await until("nobody");
  await act(async () => page.unmount());
  site.note("useSession", { shown: shown.join(", ") });
  await client.getSession();
}

async function deletion(site) {
  const laptop = await signedIn(site, "laptop");
  const phone = await signedIn(site, "phone");
  const { client } = laptop;
  await site.step("deleteUser wrong password", () => client.deleteUser({ password: "wrong horse" }));
  await site.step("deleteUser long password", () => client.deleteUser({ password: "p".repeat(129) }));
  await site.step("deleteUser", () => client.deleteUser({ password: ada.password }));
  await who(site, "getSession after deleteUser", laptop);
  await who(site, "getSession of another after deleteUser", phone);
  await site.step("signIn.email after deleteUser", () => client.signIn.email(ada));
  await site.step("signUp.email after deleteUser", () => client.signUp.email(ada));
  await site.step("deleteUser fresh session without password", () => client.deleteUser());
  await site.step("signIn.email after deleteUser again", () => client.signIn.email(ada));
  site.note("mails", { sent: await sent(site) });
}

// sent is what was mailed, by recipient, with links whose secret is left out.
async function sent(site) {
  const shown = {};
  for (const { to, link, token } of await site.allMails()) {
    shown[to] = [shown[to], link ? link.replace(token, "…") : "no link"].filter(Boolean).join(", ");
  }
  return shown;
}

// required is a site that lets nobody in before the address is verified.
async function required(site) {
  const { client } = site.device("laptop");
  const name = (text) => `${text} [verification]`;
  await site.step(name("signUp.email"), () => client.signUp.email(ada));
  await site.step(name("getSession after signUp"), () => client.getSession());
  await site.step(name("signUp.email used address"), () =>
    site.device("eve").client.signUp.email({ ...ada, name: "Eve", password: "password of Eve" }),
  );
  await site.step(name("signIn.email"), () => client.signIn.email(ada));
  await site.step(name("signIn.email wrong password"), () =>
    client.signIn.email({ ...ada, password: "wrong horse battery" }),
  );
  const mailed = await site.mailed(ada.email);
  await site.step(name("sendVerificationEmail"), () => client.sendVerificationEmail({ email: ada.email }));
  const { link, token } = await site.mail(ada.email, mailed + 1);
  await site.step(name("link in the mail of sendVerificationEmail"), () =>
    site.device("phone").visit(link),
  );
  await site.step(name("signIn.email after the link was opened"), () =>
    site.device("phone").client.signIn.email(ada),
  );
  await site.step(name("verifyEmail by GET"), () => client.verifyEmail({ query: { token } }));
  await site.step(name("verifyEmail by POST"), () =>
    client.verifyEmail({ query: { token }, fetchOptions: post }),
  );
  await site.step(name("signIn.email after verifyEmail"), () => client.signIn.email(ada));
  await site.step(name("signUp.email used and verified address"), () =>
    site.device("eve").client.signUp.email({ ...ada, name: "Eve", password: "password of Eve" }),
  );
  site.note(name("mails"), { sent: await sent(site) });
}

// https is a site behind a proxy that ends TLS.
async function https(site) {
  const laptop = site.device("laptop");
  const { client } = laptop;
  const name = (text) => `${text} [https]`;
  await site.step(name("signUp.email"), () => client.signUp.email(ada));
  await site.step(name("getSession"), () => client.getSession());
  const data = await site.step(name("token"), () => client.token());
  site.note(name("token issuer and audience"), claims(data?.token));
  await site.step(name("signOut"), () => client.signOut());
  await site.step(name("signIn.email rememberMe false"), () =>
    client.signIn.email({ ...ada, rememberMe: false }),
  );
  await site.step(name("signOut rememberMe false"), () => client.signOut());
  site.note(name("cookies after signOut"), { names: [...laptop.cookies.keys()].join(", ") });
}

const claims = (token) => {
  const { iss, aud } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  return { iss, aud };
};

// bearer is a client without cookies that sends the session token.
async function bearer(site) {
  const name = (text) => `${text} [bearer]`;
  const app = site.device("app");
  const call = async (label, act) => {
    app.cookies.clear();
    const data = await site.step(name(label), act);
    app.cookies.clear();
    return data;
  };
  const { client } = app;
  app.bearer = (await call("signUp.email", () => client.signUp.email(ada)))?.token;
  await call("getSession", () => client.getSession());
  const access = await call("token", () => client.token());
  await call("listSessions", async () => {
    const { data, error } = await client.listSessions();
    return { data: { count: data?.length }, error };
  });
  await call("updateUser", () => client.updateUser({ name: "Ada Lovelace" }));
  const session = app.bearer;
  app.bearer = access?.token;
  await call("getSession with the access token", () => client.getSession());
  await call("updateUser with the access token", () => client.updateUser({ name: "Eve" }));
  app.bearer = session;
  await call("signOut", () => client.signOut());
  await call("getSession after signOut", () => client.getSession());
}

// limited is a site that lets nobody try passwords.
async function limited(site) {
  const name = (text) => `${text} [limited]`;
  const { client } = site.device("laptop");
  await client.signUp.email(ada);
  let outcome;
  for (let tries = 0; tries < 200 && outcome?.error?.status !== 429; tries++) {
    outcome = await client.signIn.email({ ...ada, password: "wrong horse battery" });
  }
  await site.step(name("signIn.email too often"), () =>
    client.signIn.email({ ...ada, password: "wrong horse battery" }),
  );
}

// later lets time pass.
async function later(site) {
  const name = (text) => `${text} [later]`;
  const hour = 3600;
  const day = 24 * hour;
  const laptop = site.device("laptop");
  const { client } = laptop;
  await client.signUp.email(ada);
  const phone = await signedIn(site, "phone");
  const mailed = await site.mailed(ada.email);
  await client.requestPasswordReset({ email: ada.email });
  const { token: reset } = await site.mail(ada.email, mailed + 1);
  await client.sendVerificationEmail({ email: ada.email });
  const { token: verify } = await site.mail(ada.email, mailed + 2);
  await site.pass(day - hour);
  await site.step(name("resetPassword expired token"), () =>
    client.resetPassword({ token: reset, newPassword: "a reset password" }),
  );
  await site.step(name("verifyEmail expired token by GET"), () =>
    client.verifyEmail({ query: { token: verify } }),
  );
  await site.step(name("verifyEmail expired token by POST"), () =>
    client.verifyEmail({ query: { token: verify }, fetchOptions: post }),
  );
  await site.step(name("getSession 23 hours after signUp"), () => client.getSession());
  await site.pass(2 * hour);
  await site.step(name("getSession 25 hours after signUp"), () => client.getSession());
  await site.step(name("deleteUser old session without password"), () => client.deleteUser());
  await site.step(name("changePassword old session"), () =>
    client.changePassword({ currentPassword: ada.password, newPassword: ada.password + "!" }),
  );
  await site.pass(6 * day);
  await who(site, name("getSession 7 days after its renewal"), laptop);
  await who(site, name("getSession 7 days after signIn"), phone);
  await site.step(name("listSessions expired"), () => phone.client.listSessions());
}
