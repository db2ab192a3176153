// Drives the page in Chromium as a person uses it. browser_test.go starts what
// it needs and says in the environment where that is; by itself this script
// does nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PAGE_URL: home, PAGE_PID: server, MAILS_URL: mails, SCREENSHOTS: screenshots, CHROMIUM: executablePath } =
  process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const password = 'counts on engines';
const desk = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const faults = [];
let allowed = /^$/; // what the console may say in a step

async function sits() {
  const context = await browser.newContext({ viewport: desk, reducedMotion: 'reduce' });
  context.setDefaultTimeout(60_000);
  return context;
}

async function opens(context) {
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack}`));
  page.on('console', (m) => {
    if (['error', 'warning'].includes(m.type()) && !allowed.test(m.text())) faults.push(m.text());
  });
  page.on('request', (r) => r.url().startsWith(`${home}/`) || faults.push(`the page asks for ${r.url()}`));
  await page.goto(home);
  return page;
}

async function until(check, patience = 60_000) {
  for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

const titles = (page) => page.locator('#rows .title span').allTextContents();
const lists = (page, ...want) => until(async () => assert.deepEqual(await titles(page), want));
const editor = (page) => page.getByRole('textbox', { name: 'Title', exact: true });
const banner = (page) => page.locator('#banner-text');
const row = (page, title) => page.locator('.row', { has: page.getByRole('checkbox', { name: title, exact: true }) });

async function enter(page, way, email) {
  if (way === 'sign-up') {
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Name').fill('Ada Lovelace');
  }
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Todos', exact: true }).waitFor();
}

async function add(page, title) {
  await page.getByLabel('New todo').fill(title);
  await page.keyboard.press('Enter');
  await until(async () => assert.ok((await titles(page)).includes(title)));
}

/** The name of what has the focus. Runs in the page. */
function focused() {
  const { activeElement: e } = document;
  return e.ariaLabel ?? e.labels?.[0]?.innerText ?? e.innerText;
}

/** What is to be pressed and smaller than 44 px. Runs in the page. */
function tooSmall() {
  return [...document.querySelectorAll('button, a, input')]
    .map((e) => (e.type === 'radio' ? e.nextElementSibling : e))
    .filter((e) => e.checkVisibility() && !e.closest('.unseen'))
    .map((e) => ({ e, box: e.getBoundingClientRect() }))
    .filter(({ box }) => Math.min(box.width, box.height) < 43.9)
    .map(({ e, box }) => `${e.outerHTML.slice(0, 80)}: ${box.width} × ${box.height}`);
}

/** Has axe look for what keeps people out. */
async function isSound(page, name) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  const said = found.map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.html} ${n.failureSummary}`).join('\n')}`);
  assert.deepEqual(said, [], name);
}

/** Takes pictures in light and dark, and looks for what can be found out without eyes. */
async function shows(page, name) {
  for (const size of [desk, phone]) {
    const papers = new Set();
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      papers.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${name} is ${over} px too wide for ${size.width} px`);
      const cut = await page.locator('.title:visible').evaluateAll((all) => all.some((e) => e.scrollWidth > e.clientWidth));
      assert.ok(!cut, `${name} cuts titles off at ${size.width} px`);
      if (size === phone) assert.deepEqual(await page.evaluate(tooSmall), [], `${name}: too small for a thumb`);
      await page.screenshot({ path: join(screenshots, `${name}-${size.width}-${colorScheme}.png`) });
      await isSound(page, `${name} at ${size.width} px, ${colorScheme}`);
    }
    assert.equal(papers.size, 2, 'dark is as light');
  }
  await page.setViewportSize(desk);
  await page.emulateMedia({ colorScheme: 'light' });
}

const ada = await sits();
const page = await opens(ada);

async function step(name, does) {
  const began = Date.now();
  try {
    await does();
    assert.deepEqual(faults, []);
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.log(`FAIL ${name}`);
    await page.screenshot({ path: join(screenshots, 'failed.png') });
    throw error;
  } finally {
    allowed = /^$/;
  }
}

await step('an address that is none and a short password are told at their fields', async () => {
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByRole('button', { name: 'Create account' }).click();
  await until(async () => assert.equal(await page.locator('#name').getAttribute('aria-invalid'), 'true'));
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Email').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.keyboard.press('Enter');
  await page.getByText('Use at least 8 characters.').waitFor();
  await shows(page, 'sign-up');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await shows(page, 'sign-in');
});

