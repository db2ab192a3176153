// The page: who is signed in, and their list.
import { Problem, Unreachable } from './api.js';
import { cameByMail, mountAccount, mountSessions, session, showAccount, signOut } from './account.js';
import { Rows, say } from './rows.js';
import { Todos } from './todos.js';

const $ = (id) => document.getElementById(id);

let who = null;
let drafted = null; // {title, key} of the todo that is being added
const todos = new Todos(draw, expired);
const rows = new Rows(todos, complain);

mountAccount(enter);
mountSessions(() => who?.session.id, expired);
mountList();
void enter();

// enter shows the list of whoever is signed in, or the form to sign in, with a
// hint.
async function enter(hint) {
  if (cameByMail()) return showAccount();
  try {
    who = await session();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    showAccount(`${error.message} Reload the page to try again.`);
    return;
  }
  if (who === null) return showAccount(hint);
  history.replaceState(null, '', '/'); // who signs out comes back to sign in
  $('account').hidden = true;
  $('list').hidden = false;
  $('who').textContent = who.user.name || who.user.email;
  document.title = 'Todos · authtodo';
  for (const input of $('filters').querySelectorAll('input')) input.checked = input.value === 'all';
  $('search-text').value = '';
  todos.start();
  draw();
  $('new-title').focus();
}

async function leave(hint) {
  who = null;
  hideNotice();
  $('sessions').close();
  $('list').hidden = true;
  showAccount(hint);
  await todos.stop();
  draw();
}

function expired() {
  if (who !== null) void leave('You have been signed out. Sign in to go on.');
}

function mountList() {
  $('sign-out').addEventListener('click', async () => {
    try {
      await todos.flush();
      await signOut();
      await leave('');
    } catch (error) {
      complain(error);
    }
  });
  $('filters').addEventListener('change', filter);
  let typing;
  $('search-text').addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(filter, 200);
  });
  $('search').addEventListener('submit', (event) => {
    event.preventDefault();
    filter();
  });
  $('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    void add();
  });
  $('more').addEventListener('click', () => void loadMore());
  $('clear').addEventListener('click', () => void clearCompleted());
  $('banner-retry').addEventListener('click', () => void todos.refresh());
  mountUndo();
}

// mountUndo gives whoever comes to the notice the time to press its button, and
// the keys for it to those who are elsewhere.
function mountUndo() {
  const bar = $('notice');
  for (const comes of ['pointerenter', 'focusin']) bar.addEventListener(comes, () => todos.hold());
  for (const goes of ['pointerleave', 'focusout']) bar.addEventListener(goes, () => todos.release());
  $('notice-undo').addEventListener('click', undo);
  $('notice-close').addEventListener('click', () => {
    hideNotice();
    void todos.flush();
  });
  addEventListener('keydown', (event) => {
    const keys = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'z';
    const { selectionStart, value } = event.target;
    const writing = selectionStart != null && value !== ''; // a text has an undo of its own
    if (!keys || writing || todos.doomed.size === 0) return;
    event.preventDefault();
    undo();
  });
}

function undo() {
  const [first] = todos.doomed.keys();
  hideNotice();
  todos.keep();
  rows.focus(first);
  say('Nothing was deleted.');
}

async function loadMore() {
  const before = todos.items.length;
  await todos.loadMore();
  rows.focus(todos.items[before]?.id);
}

function filter() {
  const chosen = $('filters').querySelector('input:checked').value;
  todos.show(chosen, $('search-text').value.trim());
}

// add keeps the text until the server has it. What is sent again has the same
// key, so a lost answer does not make two todos.
async function add() {
  const field = $('new-title');
  const title = field.value.trim();
  composerFault('');
  if (title === '') return;
  if (drafted?.title !== title) drafted = { title, key: crypto.randomUUID() };
  try {
    await todos.add(title, drafted.key);
    drafted = null;
    if (field.value.trim() === title) field.value = '';
    say(`Added ${title}`);
  } catch (error) {
    composerFault(error instanceof Problem ? error.message : `Not added. ${error.message} Press Add to try again.`);
  }
}

function composerFault(text) {
  $('new-note').textContent = text;
  $('new-note').hidden = text === '';
  $('new-note').toggleAttribute('data-bad', text !== '');
}

async function clearCompleted() {
  try {
    const done = await todos.completed();
    if (done.length > 0) todos.remove(done);
  } catch (error) {
    complain(error);
  }
}

function complain(error) {
  if (error instanceof Problem && error.status === 401) return; // said by the form
  const gone = error instanceof Problem && error.status === 404;
  notice(gone ? 'That todo is gone: it was deleted elsewhere.' : `Not saved. ${error.message} Try it once more.`, 'bad');
}

function notice(text, tone) {
  $('notice-text').textContent = text;
  $('notice').dataset.tone = tone;
  $('notice-undo').hidden = tone === 'bad';
  $('notice').toggleAttribute('data-empty', false);
}

function hideNotice() {
  keepsFocus(() => {
    $('notice-text').textContent = '';
    $('notice').toggleAttribute('data-empty', true);
  });
}

// keepsFocus leaves it at the heading if what had it is shown no more, or the
// next Tab would begin at the top of the page.
function keepsFocus(change) {
  const had = document.activeElement;
  change();
  if (had?.closest('[hidden], [data-empty]')) $('list-title').focus();
}

function draw() {
  if (who === null) return rows.draw([], false);
  keepsFocus(drawList);
}

function drawList() {
  const items = todos.items.filter(
    (t) => !todos.doomed.has(t.id) && (todos.filter === 'all' || t.completed === (todos.filter === 'done')),
  );
  rows.draw(items, todos.query === '' && items.length > 1);
  drawDoomed();
  const total = Math.max(todos.total - (todos.items.length - items.length), items.length);
  $('count').textContent = todos.ready && total > 0 ? counted(total) : '';
  $('bones').hidden = todos.ready || todos.trouble !== '';
  $('more').hidden = !todos.more;
  $('search').hidden = todos.query === '' && todos.ready && todos.filter === 'all' && total < 2;
  $('clear').hidden = !items.some((t) => t.completed);
  $('empty').hidden = !todos.ready || items.length > 0 || todos.more;
  $('empty-text').textContent = emptiness();
  $('banner').toggleAttribute('data-empty', todos.trouble === '');
  const old = `${todos.trouble} What you see may be old; the page goes on by itself.`;
  const text = todos.trouble && old;
  if ($('banner-text').textContent !== text) $('banner-text').textContent = text; // said once
}

function drawDoomed() {
  const n = todos.doomed.size;
  if (n === 0 && $('notice').dataset.tone === 'quiet') return hideNotice();
  if (n === 0) return;
  const [first] = todos.doomed.values();
  const text = n === 1 ? `Deleted “${first.title}”` : `Deleted ${n} todos`;
  if ($('notice-text').textContent !== text) notice(text, 'quiet');
}

function counted(n) {
  const what = { all: '', active: 'active ', done: 'done ' }[todos.filter];
  const found = todos.query === '' ? '' : 'found';
  return `${n} ${what}${n === 1 ? 'todo' : 'todos'} ${found}`.trim();
}

function emptiness() {
  if (todos.query !== '') return `Nothing has “${todos.query}” in it.`;
  return {
    all: 'Nothing to do yet. The first todo goes into the field above.',
    active: 'Nothing left to do. Well done.',
    done: 'Nothing is done yet.',
  }[todos.filter];
}
