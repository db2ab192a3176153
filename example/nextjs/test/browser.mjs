// Drives the app in Chromium as two people use it. browser_test.go starts what
// it needs and says in the environment where that is; by itself this script
// does nothing.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { chromium } from 'playwright-core'

const { APP_URL: app, LATE_URL: late, API_URL: api, CONTROL_URL: control } = process.env
const { SCREENSHOTS: screenshots, CHROMIUM: executablePath } = process.env
const life = 15 * 60_000 // of a token, in milliseconds
const margin = 30_000 // so long before its end it is renewed
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

/** Person is somebody at a browser of their own, and what that browser did. */
class Person {
  tokens = [] // as sent to the API
  renewals = 0
  refusals = 0
  faults = []
  #allowed = []

  static async sits(name, email, options) {
    const person = new Person()
    Object.assign(person, { name, email, password: `a good password of ${name}` })
    person.context = await browser.newContext({ colorScheme: 'light', reducedMotion: 'reduce', ...options })
    person.context.setDefaultTimeout(60_000)
    person.page = await person.opens()
    return person
  }

  async opens() {
    const page = await this.context.newPage()
    page.on('pageerror', (error) => this.faults.push(`uncaught: ${error.stack}`))
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      const text = `${message.text()} ${message.location().url}`
      if (!this.#allowed.some((pattern) => pattern.test(text))) this.faults.push(text)
    })
    page.on('request', (request) => {
      const url = request.url()
      if (url === `${app}/api/auth/token`) this.renewals++
      const token = request.headers()['authorization']?.replace('Bearer ', '')
      if (token) {
        assert.ok(url.startsWith(`${api}/`), `a token went to ${url}`)
        if (this.tokens.at(-1) !== token) this.tokens.push(token)
      }
    })
    page.on('response', (response) => {
      if (response.url().startsWith(api) && response.status() === 401) this.refusals++
    })
    return page
  }

  /** Lets the browser log what it cannot keep to itself, such as an answer of 401, while the work lasts. */
  async bears(patterns, work) {
    this.#allowed = patterns
    await work()
    await this.page.waitForTimeout(50)
    this.#allowed = []
  }

  async signsUp() {
    await this.page.goto(`${app}/sign-up`)
    await this.page.getByLabel('Name').fill(this.name)
    await this.page.getByLabel('E-mail').fill(this.email)
    await this.page.getByLabel('Password', { exact: true }).fill(this.password)
    await this.page.getByRole('button', { name: 'Sign up' }).click()
    await this.seesList()
  }

  async signsIn(password = this.password, page = this.page) {
    await page.getByLabel('E-mail').fill(this.email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  async seesList(page = this.page) {
    await page.getByRole('heading', { name: `${this.name}’s todos` }).waitFor()
    await page.locator('.rows, p.empty').first().waitFor()
  }

  async adds(title) {
    await this.page.getByLabel('New todo').fill(title)
    await this.page.keyboard.press('Enter')
    await this.row(title).waitFor()
    await this.saved()
  }

  /** Waits until nothing is on its way. */
  async saved() {
    await this.page.waitForFunction(() => document.querySelector('[data-pending]') === null)
  }

  row(title) {
    return this.page.getByRole('listitem').filter({ hasText: title })
  }

  async titles() {
    return this.page.locator('.title span').allTextContents()
  }

  async sees(...titles) {
    await until(async () => assert.deepEqual(await this.titles(), titles))
  }

  /** The element that the keyboard goes to. */
  async focus() {
    return this.page.evaluate(() => {
      const element = document.activeElement
      return element?.getAttribute('aria-label') ?? element?.textContent
    })
  }

  async calls(method, path, { body, headers, token = this.tokens.at(-1) } = {}) {
    return fetch(`${api}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
      body: body && JSON.stringify(body),
    })
  }

  /** A token that is good, from where the page gets its own. */
  async fresh() {
    const { token } = await (await this.context.request.get(`${app}/api/auth/token`)).json()
    return token
  }

  /** The todos with the title, as the API has them. */
  async stored(title) {
    const response = await this.calls('GET', `/todos?limit=500`, { token: await this.fresh() })
    assert.equal(response.status, 200)
    return (await response.json()).filter((todo) => todo.title === title)
  }

  /** Takes pictures in light and dark, and looks for what can be found out without eyes. */
  async shows(name, sizes = [this.page.viewportSize()]) {
    const was = this.page.viewportSize()
    for (const size of sizes) {
      for (const colorScheme of ['light', 'dark']) {
        await this.page.setViewportSize(size)
        await this.page.emulateMedia({ colorScheme })
        const over = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.equal(over, 0, `${name} is ${over} px too wide for ${size.width} px`)
        await this.page.screenshot({ path: join(screenshots, `${name}-${size.width}-${colorScheme}.png`) })
        if (size !== sizes[0]) continue
        if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.evaluate(axe)
        const found = await this.page.evaluate(async () => (await globalThis.axe.run()).violations)
        const said = found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`)
        assert.deepEqual(said, [], `${name} at ${size.width} px, ${colorScheme}`)
      }
    }
    await this.page.setViewportSize(was)
    await this.page.emulateMedia({ colorScheme: 'light' })
  }
}