await step('a common password is refused with the reason of the server', async () => {
  allowed = /status of 400/;
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Email').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('password1');
  await page.keyboard.press('Enter');
  await until(async () => assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true'));
  await page.getByRole('link', { name: 'Sign in' }).click();
});

await step('sign up; the session is out of reach of scripts', async () => {
  await enter(page, 'sign-up', 'ada@example.com');
  await page.getByText('Nothing to do yet.').waitFor();
  await shows(page, 'empty');
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  const [cookie] = (await ada.cookies()).filter((c) => c.name === 'better-auth.session_token');
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Lax');
});

await step('a wrong password is refused, and the page says so', async () => {
  const stranger = await sits();
  const other = await opens(stranger);
  allowed = /status of 401/;
  await other.getByLabel('Email').fill('ada@example.com');
  await other.getByLabel('Password', { exact: true }).fill('counts on looms');
  await other.getByRole('button', { name: 'Show password' }).click();
  assert.equal(await other.locator('#password').getAttribute('type'), 'text');
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByText('Invalid email or password').waitFor();
  await shows(other, 'refused');
  await stranger.close();
});

await step('add, tick, edit in place', async () => {
  for (const title of ['Buy milk', 'Write to Charles about the engine', 'שלום עולם']) await add(page, title);
  await row(page, 'Buy milk').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Edit Write to Charles about the engine' }).click();
  await editor(page).fill('  Write to Charles ');
  await page.keyboard.press('Enter');
  await lists(page, 'Buy milk', 'Write to Charles', 'שלום עולם');
  await page.getByRole('button', { name: 'Edit Write to Charles' }).click();
  await editor(page).fill('not this');
  await page.keyboard.press('Escape');
  await lists(page, 'Buy milk', 'Write to Charles', 'שלום עולם');
  await shows(page, 'list');
});

await step('order by keyboard and by drag, kept by the server', async () => {
  await page.getByRole('button', { name: 'Move Buy milk' }).focus();
  await page.keyboard.press('ArrowDown');
  await lists(page, 'Write to Charles', 'Buy milk', 'שלום עולם');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Move Buy milk');
  await row(page, 'שלום עולם').hover();
  const from = await page.getByRole('button', { name: 'Move שלום עולם' }).boundingBox();
  const to = await row(page, 'Write to Charles').boundingBox();
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + from.width / 2, to.y, { steps: 12 });
  await page.mouse.up();
  await lists(page, 'שלום עולם', 'Write to Charles', 'Buy milk');
  await page.waitForLoadState('networkidle');
  await page.reload();
  await lists(page, 'שלום עולם', 'Write to Charles', 'Buy milk');
});

await step('filter and search', async () => {
  await page.getByRole('radio', { name: 'Active' }).check({ force: true });
  await lists(page, 'שלום עולם', 'Write to Charles');
  await page.getByRole('radio', { name: 'Done' }).check({ force: true });
  await lists(page, 'Buy milk');
  await page.getByRole('radio', { name: 'All' }).check({ force: true });
  await page.getByLabel('Search todos').fill('CHARLES');
  await lists(page, 'Write to Charles');
  await shows(page, 'search');
  await page.getByLabel('Search todos').fill('nowhere');
  await page.getByText('Nothing has “nowhere” in it.').waitFor();
  await shows(page, 'search-nothing');
  await page.getByLabel('Search todos').fill('');
  await lists(page, 'שלום עולם', 'Write to Charles', 'Buy milk');
});

await step('clear completed, undo, and again until it is gone', async () => {
  await page.getByRole('button', { name: 'Clear completed' }).click();
  await lists(page, 'שלום עולם', 'Write to Charles');
  await page.getByRole('button', { name: 'Undo' }).focus(); // the time to undo stands still meanwhile
  await shows(page, 'undo');
  await page.getByRole('button', { name: 'Undo' }).click();
  await lists(page, 'שלום עולם', 'Write to Charles', 'Buy milk');
  await page.getByRole('button', { name: 'Clear completed' }).click();
  const gone = page.waitForResponse((r) => r.request().method() === 'DELETE' && r.status() === 204);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await gone;
  await lists(page, 'שלום עולם', 'Write to Charles');
});

