// The todos of the user: what is shown, what is on its way to the server, and
// what another tab or device has changed.
import { call, Problem, Unreachable } from './api.js';

const page = 100; // todos
const largest = 500; // todos of one answer, see the API
const step = 65536; // between two positions
const undoFor = 7000; // ms until a deletion is sent
const pollEvery = 4000; // ms between looks at what others have changed

export class Todos {
  items = []; // in the order of the list
  total = 0; // that fit filter and query, on the server
  more = false; // there are others behind items
  ready = false;
  filter = 'all';
  query = '';
  trouble = ''; // why the list may be old
  doomed = new Map(); // id → todo; gone for the user, not yet for the server

  #etag;
  #writes = 0; // started so far, to tell answers that are older than a write
  #running = 0;
  #asked = 0;
  #asking = 0; // of these, without an answer so far
  #wanted = page;
  #timer;
  #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('todos') : null;
  #pending = null; // the timer of the deletions
  #changed;
  #signedOut;

  // changed is called whenever something to show is another; signedOut when the
  // session has ended.
  constructor(changed, signedOut) {
    this.#changed = changed;
    this.#signedOut = signedOut;
    this.#channel?.addEventListener('message', () => void this.refresh());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.refresh();
    });
    addEventListener('pagehide', () => void this.flush({ keepalive: true }));
    addEventListener('online', () => void this.refresh());
  }

  start() {
    void this.refresh();
    // One at a time: a question that took the place of one without an answer
    // would keep it from ever being told that there is none.
    this.#timer = setInterval(() => {
      if (document.visibilityState === 'visible' && this.#asking === 0) void this.refresh();
    }, pollEvery);
  }

  // stop forgets the user, whose deletions are sent.
  async stop() {
    clearInterval(this.#timer);
    await this.flush();
    this.#reset();
    this.trouble = '';
    this.filter = 'all';
    this.query = '';
  }

  #reset() {
    this.#asked++; // answers on their way are of another list
    this.#etag = undefined;
    this.#wanted = page;
    this.items = [];
    this.more = false;
    this.total = 0;
    this.ready = false;
  }

  show(filter, query) {
    if (filter === this.filter && query === this.query) return;
    this.filter = filter;
    this.query = query;
    this.#reset();
    this.#changed();
    void this.refresh();
  }

  async loadMore() {
    this.#wanted = this.items.length + page;
    this.#etag = undefined;
    await this.refresh();
  }

  // refresh asks for the list as long as it is shown. A list that nothing has
  // changed costs the server one look at a counter.
  async refresh() {
    const asked = ++this.#asked;
    this.#asking++;
    const writes = this.#writes;
    const stale = () => asked !== this.#asked || writes !== this.#writes || this.#running > 0;
    try {
      const first = await this.#page(this.#path(Math.min(this.#wanted, largest)), this.#etag);
      if (stale()) return;
      this.trouble = '';
      if (first === null) return this.#changed();
      const items = first.items;
      let next = first.next;
      while (next !== null && items.length < this.#wanted) {
        const following = await this.#page(next);
        if (stale()) return;
        items.push(...following.items);
        next = following.next;
      }
      this.#etag = first.etag;
      this.items = items;
      this.total = first.total;
      this.more = next !== null;
      this.ready = true;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#fail(error);
    } finally {
      this.#asking--;
    }
    this.#changed();
  }

  #path(limit) {
    const parameters = new URLSearchParams({ limit });
    if (this.filter !== 'all') parameters.set('completed', String(this.filter === 'done'));
    if (this.query !== '') parameters.set('q', this.query);
    return `/todos?${parameters}`;
  }

  // #page is null if the list is still that of etag.
  async #page(path, etag) {
    const headers = { Prefer: 'count=exact', ...(etag && { 'If-None-Match': etag }) };
    const { status, body, headers: answer } = await call('GET', path, { headers });
    if (status === 304) return null;
    const next = /<([^>]*)>;\s*rel="next"/.exec(answer.get('Link') ?? '')?.[1];
    return {
      items: body,
      etag: answer.get('ETag'),
      total: Number(answer.get('X-Total-Count')),
      next: next ? next.slice(next.indexOf('/todos')) : null,
    };
  }

  #fail(error) {
    if (error instanceof Problem && error.status === 401) return this.#signedOut();
    if (!(error instanceof Unreachable)) throw error;
    this.trouble = error.message;
  }

  // write sends a change and tells the other tabs.
  async #write(method, path, options) {
    this.#writes++;
    this.#running++;
    try {
      const answer = await call(method, path, options);
      this.trouble = '';
      return answer;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.#signedOut();
      throw error;
    } finally {
      this.#running--;
      this.#writes++;
      this.#channel?.postMessage('changed');
      if (this.#running === 0) void this.refresh();
    }
  }

  // add creates a todo; with the same key it is created once, however often it
  // is sent.
  async add(title, key) {
    const { body } = await this.#write('POST', '/todos', {
      body: { title },
      headers: { 'Idempotency-Key': key },
    });
    if (!this.more && this.filter !== 'done' && this.query === '') this.#put(body);
    this.#changed();
  }

  #put(todo) {
    const at = this.items.findIndex((t) => t.id === todo.id);
    if (at >= 0) this.items[at] = todo;
    else this.items.push(todo);
  }

  // change shows the change at once and takes it back if it fails. With a
  // version, the server refuses it if somebody has changed the todo since.
  async change(todo, patch, version) {
    const before = { ...todo };
    this.#put({ ...todo, ...patch });
    this.#changed();
    try {
      const { body } = await this.#write('PATCH', `/todos/${todo.id}`, {
        body: patch,
        headers: version === undefined ? undefined : { 'If-Match': `"${version}"` },
      });
      this.#put(body);
    } catch (error) {
      this.#put(before);
      throw error;
    } finally {
      this.#changed();
    }
  }

  async read(id) {
    return (await call('GET', `/todos/${id}`)).body;
  }

  // move puts a todo before the one at index to, or last.
  async move(todo, to) {
    const others = this.items.filter((t) => t.id !== todo.id && !this.doomed.has(t.id));
    const before = others[to - 1];
    const behind = others[to];
    let position;
    if (before === undefined && behind === undefined) return;
    else if (before === undefined) position = behind.position - step;
    else if (behind === undefined) position = before.position + (this.more ? 1 : step);
    else position = Math.floor((before.position + behind.position) / 2);
    const placed = { ...todo, position };
    const order = [...others.slice(0, to), placed, ...others.slice(to)];
    if (behind !== undefined && before !== undefined && position <= before.position) {
      return this.#spread(order);
    }
    this.items = order;
    await this.change(placed, { position });
  }

  // #spread makes room between todos that lie too close.
  async #spread(order) {
    const start = Math.min(...order.map((t) => t.position));
    this.items = order.map((t, i) => ({ ...t, position: start + i * step }));
    this.#changed();
    for (const todo of this.items) {
      await this.#write('PATCH', `/todos/${todo.id}`, { body: { position: todo.position } });
    }
  }

  // remove takes todos away for the user and, unless they are kept within the
  // time to undo, for the server.
  remove(todos) {
    void this.flush();
    for (const todo of todos) this.doomed.set(todo.id, todo);
    this.#pending = setTimeout(() => void this.flush(), undoFor);
    this.#changed();
  }

  keep() {
    clearTimeout(this.#pending);
    this.#pending = null;
    this.doomed.clear();
    this.#changed();
  }

  // hold stops the time to undo for as long as somebody is about to.
  hold() {
    clearTimeout(this.#pending);
  }

  release() {
    if (this.#pending === null) return;
    clearTimeout(this.#pending);
    this.#pending = setTimeout(() => void this.flush(), undoFor);
  }

  // completed is everything that is done, on all pages.
  async completed() {
    const found = [];
    let path = `/todos?completed=true&limit=${largest}`;
    while (path !== null) {
      const { items, next } = await this.#page(path);
      found.push(...items);
      path = next;
    }
    return found;
  }

  // flush sends the deletions.
  async flush(options) {
    clearTimeout(this.#pending);
    if (this.#pending === null) return;
    this.#pending = null;
    const sent = [...this.doomed.keys()];
    const results = await Promise.allSettled(
      sent.map((id) => this.#write('DELETE', `/todos/${id}`, options)),
    );
    for (const id of sent) this.doomed.delete(id);
    const failed = results.filter((r) => r.status === 'rejected' && r.reason.status !== 404);
    if (failed.length > 0) this.trouble = 'Not everything could be deleted; what is back was kept.';
    await this.refresh();
  }
}
