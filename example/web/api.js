// What the server says, as values and errors. The session is a cookie that
// scripts cannot read, so there is no token here to lose.

// Problem is an answer that says why not (RFC 9457).
export class Problem extends Error {
  constructor(status, body, etag, retryAfter) {
    super(body.errors?.[0]?.detail ?? body.detail ?? body.message ?? 'Something went wrong.');
    this.status = status;
    this.code = body.code ?? body.error_code ?? '';
    this.etag = etag;
    this.retryAfter = retryAfter;
  }
}

// Unreachable is no answer, or one that says to ask again later.
export class Unreachable extends Error {}

const patience = 15_000; // ms, longer than the server gives its database

// call returns {status, body, headers}; body is undefined without one.
export async function call(method, path, { body, headers, keepalive } = {}) {
  let response, text;
  try {
    response = await fetch('/api' + path, {
      method,
      keepalive,
      cache: 'no-store',
      headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
    text = await response.text();
  } catch (cause) {
    throw new Unreachable(navigator.onLine ? 'The server does not answer.' : 'You are offline.', { cause });
  }
  const { status } = response;
  const parsed = parse(text);
  if (status >= 200 && status < 300) return { status, body: parsed, headers: response.headers };
  if (status === 304) return { status, headers: response.headers };
  if (status >= 500) throw new Unreachable('The server cannot answer at the moment.');
  throw new Problem(status, parsed ?? {}, response.headers.get('ETag'), response.headers.get('Retry-After'));
}

function parse(text) {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined; // not from the API, such as a page of a proxy
  }
}
