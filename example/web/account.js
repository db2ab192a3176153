// Sign-in, sign-up and the sessions of the user.
import { call, Problem } from './api.js';

const $ = (id) => document.getElementById(id);

const inputs = ['name', 'email', 'password'];

// texts are the ways in, with the fields that each asks for. act returns what
// there is still to do, if it has not let anybody in.
const texts = {
  'sign-in': {
    title: 'Sign in',
    lead: 'Good to see you again.',
    send: 'Sign in',
    other: 'New here?',
    link: 'Create an account',
    href: '#sign-up',
    fields: ['email', 'password'],
    act: (values) => enters('/auth/sign-in/email', values),
  },
  'sign-up': {
    title: 'Create an account',
    lead: 'It takes a minute, and it stays on this server.',
    send: 'Create account',
    other: 'Have an account?',
    link: 'Sign in',
    href: '#sign-in',
    fields: ['name', 'email', 'password'],
    act: (values) => enters('/auth/sign-up/email', values),
  },
  forgot: {
    title: 'Forgot your password?',
    lead: 'A mail with a link lets you choose a new one.',
    send: 'Send the mail',
    other: 'Remembered it?',
    link: 'Sign in',
    href: '#sign-in',
    fields: ['email'],
    act: async ({ email }) => {
      await call('POST', '/auth/request-password-reset', { body: { email } });
      history.replaceState(null, '', '/');
      return `If ${email} has an account, a mail is on its way. The example prints its mails in the terminal.`;
    },
  },
  reset: {
    title: 'Choose a new password',
    lead: 'You are signed out everywhere then, and sign in with it.',
    send: 'Save it',
    other: 'Remembered the old one?',
    link: 'Sign in',
    href: '/',
    fields: ['password'],
    act: async ({ password }) => {
      await call('POST', '/auth/reset-password', { body: { token: mailed, newPassword: password } });
      history.replaceState(null, '', '/');
      return 'Your new password is saved. Sign in with it.';
    },
  },
  verify: {
    title: 'Is this your address?',
    lead: 'Say so only if it was you who signed up, or asked for the mail.',
    send: 'Yes, it is mine',
    other: 'It was somebody else?',
    link: 'Leave it',
    href: '/',
    fields: [],
    done: 'Your address is confirmed. Sign in to go on.',
    act: async () => {
      await call('POST', '/auth/verify-email', { body: { token: mailed } });
      history.replaceState(null, '', '/');
    },
  },
};

// mailed is the token of the link that led here. It is good once, and does not
// stay in the address.
const mailed = new URLSearchParams(location.search).get('token') ?? '';
if (mailed !== '') history.replaceState(null, '', location.pathname);

// enters asks for a session. Where addresses are verified first there is none.
async function enters(path, values) {
  const { body } = await call('POST', path, { body: values });
  if (!body?.token) return 'Nearly there: open the link in the mail we have sent you.';
}

// cameByMail reports whether a mail led here, so that it is not about the list.
export function cameByMail() {
  return ['reset', 'verify'].includes(mode());
}

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
  for (const name of inputs) $(`${name}-field`).hidden = !text.fields.includes(name);
  $('forgot').hidden = mode() !== 'sign-in';
  $('password').autocomplete = mode() === 'sign-in' ? 'current-password' : 'new-password';
  document.title = `${text.title} · authtodo`;
  reveal(false);
  for (const name of inputs) fault(name, '');
  if (['sign-up', 'reset'].includes(mode())) note('password', 'At least 8 characters.');
  $('account-fault').textContent = '';
  const first = text.fields.find((name) => $(name).value === '') ?? text.fields[0];
  $(first ?? 'account-send').focus();
}

// mode is what the address asks for.
function mode() {
  const asked = location.pathname === '/' ? location.hash.slice(1) : location.pathname.slice(1);
  return Object.hasOwn(texts, asked) ? asked : 'sign-in';
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
  if (values.name === '') found.name = 'Tell us what to call you.';
  if ('email' in values && !/^[^\s@]+@[^\s@]+$/.test(values.email)) {
    found.email = 'Enter an address such as ada@example.com.';
  }
  if (values.password === '') found.password = 'Enter your password.';
  else if ('password' in values && mode() !== 'sign-in' && [...values.password].length < 8) {
    found.password = 'Use at least 8 characters.';
  }
  return found;
}

async function submit(done) {
  const { fields, act, done: confirmed } = texts[mode()];
  const values = Object.fromEntries(fields.map((name) => [name, $(name).value]));
  for (const name of ['name', 'email']) values[name] &&= values[name].trim();
  const found = faults(values);
  for (const name of inputs) fault(name, found[name] ?? '');
  $('account-fault').textContent = '';
  if (Object.keys(found).length > 0) return $(Object.keys(found)[0]).focus();
  const send = $('account-send');
  if (send.getAttribute('aria-disabled') === 'true') return;
  send.setAttribute('aria-disabled', 'true');
  try {
    const hint = await act(values);
    $('account-form').reset();
    if (hint) return showAccount(hint);
    await done(confirmed);
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