await step('everything by keys alone', async () => {
  const keys = (...names) => names.reduce((before, name) => before.then(() => page.keyboard.press(name)), Promise.resolve());
  const at = (name) => until(async () => assert.equal(await page.evaluate(focused), name));
  await page.reload();
  await at('New todo');
  for (const title of ['Tea', 'Toast']) {
    await page.keyboard.type(title);
    await keys('Enter');
    await until(async () => assert.ok((await titles(page)).includes(title)));
  }
  await keys('Shift+Tab', 'ArrowRight');
  await lists(page, 'שלום עולם', 'Write to Charles', 'Tea', 'Toast');
  await keys('ArrowRight');
  await page.getByText('Nothing is done yet.').waitFor();
  await keys('ArrowLeft', 'ArrowLeft', 'Tab', 'Tab', 'Tab');
  await at('Search todos');
  await page.keyboard.type('toa');
  await lists(page, 'Toast');
  await keys('Tab');
  await at('Toast');
  const ticked = page.waitForResponse((r) => r.request().method() === 'PATCH');
  await keys('Space', 'Tab');
  await at('Edit Toast');
  await ticked;
  await until(async () => assert.equal(await page.getByRole('checkbox', { name: 'Toast' }).isChecked(), true));
  await keys('Enter');
  await at('Title');
  await page.keyboard.type('Toast and jam');
  await keys('Enter');
  await at('Edit Toast and jam');
  await keys('Shift+Tab', 'Shift+Tab', 'Control+A', 'Delete');
  await lists(page, 'שלום עולם', 'Write to Charles', 'Tea', 'Toast and jam');
  await page.getByRole('button', { name: 'Delete Tea' }).focus();
  await keys('Enter');
  await at('Edit Toast and jam');
  await keys('Control+Z');
  await at('Edit Tea');
  await keys('Tab', 'Tab');
  await at('Delete Tea');
  await keys('Enter');
  for (let i = 0; (await page.evaluate(focused)) !== 'Undo'; i++) {
    assert.ok(i < 10, 'Undo is out of reach of Tab');
    await keys('Tab');
  }
  await page.waitForTimeout(8_000); // longer than the time to undo, which stands still meanwhile
  await keys('Enter');
  await at('Edit Tea');
  await page.getByRole('button', { name: 'Clear completed' }).focus();
  await keys('Enter');
  await lists(page, 'שלום עולם', 'Write to Charles', 'Tea');
  await at('Todos');
  let gone = 0; // the toast at once, with the next deletion, and the tea when its time is over
  const tea = page.waitForResponse((r) => r.request().method() === 'DELETE' && r.status() === 204 && ++gone === 2);
  await page.getByRole('button', { name: 'Delete Tea' }).focus();
  await keys('Enter');
  await tea;
  await lists(page, 'שלום עולם', 'Write to Charles');
  await page.getByRole('button', { name: 'Sessions' }).focus();
  await keys('Enter');
  await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor();
  await keys('Escape');
  await at('Sessions');
});

