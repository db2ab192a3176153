/**
 * A client for the todo API of authtodo, in one file and without dependencies.
 * It wants fetch, URL, AbortController and crypto, and so runs in browsers,
 * workers and Node.js 20.
 *
 * @module
 */
/** What the service answered instead of what it was asked for. Its message is the detail, in English. */
export class Problem extends Error {
    name = "Problem";
    /** The status of the answer. */
    status;
    /** The kind of problem; "about:blank" for answers that are no problem documents. */
    type;
    /** The status in words. */
    title;
    /** What went wrong, for people. */
    detail;
    /** The class of the problem; null for answers that are no problem documents. */
    error_code;
    /** This one occurrence, by which the service's log has the cause; "" if it was not said. */
    instance;
    /** Everything that is wrong with the request, as far as it was read. */
    errors;
    /** With 412: the version that the todo has now. */
    currentVersion;
    /** Milliseconds that the service asks to wait. */
    retryAfter;
    constructor(init) {
        const title = init.title || `Status ${init.status}`;
        super(init.detail || title);
        this.status = init.status;
        this.type = init.type || "about:blank";
        this.title = title;
        this.detail = init.detail || title;
        this.error_code = init.error_code ?? null;
        this.instance = init.instance ?? "";
        this.errors = init.errors ?? [];
        this.currentVersion = init.currentVersion ?? null;
        this.retryAfter = init.retryAfter ?? null;
    }
    /** Whether an earlier try of the same creation has not ended yet. */
    get inFlight() {
        return this.type === "urn:authtodo:problem:idempotency-key-in-flight";
    }
    /** Whether the same request may well succeed later, with nothing changed. */
    get passing() {
        return [408, 425, 429, 502, 503, 504].includes(this.status) || this.inFlight;
    }
}
/** There was no answer, or half of one: no network, no server, the time was up, or no permission (CORS). */
export class NetworkError extends Error {
    name = "NetworkError";
}
/** What answers is not the todo API. */
export class UnexpectedAnswer extends Error {
    name = "UnexpectedAnswer";
}
/**
 * The todos behind a URL, as one user. Nothing is sent before it is asked for.
 *
 * @example
 * const todos = createTodos({ baseURL: "/api", token: authClient });
 * for await (const todo of todos.all({ completed: false })) console.log(todo.title);
 */
export function createTodos(options) {
    return new Client(options);
}
/**
 * A source that keeps the token of another in memory, and nowhere else, until
 * 30 seconds before it expires or until it is refused. All who ask meanwhile
 * wait for one renewal. A token that is no JWT is kept until it is refused.
 */
