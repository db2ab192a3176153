// A device: the official clients, unmodified, in what stands for a browser. It
// keeps cookies and sends the headers that a page of the site has sent for it,
// and every exchange is written down.

import { request } from "node:http";

import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";
import { createAuthClient as createReactClient } from "better-auth/react";

export class Device {
  cookies = new Map();
  exchanges = []; // since somebody looked

  // base is what the site is called, server where it listens: TLS, if there is
  // any, ends at a proxy between them.
  constructor({ name, base, server, bearer }) {
    this.name = name;
    this.base = base;
    this.origin = new URL(base).origin;
    this.server = new URL(server);
    this.bearer = bearer;
    const options = {
      baseURL: base,
      plugins: [jwtClient()],
      fetchOptions: {
        customFetchImpl: (input, init) => this.fetch(input, init),
        auth: { type: "Bearer", token: () => this.bearer },
      },
    };
    this.client = createAuthClient(options);
    this.react = createReactClient(options);
  }

  // foreign is the same browser with a page of another site: it has the cookies
  // that SameSite=Lax leaves out, for browsers that do not know SameSite.
  foreign(origin) {
    return Object.assign(this.twin(), { from: origin });
  }

  // plain is a program with the same cookies that sends no headers of a browser.
  plain() {
    return Object.assign(this.twin(), { isPlain: true });
  }

  twin() {
    const twin = new Device({ name: this.name, base: this.base, server: this.server.href });
    return Object.assign(twin, { cookies: this.cookies, exchanges: this.exchanges });
  }

  async fetch(input, init = {}) {
    const url = new URL(String(input?.url ?? input));
    const method = init.method ?? "GET";
    const headers = {
      ...Object.fromEntries(new Headers(init.headers)),
      host: url.host,
      "user-agent": this.name,
    };
    if (!this.isPlain) {
      headers["sec-fetch-mode"] = "cors";
      headers["sec-fetch-site"] = this.from ? "cross-site" : "same-origin";
      if (method !== "GET" || this.from) headers.origin = this.from ?? this.origin;
    }
    if (url.protocol === "https:") headers["x-forwarded-proto"] = "https";
    const cookies = [...this.cookies].map(([name, { value }]) => `${name}=${value}`);
    if (cookies.length) headers.cookie = cookies.join("; ");

    const answer = await this.send(url, method, headers, init.body);
    const set = (answer.headers["set-cookie"] ?? []).map(parseCookie);
    for (const cookie of set) this.keep(cookie, url);
    this.exchanges.push({ method, path: url.pathname, ...answer, set });
    const empty = [204, 304].includes(answer.status);
    return new Response(empty ? null : answer.body, {
      status: answer.status,
      statusText: answer.statusText,
      headers: Object.entries(answer.headers).flatMap(([name, values]) =>
        [values].flat().map((value) => [name, value]),
      ),
    });
  }

  // visit opens a link, as the reader of a mail does, or what scans mails.
  async visit(link) {
    await this.fetch(link);
  }

  send(url, method, headers, body) {
    const { hostname, port } = this.server;
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, path: url.pathname + url.search, method, headers });
      sent.on("error", reject);
      sent.on("response", async (response) => {
        try {
          const chunks = await response.toArray();
          resolve({
            status: response.statusCode,
            statusText: response.statusMessage,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        } catch (error) {
          reject(error);
        }
      });
      sent.end(body);
    });
  }

  // keep does with a cookie what a browser does.
  keep(cookie, url) {
    const { name, value, attributes } = cookie;
    const secure = "Secure" in attributes;
    cookie.refused =
      (secure && url.protocol !== "https:") ||
      (name.startsWith("__Secure-") && !secure) ||
      (name.startsWith("__Host-") &&
        !(secure && attributes.Path === "/" && !("Domain" in attributes)));
    if (cookie.refused) return;
    cookie.cleared = Number(attributes["Max-Age"]) <= 0 || new Date(attributes.Expires) < new Date();
    if (cookie.cleared) this.cookies.delete(name);
    else this.cookies.set(name, { value, attributes });
  }
}

function parseCookie(line) {
  const [pair, ...rest] = line.split(/; */);
  const at = pair.indexOf("=");
  const attributes = Object.fromEntries(
    rest.map((part) => {
      const [name, value = ""] = part.split("=");
      return [name, value];
    }),
  );
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes };
}