await step('a second tab follows; what both edit is shown and resolved', async () => {
  const other = await opens(ada);
  await lists(other, 'שלום עולם', 'Write to Charles');
  await add(other, 'From the other tab');
  await lists(page, 'שלום עולם', 'Write to Charles', 'From the other tab');
  await page.getByRole('button', { name: 'Edit Write to Charles' }).click();
  await editor(page).fill('Write to Ada');
  await other.getByRole('button', { name: 'Edit Write to Charles' }).click();
  await editor(other).fill('Write to Mary');
  await other.keyboard.press('Enter');
  await lists(other, 'שלום עולם', 'Write to Mary', 'From the other tab');
  allowed = /status of 412/;
  await page.bringToFront();
  await editor(page).press('Enter');
  await page.locator('.clash:visible').waitFor();
  await shows(page, 'conflict');
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await lists(page, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await lists(other, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await page.getByRole('button', { name: 'Edit Write to Ada' }).click();
  await editor(page).fill('Write to Grace');
  await other.getByRole('button', { name: 'Edit Write to Ada' }).click();
  await editor(other).fill('Write to Ada now');
  await other.keyboard.press('Enter');
  await lists(other, 'שלום עולם', 'Write to Ada now', 'From the other tab');
  await page.bringToFront();
  await editor(page).press('Enter');
  await page.getByRole('button', { name: 'Take theirs' }).click();
  await lists(page, 'שלום עולם', 'Write to Ada now', 'From the other tab');
  await page.getByRole('button', { name: 'Edit Write to Ada now' }).click();
  await editor(page).fill('Write to Ada');
  await page.keyboard.press('Enter'); // of what they took: no conflict
  await lists(other, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await page.getByRole('button', { name: 'Edit From the other tab' }).focus(); // stays on a row that moves
  await other.getByRole('button', { name: 'Move From the other tab' }).focus();
  await other.keyboard.press('ArrowUp');
  await lists(page, 'שלום עולם', 'From the other tab', 'Write to Ada');
  assert.equal(await page.evaluate(focused), 'Edit From the other tab');
  await other.keyboard.press('ArrowDown');
  await lists(page, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await other.close();
});

await step('what was deleted elsewhere is not changed; the page says so', async () => {
  const other = await opens(ada);
  await lists(other, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await add(page, 'Going');
  await until(async () => assert.ok((await titles(other)).includes('Going')));
  await page.getByRole('button', { name: 'Edit Going' }).click();
  allowed = /status of 404/;
  await other.getByRole('button', { name: 'Delete Going' }).click();
  await other.getByRole('button', { name: 'Dismiss' }).click();
  await lists(other, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await lists(page, 'שלום עולם', 'Write to Ada', 'From the other tab');
  await other.close();
});

await step('a long list: the rest is loaded when asked for', async () => {
  await page.evaluate(async () => {
    for (let i = 0; i < 120; i++) {
      await fetch('/api/todos', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          title: i % 9 === 4 ? `Read ${'Donaudampfschifffahrtselektrizität'.repeat(4)} aloud` : `Todo ${i}`,
          completed: i % 5 === 1,
        }),
      });
    }
  });
  await page.reload();
  await until(async () => assert.equal((await titles(page)).length, 100));
  await page.getByText('123 todos').waitFor();
  await shows(page, 'long');
  await page.getByRole('button', { name: 'Load more' }).focus();
  await page.keyboard.press('Enter');
  await until(async () => assert.equal((await titles(page)).length, 123));
  await until(async () => assert.equal(await page.evaluate(focused), 'Edit Todo 97')); // the first that came
  await page.evaluate(() => scrollTo(0, 0));
});

await step('offline: nothing is lost, and the page says what to do', async () => {
  allowed = /ERR_INTERNET_DISCONNECTED|Failed to load/;
  await ada.setOffline(true);
  await page.getByLabel('New todo').fill('Written offline');
  await page.keyboard.press('Enter');
  await page.getByText('Press Add to try again.').waitFor();
  await banner(page).filter({ hasText: 'You are offline.' }).waitFor();
  await shows(page, 'offline');
  await ada.setOffline(false);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await until(async () => assert.ok((await titles(page)).includes('Written offline')));
  await until(async () => assert.equal(await banner(page).innerText(), ''));
});

await step('a server that does not answer: the page says so, and goes on with it', async () => {
  allowed = /Failed to load|ERR_/;
  const { y } = await page.getByRole('heading', { name: 'Todos' }).boundingBox();
  process.kill(server, 'SIGSTOP');
  try {
    await banner(page).filter({ hasText: 'The server does not answer.' }).waitFor();
    assert.equal((await page.getByRole('heading', { name: 'Todos' }).boundingBox()).y, y, 'the page has moved');
    const said = await banner(page).boundingBox();
    assert.ok(said.y + said.height < desk.height, 'the message is out of sight');
    await shows(page, 'unreachable');
    await page.getByRole('button', { name: 'Try again' }).click();
  } finally {
    process.kill(server, 'SIGCONT');
  }
  await until(async () => assert.equal(await banner(page).innerText(), ''));
});

await step('sessions: the other device is signed out from here', async () => {
  const elsewhere = await sits();
  const device = await opens(elsewhere);
  await enter(device, 'sign-in', 'ada@example.com');
  const last = device.getByRole('checkbox', { name: 'Written offline' });
  await device.getByRole('button', { name: 'Load more' }).click();
  await last.check();
  await until(async () => assert.ok(await page.getByRole('checkbox', { name: 'Written offline' }).isChecked()));
  const lost = await sits();
  const phoneLost = await opens(lost);
  await enter(phoneLost, 'sign-in', 'ada@example.com');
  allowed = /status of 401/;
  await page.getByRole('button', { name: 'Sessions' }).click();
  await until(async () => assert.equal(await page.locator('#sessions-rows li').count(), 3));
  await page.getByRole('button', { name: 'Sign out Chrome' }).first().click();
  await phoneLost.getByText('You have been signed out.').waitFor();
  await lost.close();
  await until(async () => assert.equal(await page.locator('#sessions-rows li').count(), 2));
  await shows(page, 'sessions');
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await until(async () => assert.equal(await page.locator('#sessions-rows li').count(), 1));
  await page.getByRole('button', { name: 'Close' }).click();
  await device.getByText('You have been signed out.').waitFor();
  await elsewhere.close();
});

await step('sign out; somebody else at the same browser sees nothing of it', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.reload(); // the server knows it, too
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await enter(page, 'sign-up', 'bob@example.com');
  await page.getByText('Nothing to do yet.').waitFor();
});

await step('mails lead back: the address is confirmed, and a forgotten password is another', async () => {
  const mailed = (path) => until(async () => {
    const text = await (await fetch(mails)).text();
    return text.match(new RegExp(`${home}/${path}\\?token=\\S+`, 'g')).at(-1);
  });
  const carol = await sits();
  const there = await opens(carol);
  await enter(there, 'sign-up', 'carol@example.com');
  await there.goto(await mailed('verify'));
  assert.equal(there.url(), `${home}/verify`); // the token is gone from the address
  await shows(there, 'verify');
  await there.getByRole('button', { name: 'Yes, it is mine' }).click();
  await there.getByRole('heading', { name: 'Todos', exact: true }).waitFor();
  await there.getByRole('button', { name: 'Sign out' }).click();
  await there.getByRole('link', { name: 'Forgot your password?' }).click();
  await shows(there, 'forgot');
  await there.getByLabel('Email').fill('carol@example.com');
  await there.keyboard.press('Enter');
  await there.getByText('If carol@example.com has an account, a mail is on its way.').waitFor();
  await there.goto(await mailed('reset'));
  await there.getByLabel('Password', { exact: true }).fill('shorter');
  await there.keyboard.press('Enter');
  await there.getByText('Use at least 8 characters.').waitFor();
  await shows(there, 'reset');
  await there.getByLabel('Password', { exact: true }).fill('counts on looms');
  await there.keyboard.press('Enter');
  await there.getByText('Your new password is saved. Sign in with it.').waitFor();
  await there.getByLabel('Email').fill('carol@example.com');
  await there.getByLabel('Password', { exact: true }).fill('counts on looms');
  await there.keyboard.press('Enter');
  await there.getByRole('heading', { name: 'Todos', exact: true }).waitFor();
  allowed = /status of 40/;
  await there.goto(`${home}/reset?token=used`);
  await there.getByLabel('Password', { exact: true }).fill('counts on sheep');
  await there.keyboard.press('Enter');
  await there.locator('#account-fault', { hasText: /\S/ }).waitFor();
  await carol.close();
});

await step('the API reference shows every operation, and tries one out', async () => {
  await page.goto(`${home}/api/reference`);
  const document = await (await fetch(`${home}/api/openapi.json`)).json();
  const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
  const operations = Object.values(document.paths)
    .flatMap((path) => Object.keys(path).filter((method) => methods.includes(method))).length;
  await until(async () => assert.equal(await page.locator('.opblock').count(), operations));
  await page.screenshot({ path: join(screenshots, 'reference.png') });
  const list = page.locator('.opblock', { hasText: 'List todos' }).first();
  await list.locator('.opblock-summary-control').click();
  await list.getByRole('button', { name: 'Try it out' }).click();
  await list.getByRole('button', { name: 'Execute' }).click();
  await until(async () => assert.match(await list.locator('.live-responses-table td.response-col_status').last().innerText(), /^200/));
  await isSound(page, 'reference');
  await page.goto(home);
});

await browser.close();