async function until(check, patience = 60_000) {
  const end = Date.now() + patience
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const wide = { width: 1280, height: 800 }
const narrow = { width: 390, height: 844 }
const phone = { viewport: narrow, hasTouch: true, isMobile: true }

const ada = await Person.sits('Ada', 'ada@example.com', { viewport: wide })
const bob = await Person.sits('Bob', 'bob@example.com', phone)

const steps = {
  async 'a page without a session leads to sign-in, and forms say what is missing'() {
    const page = ada.page
    await page.goto(app)
    assert.equal(page.url(), `${app}/sign-in`)
    await ada.shows('sign-in', [wide, narrow])
    await page.getByRole('link', { name: 'Make an account' }).click()
    await page.getByRole('heading', { name: 'Make an account' }).waitFor()
    await ada.shows('sign-up', [wide, narrow])
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByText('Tell us what to call you.').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'name')
    await ada.shows('sign-up-faults', [wide, narrow])
  },

  async 'two people sign up in two browsers'() {
    await Promise.all([ada.signsUp(), bob.signsUp()])
    await ada.shows('empty', [wide])
    await bob.shows('empty')
  },

  async 'each sees only their own todos'() {
    await ada.adds('A surprise for Bob')
    await bob.adds('Something of Bob’s')
    await ada.page.reload()
    await bob.page.reload()
    await ada.sees('A surprise for Bob')
    await bob.sees('Something of Bob’s')
    const [todo] = await ada.stored('A surprise for Bob')
    const foreign = await bob.calls('GET', `/todos/${todo.id}`, { token: await bob.fresh() })
    assert.equal(foreign.status, 404)
  },

  async 'everything can be done by keyboard'() {
    const { page } = ada
    const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
    await page.getByLabel('New todo').focus()
    await page.keyboard.type('Plan the weekend')
    await press('Enter')
    await ada.saved()
    assert.equal(await ada.focus(), 'New todo')
    await page.keyboard.type('Call Grandma')
    await press('Enter')
    await ada.saved()
    await ada.sees('Call Grandma', 'Plan the weekend', 'A surprise for Bob')

    await press('Tab', 'Tab') // over Add to the first todo
    assert.equal(await ada.focus(), 'Call Grandma')
    await press('Space')
    await ada.saved()
    assert.ok(await ada.row('Call Grandma').getByRole('checkbox').isChecked())

    await press('Tab', 'Enter') // its title
    await page.keyboard.type('Call Grandma about the photos')
    await ada.shows('edit', [wide])
    await press('Enter')
    await ada.saved()
    await ada.sees('Call Grandma about the photos', 'Plan the weekend', 'A surprise for Bob')
    assert.equal(await ada.focus(), 'Call Grandma about the photos')
    await press('Enter')
    await page.keyboard.type('never mind')
    await press('Escape')
    await ada.sees('Call Grandma about the photos', 'Plan the weekend', 'A surprise for Bob')
    assert.equal(await ada.focus(), 'Call Grandma about the photos')
    await page.getByLabel('New todo').fill('x'.repeat(1025))
    await press('Enter')
    await page.getByText('this one has 1025').waitFor()
    await page.getByLabel('New todo').fill('')
    await page.getByRole('button', { name: 'Call Grandma about the photos', exact: true }).focus()
    await press('Enter', 'Delete', 'Enter') // a title that is empty
    await page.getByText('A todo needs a title.').waitFor()
    await press('Escape')

    await page.getByRole('radio', { name: 'All' }).focus()
    await press('ArrowRight')
    await ada.sees('Plan the weekend', 'A surprise for Bob')
    await press('ArrowRight')
    await ada.sees('Call Grandma about the photos')
    assert.equal(page.url(), `${app}/?show=done`)
    await page.reload()
    await ada.sees('Call Grandma about the photos')
    await page.getByRole('radio', { name: 'Done' }).focus()
    await press('ArrowLeft', 'ArrowLeft')
    await ada.sees('Call Grandma about the photos', 'Plan the weekend', 'A surprise for Bob')

    await ada.row('Plan the weekend').getByRole('button', { name: 'Delete' }).focus()
    await press('Enter')
    await ada.sees('Call Grandma about the photos', 'A surprise for Bob')
    assert.equal(await ada.focus(), 'Delete A surprise for Bob') // not the start of the page
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    await ada.shows('deleted', [wide])
    await page.getByRole('button', { name: 'Undo' }).focus()
    await press('Enter')
    await ada.saved()
    await ada.sees('Call Grandma about the photos', 'Plan the weekend', 'A surprise for Bob')
    await ada.shows('list', [wide])
  },

  async 'a reload keeps the session'() {
    await ada.page.reload()
    await ada.seesList()
    await ada.sees('Call Grandma about the photos', 'Plan the weekend', 'A surprise for Bob')
  },

  async 'the token is in memory and nowhere else'() {
    for (const person of [ada, bob]) {
      const [found, cookies] = await Promise.all([
        person.page.evaluate(async () => ({
          local: { ...localStorage },
          session: { ...sessionStorage },
          cookie: document.cookie,
          url: location.href,
          html: document.documentElement.outerHTML,
          databases: await indexedDB.databases(),
          caches: await caches.keys(),
          globals: Object.keys(globalThis).filter((name) => typeof globalThis[name] === 'string').map((name) => globalThis[name]),
        })),
        person.context.cookies(),
      ])
      assert.equal(found.cookie, '')
      assert.deepEqual(found.databases, [])
      assert.deepEqual(found.caches, [])
      const text = JSON.stringify(found)
      const jwt = /eyJ[\w-]*\.eyJ/ // three letters alone may be in a session or a file name by chance
      assert.doesNotMatch(text, jwt)
      for (const cookie of cookies) {
        assert.ok(cookie.httpOnly && cookie.sameSite === 'Lax', cookie.name)
        assert.doesNotMatch(cookie.value, jwt)
        assert.ok(!text.includes(decodeURIComponent(cookie.value).split('.')[0]), 'the session')
      }
      assert.deepEqual(cookies.map(({ name }) => name), ['better-auth.session_token'])
    }
  },

  async 'a token is renewed before it expires, once for all, and not earlier'() {
    const { page } = ada
    await page.clock.install()
    await page.reload()
    await ada.seesList()
    const before = ada.renewals
    const slack = 20_000 // for what takes its time on a busy machine since the token came
    await page.clock.fastForward(life - margin - slack)
    await ada.row('Plan the weekend').getByRole('checkbox').click()
    await ada.saved()
    assert.equal(ada.renewals, before, 'the token was good for a while')
    await page.clock.fastForward(slack + 1000)
    await Promise.all(['Plan the weekend', 'A surprise for Bob'].map((title) => ada.row(title).getByRole('checkbox').click()))
    await ada.saved()
    await until(() => assert.deepEqual([ada.refusals, ada.renewals], [0, before + 1]))
  },

  async 'the API down: a message, and it recovers by itself'() {
    await ada.bears([/ERR_CONNECTION_REFUSED/, /ERR_CONNECTION_RESET/, /ERR_EMPTY_RESPONSE/], async () => {
      assert.equal((await fetch(`${control}/stop`, { method: 'POST' })).status, 200)
      await ada.page.getByLabel('New todo').fill('Written in the dark')
      await ada.page.keyboard.press('Enter')
      await ada.row('Call Grandma').getByRole('checkbox').click()
      await ada.page.getByText('The todo service does not answer.').waitFor()
      await ada.row('Written in the dark').getByText('not saved yet').waitFor()
      await ada.shows('api-down', [wide, narrow])
      assert.equal((await fetch(`${control}/start`, { method: 'POST' })).status, 200)
      await ada.page.getByText('The todo service does not answer.').waitFor({ state: 'detached' })
      await ada.saved()
    })
    assert.equal((await ada.stored('Written in the dark')).length, 1)
    assert.equal((await ada.stored('Call Grandma about the photos'))[0].completed, false)
  },

  async 'no network: a message, and it recovers by itself'() {
    await bob.bears([/ERR_INTERNET_DISCONNECTED/], async () => {
      await bob.context.setOffline(true)
      await bob.page.getByLabel('New todo').fill('Written on the train')
      await bob.page.keyboard.press('Enter')
      await bob.page.getByText('You are offline.').waitFor()
      await bob.shows('offline')
      await bob.context.setOffline(false)
      await bob.page.getByText('You are offline.').waitFor({ state: 'detached' })
      await bob.saved()
    })
    assert.equal((await bob.stored('Written on the train')).length, 1)
  },

  async 'an answer that is lost creates nothing twice'() {
    await ada.bears([/ERR_FAILED/], async () => {
      let lost = 0
      await ada.page.route(`${api}/todos`, async (route) => {
        if (route.request().method() !== 'POST' || lost++ > 0) return route.continue()
        await route.fetch()
        await route.abort()
      })
      await ada.adds('Only once')
      await ada.page.unroute(`${api}/todos`)
      assert.equal(lost, 2)
    })
    assert.equal((await ada.stored('Only once')).length, 1)
  },

  async 'an edit does not overwrite what was changed elsewhere'() {
    const [todo] = await ada.stored('Only once')
    await ada.row('Only once').getByRole('button', { name: 'Only once', exact: true }).click()
    const elsewhere = await ada.calls('PATCH', `/todos/${todo.id}`, { body: { title: 'Changed elsewhere' }, token: await ada.fresh() })
    assert.equal(elsewhere.status, 200)
    await ada.bears([/412/], async () => {
      await ada.page.keyboard.type('Changed here')
      await ada.page.keyboard.press('Enter')
      await ada.page.getByText('It was changed elsewhere, to “Changed elsewhere”.').waitFor()
    })
    await ada.page.getByLabel('New todo').focus() // which saves an edit, but not this one
    await ada.shows('conflict', [wide])
    assert.equal((await ada.stored('Changed elsewhere')).length, 1)
    assert.equal((await ada.stored('Changed elsewhere')).length, 1)
    await ada.page.getByLabel('Title of').press('Enter')
    await until(async () => assert.equal((await ada.stored('Changed here')).length, 1))
  },

  async 'a long list comes in pages'() {
    const token = await bob.fresh()
    for (let n = 1; n <= 105; n++) {
      const made = await bob.calls('POST', '/todos', { body: { title: `Thing ${n}` }, token })
      assert.equal(made.status, 201)
    }
    await bob.calls('POST', '/todos', { body: { title: 'L'.repeat(200) }, token })
    await bob.page.reload()
    await until(async () => assert.equal((await bob.titles()).length, 100))
    await bob.page.getByText('108 things to do').waitFor()
    await bob.shows('long')
    await bob.page.getByRole('button', { name: 'Show more' }).click()
    await until(async () => assert.equal((await bob.titles()).length, 108))
    assert.equal((await bob.titles()).at(-1), 'Something of Bob’s')
    assert.equal(await bob.page.getByRole('button', { name: 'Show more' }).count(), 0)
    await bob.row('Something of Bob’s').getByRole('button', { name: 'Delete' }).tap()
    await until(async () => assert.equal((await bob.titles()).length, 107))
  },

  async 'a token that has expired is renewed without the page noticing'() {
    // The same service with a clock that is late, so to speak.
    const { token: old } = await (await ada.context.request.get(`${late}/api/auth/token`)).json()
    const refused = await ada.calls('GET', '/todos', { token: old })
    assert.equal(refused.status, 401)
    await ada.bears([/401/], async () => {
      let given = 0
      await ada.page.route('**/api/auth/token', (route) => (given++ === 0 ? route.fulfill({ json: { token: old } }) : route.continue()))
      await ada.page.clock.fastForward(life)
      const before = ada.renewals
      await ada.adds('After the end')
      await until(() => assert.deepEqual([ada.refusals, ada.renewals], [1, before + 2])) // events may come late
      await ada.page.unroute('**/api/auth/token')
    })
    assert.equal((await ada.stored('After the end')).length, 1)
    assert.equal(await ada.page.locator('.notice, .banner:not([data-empty])').count(), 0)

    // One retry, not two: then it is said.
    await ada.bears([/401/], async () => {
      const before = ada.refusals
      await ada.page.route('**/api/auth/token', (route) => route.fulfill({ json: { token: old } }))
      await ada.page.clock.fastForward(life)
      await ada.row('After the end').getByRole('checkbox').click()
      await ada.page.locator('.notice').getByText('does not accept this sign-in').waitFor()
      await until(() => assert.equal(ada.refusals, before + 2))
      await ada.page.unroute('**/api/auth/token')
    })
    assert.equal(await ada.row('After the end').getByRole('checkbox').isChecked(), false)
    await ada.shows('refused', [wide, narrow])
  },

  async 'a session that has become somebody else’s shows nothing of the one before'() {
    const own = await ada.context.cookies()
    await ada.context.addCookies(await bob.context.cookies())
    await ada.page.clock.fastForward(life)
    await ada.row('After the end').getByRole('checkbox').click()
    await bob.seesList(ada.page)
    assert.doesNotMatch(await ada.page.evaluate(() => document.body.innerText), /Ada|photos/)
    assert.equal((await ada.stored('After the end')).length, 0, 'the cookies are Bob’s')
    await ada.context.addCookies(own)
    await ada.page.reload()
    await ada.seesList()
  },

  async 'sign-out ends the session, in every tab, and the back button shows nothing of it'() {
    const second = await ada.opens()
    await second.goto(app)
    await ada.seesList(second)
    const away = await ada.opens()
    await away.goto(app)
    await ada.seesList(away)
    await away.goto(`${api}/openapi.json`)
    await ada.page.getByRole('button', { name: 'Sign out' }).click()
    await ada.page.waitForURL(`${app}/sign-in`)
    await second.waitForURL(`${app}/sign-in`)
    assert.deepEqual(await ada.context.cookies(), [])
    for (const page of [ada.page, second, away]) {
      await page.goBack()
      await page.waitForLoadState()
      await page.waitForTimeout(200)
      assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /Ada|photos/)
    }
    assert.equal(away.url(), `${app}/sign-in`)
    await second.close()
    await away.close()
    await ada.page.goto(app)
    assert.equal(ada.page.url(), `${app}/sign-in`)
    assert.equal((await ada.context.request.get(`${app}/api/auth/token`)).status(), 401)
  },

  async 'a wrong password is said, and somebody else sees their own list in the same browser'() {
    await ada.bears([/401/], async () => {
      await ada.signsIn('not her password')
      await ada.page.getByText('The address or the password is not right.').waitFor()
    })
    await ada.shows('sign-in-refused', [wide, narrow])
    await bob.signsIn(bob.password, ada.page)
    await bob.seesList(ada.page)
    assert.doesNotMatch(await ada.page.evaluate(() => document.body.innerText), /Ada|photos/)
  },

  async 'a session that has ended elsewhere leads to sign-in, which says so'() {
    await bob.page.clock.install()
    await bob.page.reload()
    await bob.seesList()
    await bob.context.clearCookies()
    await bob.adds('While the token is good')
    await bob.bears([/401/], async () => {
      await bob.page.clock.fastForward(life)
      await bob.row('While the token is good').getByRole('checkbox').tap()
      await bob.page.waitForURL(`${app}/sign-in?ended`)
    })
    await bob.page.getByText('Your session has ended.').waitFor()
    await bob.shows('session-ended')
  },
}

let failed = false
for (const [name, step] of Object.entries(steps)) {
  const start = Date.now()
  try {
    await step()
    for (const person of [ada, bob]) assert.deepEqual(person.faults, [], `the console of ${person.name}`)
    console.log(`ok ${((Date.now() - start) / 1000).toFixed(1)}s ${name}`)
  } catch (error) {
    failed = true
    console.log(`FAILED ${name}\n${error.stack}`)
    for (const { name, page } of [ada, bob]) {
      await page.screenshot({ path: join(screenshots, `failed-${name}.png`) }).catch(() => {})
      console.log(`${name} is at ${page.url()}`)
    }
    break
  }
}
await browser.close()
process.exit(failed ? 1 : 0)
