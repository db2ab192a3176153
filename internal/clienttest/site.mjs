// A site under test, Better Auth's or the module's, and what was seen of it.

import { Device } from "./device.mjs";

// What differs from run to run by its nature is compared by its form only.
const opaque = /^(id|userId|token|kid|x|sub|jti|sid)$/;

export class Site {
  steps = []; // {name, seen}: what each showed, by member
  exchanges = []; // of the step that runs

  constructor({ mode, base, server, control }) {
    Object.assign(this, { mode, base, server, control });
  }

  device(name) {
    const device = new Device({ name, base: this.base, server: this.server });
    device.exchanges = this.exchanges;
    return device;
  }

  // step does one thing and writes down what the client made of the answer and
  // what the answer was. It returns the client's data, or null.
  async step(name, act) {
    this.exchanges.length = 0;
    const seen = {};
    let outcome;
    try {
      outcome = await act();
      flatten(seen, "", outcome);
    } catch (error) {
      seen.thrown = String(error);
    }
    const [exchange] = this.exchanges;
    if (exchange) flatten(seen, "", answerOf(exchange));
    if (this.steps.some((step) => step.name === name)) throw new Error(`two steps are ${name}`);
    this.steps.push({ name, seen });
    return outcome?.data ?? null;
  }

  // note writes down what is no answer.
  note(name, what) {
    const seen = {};
    flatten(seen, "", what);
    this.steps.push({ name, seen });
  }

  async mails() {
    const answer = await fetch(`${this.control}/mails?mode=${this.mode}`);
    const mails = await answer.json();
    return mails.map(({ to, link }) => ({ to, link, token: link && tokenOf(link) }));
  }

  // mailed is how many mails with a link an address has got.
  async mailed(to) {
    return (await this.allMails()).filter((mail) => mail.to === to && mail.link).length;
  }

  // mail is one of those, by its number from 1. It may come yet.
  async mail(to, number) {
    for (const end = Date.now() + 60_000; Date.now() < end; await pause(20)) {
      const mails = (await this.mails()).filter((mail) => mail.to === to && mail.link);
      if (mails.length >= number) return mails[number - 1];
    }
    throw new Error(`mail ${number} to ${to} did not come`);
  }

  // allMails are the mails when no more come.
  async allMails() {
    for (let before = []; ; ) {
      await pause(400);
      const mails = await this.mails();
      if (mails.length === before.length) return mails;
      before = mails;
    }
  }

  async pass(seconds) {
    await fetch(`${this.control}/pass?mode=${this.mode}&seconds=${seconds}`);
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// tokenOf is the secret in a link, wherever a side puts it.
function tokenOf(link) {
  const url = new URL(link);
  return (
    url.searchParams.get("token") ??
    new URLSearchParams(url.hash.slice(1)).get("token") ??
    url.pathname.split("/").at(-1)
  );
}

function answerOf({ status, headers, set }) {
  const answer = { status };
  for (const name of [
    "content-type",
    "cache-control",
    "x-content-type-options",
    "location",
    "retry-after",
    "x-retry-after",
    "www-authenticate",
    "set-auth-jwt",
    "set-auth-token",
    "access-control-allow-origin",
    "access-control-expose-headers",
  ]) {
    answer[name] = headers[name];
  }
  if (answer["set-auth-token"]) answer["set-auth-token"] = "opaque";
  answer.location &&= answer.location.replace(/token=[^&]+/, "token=…");
  for (const { name, attributes, refused, cleared } of set) {
    const shown = Object.entries(attributes)
      .filter(([attribute]) => !(cleared && attribute === "Expires"))
      .map(([attribute, value]) => (value ? `${attribute}=${value}` : attribute))
      .sort();
    answer[`cookie ${name}`] = [refused ? "refused" : cleared ? "cleared" : "set", ...shown].join("; ");
  }
  return { http: answer };
}

function flatten(seen, path, value, key = "") {
  if (value === undefined) return;
  if (value !== null && typeof value === "object" && !(value instanceof Date)) {
    const entries = Object.entries(value);
    if (!entries.length) seen[path] = Array.isArray(value) ? "[]" : "{}";
    for (const [name, member] of entries) flatten(seen, path ? `${path}.${name}` : name, member, name);
    return;
  }
  seen[path] = show(value, key);
}

function show(value, key) {
  if (value instanceof Date) return "Date";
  if (typeof value !== "string") return String(value);
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return "JWT";
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return "time";
  if (opaque.test(key)) return "opaque";
  return value || '""';
}
