// Sign-in, sign-up and the sessions of the user.
import { call, Problem } from './api.js';

const $ = (id) => document.getElementById(id);

const texts = {
  'sign-in': {
    title: 'Sign in',
    lead: 'Good to see you again.',
    send: 'Sign in',
    other: 'New here?',
    link: 'Create an account',
    href: '#sign-up',
  },
  'sign-up': {
    title: 'Create an account',
    lead: 'It takes a minute, and it stays on this server.',
    send: 'Create account',
    other: 'Have an account?',
    link: 'Sign in',
    href: '#sign-in',
  },
};

// session is {session, user} of who is signed in, or null.
export async function session() {
  const { body } = await call('GET', '/auth/get-session');
  return body ?? null;
}

export async function signOut() {
  await call('POST', '/auth/sign-out', { body: {} });
}

// mountAccount calls done when somebody is signed in.
export function mountAccount(done) {
  $('account-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(done);
  });
  $('reveal').addEventListener('click', () => reveal($('password').type === 'password'));
  addEventListener('hashchange', () => {
    if (!$('account').hidden) showAccount();
  });
}

// showAccount shows the form that the address asks for, and maybe why.
export function showAccount(hint = '') {
  const text = texts[mode()];
  $('account').hidden = false;
  $('account-title').textContent = text.title;
  $('account-lead').textContent = text.lead;
  $('account-send').textContent = text.send;
  $('other-text').textContent = text.other;
  $('other-link').textContent = text.link;
  $('other-link').href = text.href;
  $('account-hint').textContent = hint;
  $('account-hint').hidden = hint === '';
  $('name-field').hidden = mode() === 'sign-in';
  $('password').autocomplete = mode() === 'sign-in' ? 'current-password' : 'new-password';
  document.title = `${text.title} · authtodo`;
  reveal(false);
  for (const name of ['name', 'email', 'password']) fault(name, '');
  if (mode() === 'sign-up') note('password', 'At least 8 characters.');
  $('account-fault').textContent = '';
  (mode() === 'sign-in' || $('name').value ? $('email') : $('name')).focus();
}

function mode() {
  return location.hash === '#sign-up' ? 'sign-up' : 'sign-in';
}

function reveal(shown) {
  $('password').type = shown ? 'text' : 'password';
  $('reveal').textContent = shown ? 'Hide' : 'Show';
  $('reveal').setAttribute('aria-label', shown ? 'Hide password' : 'Show password');
}

function note(name, text) {
  $(`${name}-note`).textContent = text;
}

function fault(name, text) {
  note(name, text);
  $(`${name}-note`).toggleAttribute('data-bad', text !== '');
  if (text === '') $(name).removeAttribute('aria-invalid');
  else $(name).setAttribute('aria-invalid', 'true');
}

// faults are what can be said without asking the server.
function faults(values) {
  const found = {};
  if (mode() === 'sign-up' && values.name === '') found.name = 'Tell us what to call you.';
  if (!/^[^\s@]+@[^\s@]+$/.test(values.email)) found.email = 'Enter an address such as ada@example.com.';
  if (values.password === '') found.password = 'Enter your password.';
  else if (mode() === 'sign-up' && [...values.password].length < 8) {
    found.password = 'Use at least 8 characters.';
  }
  return found;
}

async function submit(done) {
  const values = {
    name: $('name').value.trim(),
    email: $('email').value.trim(),
    password: $('password').value,
  };
  const found = faults(values);
  for (const name of ['name', 'email', 'password']) fault(name, found[name] ?? '');
  $('account-fault').textContent = '';
  if (Object.keys(found).length > 0) return $(Object.keys(found)[0]).focus();
  const send = $('account-send');
  if (send.getAttribute('aria-disabled') === 'true') return;
  send.setAttribute('aria-disabled', 'true');
  try {
    if (mode() === 'sign-in') delete values.name;
    const { body } = await call('POST', `/auth/${mode()}/email`, { body: values });
    if (!body?.token) return showAccount('Nearly there: open the link in the mail we have sent you.');
    $('account-form').reset();
    await done();
  } catch (error) {
    explain(error);
  } finally {
    send.removeAttribute('aria-disabled');
  }
}

function explain(error) {
  if (error instanceof Problem && /^PASSWORD_/.test(error.code)) {
    fault('password', error.message);
    return $('password').focus();
  }
  if (error instanceof Problem && /^(INVALID_EMAIL|USER_ALREADY_EXISTS.*)$/.test(error.code)) {
    fault('email', error.message);
    return $('email').focus();
  }
  const wait = error instanceof Problem && error.status === 429 ? ` Try again in ${error.retryAfter} s.` : '';
  $('account-fault').textContent = error.message + wait;
}

// mountSessions calls ended when this very session was ended.
export function mountSessions(current, ended) {
  $('sessions-open').addEventListener('click', () => {
    $('sessions').showModal();
    void listSessions(current, ended);
  });
  $('sessions-close').addEventListener('click', () => $('sessions').close());
  $('sessions-others').addEventListener('click', () =>
    change(() => call('POST', '/auth/revoke-other-sessions', { body: {} }), current, ended),
  );
}

async function change(act, current, ended) {
  $('sessions-fault').textContent = '';
  try {
    await act();
    await listSessions(current, ended);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return ended();
    $('sessions-fault').textContent = error.message;
  }
}

async function listSessions(current, ended) {
  let sessions;
  try {
    sessions = (await call('GET', '/auth/list-sessions')).body;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return ended();
    $('sessions-fault').textContent = error.message;
    return;
  }
  const here = current();
  sessions.sort((a, b) => (b.id === here) - (a.id === here));
  $('sessions-rows').replaceChildren(
    ...sessions.map((s) => {
      const row = $('session-row').content.cloneNode(true).firstElementChild;
      const [name, detail, end] = row.querySelectorAll('strong, span, button');
      name.textContent = device(s.userAgent);
      const since = new Date(s.createdAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
      detail.textContent = s.id === here ? 'This device' : [s.ipAddress, `since ${since}`].filter(Boolean).join(', ');
      end.hidden = s.id === here;
      end.setAttribute('aria-label', `Sign out ${name.textContent}, ${detail.textContent}`);
      end.addEventListener('click', () =>
        change(() => call('POST', '/auth/revoke-session', { body: { token: s.token } }), current, ended),
      );
      return row;
    }),
  );
  $('sessions-others').hidden = sessions.length < 2;
}

// device is what a person calls a browser; user agents name several.
function device(agent = '') {
  const browser =
    [/Edg/, /OPR/, /Firefox/, /Chrome/, /Safari/, /curl/].find((name) => name.test(agent))?.source ?? 'Unknown device';
  const system = /(Windows|Android|iPhone|iPad|Mac OS|Linux)/.exec(agent)?.[1];
  const names = { Edg: 'Edge', OPR: 'Opera' };
  return [names[browser] ?? browser, system && `on ${system}`].filter(Boolean).join(' ');
}