export function cached(source) {
    const ask = sourceOf(source);
    let held = null;
    let renewal = null;
    const renew = (request) => {
        const asked = Promise.resolve(request).then(ask).then(hold, failed);
        const mine = asked.finally(() => {
            if (renewal === mine)
                renewal = null;
        });
        return (renewal = mine);
        function hold(token) {
            const found = token ? { token, since: Date.now(), life: lifeOf(token) } : null;
            if (renewal === mine)
                held = found; // else it was cleared meanwhile
            return found;
        }
        function failed(error) {
            // Early renewal is a courtesy: the old token serves to its end.
            if (renewal === mine && held !== null && left(held) > 0)
                return held;
            throw error;
        }
    };
    const cache = async (request) => {
        if (request.fresh && held?.token === request.refused)
            held = null;
        if (held !== null && left(held) > Math.min(margin, held.life / 2))
            return held.token;
        const found = await (renewal ?? renew({ fresh: request.fresh, refused: request.refused }));
        return found?.token ?? null;
    };
    return Object.assign(cache, {
        clear() {
            held = null;
            renewal = null;
        },
    });
}
/** Milliseconds before its end from which on a token is renewed. */
const margin = 30_000;
/** Milliseconds until it expires. A clock that was put back makes it expired: asking again is cheap. */
function left(held) {
    const age = Date.now() - held.since;
    return age < 0 ? 0 : held.life - age;
}
/** Milliseconds from iat to exp, so that the clocks of service and client need not agree. */
function lifeOf(token) {
    try {
        const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
        const { iat, exp } = JSON.parse(atob(part));
        if (typeof exp === "number")
            return exp * 1000 - (typeof iat === "number" ? iat * 1000 : Date.now());
    }
    catch {
        // it is no JWT
    }
    return Infinity;
}
/** Better Auth's client is a function, too, as far as typeof knows: what has a method token is one. */
function isBetterAuth(source) {
    return typeof source.token === "function";
}
function sourceOf(source) {
    if (!isBetterAuth(source))
        return source;
    return async () => {
        let cause;
        try {
            const { data, error } = await source.token();
            if (!error || error.status === 401)
                return data?.token;
            cause = error;
        }
        catch (error) {
            cause = error;
        }
        throw new NetworkError("no token", { cause });
    };
}
class Client {
    #options;
    #source;
    constructor(options) {
        this.#options = options;
        const token = options.token;
        this.#source = token === undefined ? null : isBetterAuth(token) ? cached(token) : token;
    }
    forget() {
        this.#source?.clear?.();
    }
    async list(query = {}, options = {}) {
        const { previous, count = false, signal } = options;
        const url = this.#list(query);
        const headers = {};
        if (count)
            headers["Prefer"] = "count=exact";
        // The tag of a list says nothing of its query: all of one user have the same.
        const known = previous?.url === url && (!count || previous.total !== null) ? previous : null;
        if (known?.etag)
            headers["If-None-Match"] = known.etag;
        const answer = await this.#call({ method: "GET", url, headers, repeatable: true, signal });
        if (answer.status === 304 && known !== null)
            return known;
        const total = answer.headers.get("X-Total-Count");
        return {
            todos: todosIn(answer),
            etag: answer.headers.get("ETag"),
            next: nextCursor(answer.headers.get("Link"), url),
            total: total === null ? null : Number(total),
            url,
        };
    }
    async *pages(query = {}, options = {}) {
        for (let cursor = query.cursor;;) {
            const page = await this.list(cursor === undefined ? query : { ...query, cursor }, options);
            yield page;
            if (page.next === null)
                return;
            if (page.next === cursor)
                throw new UnexpectedAnswer("the list goes on where it is");
            cursor = page.next;
        }
    }
    async *all(query = {}, options = {}) {
        for await (const page of this.pages(query, { signal: options.signal }))
            yield* page.todos;
    }
    async get(id, { previous, signal } = {}) {
        const known = previous?.id === id ? previous : null;
        const headers = known === null ? {} : { "If-None-Match": tagOf(known) };
        const answer = await this.#call({ method: "GET", url: this.#todo(id), headers, repeatable: true, signal });
        return answer.status === 304 && known !== null ? known : todoIn(answer);
    }
    async create(todo, { idempotencyKey = newKey(), signal } = {}) {
        if (!/^[!-~]{1,255}$/.test(idempotencyKey)) {
            throw new TypeError("an idempotency key is 1 to 255 visible ASCII characters");
        }
        const headers = { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey };
        const body = JSON.stringify(todo);
        return todoIn(await this.#call({ method: "POST", url: this.#list(), headers, body, repeatable: true, signal }));
    }
    async update(id, patch, { ifMatch, signal } = {}) {
        const headers = { "Content-Type": "application/merge-patch+json", ...precondition(ifMatch) };
        const body = JSON.stringify(patch);
        return todoIn(await this.#call({ method: "PATCH", url: this.#todo(id), headers, body, repeatable: false, signal }));
    }
    async delete(id, { ifMatch, signal } = {}) {
        await this.#call({
            method: "DELETE",
            url: this.#todo(id),
            headers: precondition(ifMatch),
            repeatable: false,
            signal,
        });
    }
    /** The URL of the list. */
    #list(query = {}) {
        const here = globalThis.location?.href;
        const url = new URL(this.#options.baseURL, here);
        url.search = url.hash = "";
        url.pathname = url.pathname.replace(/\/*$/, "/todos");
        for (const [name, value] of Object.entries(query)) {
            if (value !== undefined)
                url.searchParams.set(name, String(value));
        }
        return url.href;
    }
    /** The URL of a todo. URL takes "." and ".." for folders, and "" would be the list. */
    #todo(id) {
        if (/^\.{0,2}$/.test(id))
            throw new TypeError(`${JSON.stringify(id)} is not the id of a todo`);
        return `${this.#list()}/${encodeURIComponent(id)}`;
    }
    /** An answer that is a success or 304, after as many tries as it takes and may take. */
    async #call(call) {
        const { retries = 3, maxDelay = 30_000 } = this.#options;
        for (let tries = 1;; tries++) {
            let error;
            try {
                const answer = await this.#authorized(call);
                if (answer.status < 400)
                    return answer;
                error = problemIn(answer);
            }
            catch (thrown) {
                call.signal?.throwIfAborted();
                if (!(thrown instanceof Unanswered))
                    throw thrown;
                error = new NetworkError(thrown.message, { cause: thrown.cause });
            }
            const again = call.repeatable && tries <= retries && (error instanceof NetworkError || error.passing);
            const asked = error instanceof Problem ? error.retryAfter : null;
            if (!again || (asked ?? 0) > maxDelay)
                throw error;
            // Without a wish of the service: 250 ms, 500 ms, and so on, not all clients at once.
            const own = 250 * 2 ** (tries - 1) * (0.75 + Math.random() / 2);
            await pause(asked ?? Math.min(own, maxDelay), call.signal);
        }
    }
    /** A token that is refused is renewed once, and the request sent once more. */
    async #authorized(call) {
        const token = await this.#token({ fresh: false, refused: null }, call.signal);
        const answer = await this.#send(call, token);
        if (answer.status !== 401 || this.#source === null)
            return answer;
        const fresh = await this.#token({ fresh: true, refused: token }, call.signal);
        return fresh === null ? answer : this.#send(call, fresh);
    }
    async #token(request, signal) {
        signal?.throwIfAborted();
        if (this.#source === null)
            return null;
        const token = await orAborted(Promise.resolve(this.#source(request)), signal);
        if (!token)
            return null;
        // fetch would say so, too, with the token in its message.
        if (!/^[!-~]+$/.test(token))
            throw new TypeError("the token source gave what is no token");
        return token;
    }
    async #send({ method, url, headers, body, signal }, token) {
        const { credentials = this.#source ? "omit" : "same-origin", timeout = 15_000, fetch = globalThis.fetch } = this.#options;
        const limit = limited(signal, timeout);
        try {
            const response = await fetch(url, {
                method,
                headers: token === null ? headers : { ...headers, Authorization: `Bearer ${token}` },
                body: body ?? null,
                credentials,
                redirect: "manual", // a token goes nowhere else
                signal: limit.signal,
            });
            const { status } = response;
            if (response.type === "opaqueredirect" || (status >= 300 && status < 400 && status !== 304)) {
                throw new UnexpectedAnswer("the service redirects to somewhere else");
            }
            return { status, headers: response.headers, text: await response.text() };
        }
        catch (error) {
            if (error instanceof UnexpectedAnswer)
                throw error;
            throw new Unanswered(limit.signal.aborted ? "no answer in time" : "no answer", { cause: limit.signal.aborted ? limit.signal.reason : error });
        }
        finally {
            limit.end();
        }
    }
}
/** What becomes a {@link NetworkError}, unless it is tried again. */
class Unanswered extends Error {
}
function tagOf(version) {
    return `"${typeof version === "number" ? version : version.version}"`;
}
function precondition(ifMatch) {
    return ifMatch === undefined ? {} : { "If-Match": tagOf(ifMatch) };
}
/** randomUUID is there in secure contexts only, which http://192.168.1.2 is not. */
function newKey() {
    if (typeof crypto.randomUUID === "function")
        return crypto.randomUUID();
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
/** The cursor of rel="next". Only the cursor: the path may be another one on this side of a proxy. */
function nextCursor(link, base) {
    for (const part of (link ?? "").split(/,\s*(?=<)/)) {
        const target = /^\s*<([^>]*)>.*;\s*rel="?next"?\s*(;|$)/i.exec(part)?.[1];
        if (target === undefined)
            continue;
        const cursor = new URL(target, base).searchParams.get("cursor");
        if (!cursor)
            throw new UnexpectedAnswer("the next page has no cursor");
        return cursor;
    }
    return null;
}
function todoIn(answer) {
    const value = jsonIn(answer);
    if (!isTodo(value))
        throw new UnexpectedAnswer("the answer is no todo");
    return value;
}
function todosIn(answer) {
    const value = jsonIn(answer);
    if (!Array.isArray(value) || !value.every(isTodo))
        throw new UnexpectedAnswer("the answer is no list of todos");
    return value;
}
function jsonIn(answer) {
    try {
        return JSON.parse(answer.text);
    }
    catch (error) {
        throw new UnexpectedAnswer("the answer is not JSON", { cause: error });
    }
}
function isTodo(value) {
    const todo = value;
    return (typeof todo === "object" &&
        todo !== null &&
        typeof todo.id === "string" &&
        typeof todo.title === "string" &&
        typeof todo.completed === "boolean" &&
        typeof todo.position === "number" &&
        typeof todo.version === "number");
}
/** It takes anything: proxies answer in HTML. */
function problemIn({ status, headers, text }) {
    let document = {};
    try {
        const value = JSON.parse(text);
        if (typeof value === "object" && value !== null)
            document = value;
    }
    catch {
        // told by the status
    }
    const member = (name) => (typeof document[name] === "string" ? document[name] : "");
    const tag = /^"(\d+)"$/.exec(headers.get("ETag") ?? "")?.[1];
    return new Problem({
        status,
        type: member("type"),
        title: member("title"),
        detail: member("detail"),
        error_code: member("error_code") || null,
        instance: member("instance"),
        errors: Array.isArray(document.errors) ? document.errors : [],
        currentVersion: status === 412 && tag !== undefined ? Number(tag) : null,
        retryAfter: retryAfter(headers.get("Retry-After")),
    });
}
/** Milliseconds: the field has seconds or a date. */
function retryAfter(value) {
    if (value === null)
        return null;
    if (/^\d+$/.test(value))
        return Number(value) * 1000;
    const date = Date.parse(value);
    return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
/** A signal for one try: aborted with the signal of the caller, or when the time is up. */
function limited(signal, milliseconds) {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (signal?.aborted)
        abort();
    signal?.addEventListener("abort", abort);
    const late = () => controller.abort(new DOMException(`no answer within ${milliseconds} ms`, "TimeoutError"));
    const timer = milliseconds > 0 ? setTimeout(late, milliseconds) : undefined;
    return {
        signal: controller.signal,
        end() {
            clearTimeout(timer);
            signal?.removeEventListener("abort", abort);
        },
    };
}
function pause(milliseconds, signal) {
    let timer;
    const over = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
    return orAborted(over, signal).finally(() => clearTimeout(timer));
}
/** What the promise gives, or the reason of the signal if that comes first. */
function orAborted(promise, signal) {
    if (signal === undefined)
        return promise;
    return new Promise((resolve, reject) => {
        const abort = () => reject(signal.reason);
        if (signal.aborted)
            abort();
        signal.addEventListener("abort", abort);
        promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
}
