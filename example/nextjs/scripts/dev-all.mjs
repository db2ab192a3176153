// Starts this app and the todo API beside it, and stops both: with Ctrl-C, or
// when one of them ends. At the first run it makes the secret that sessions
// hang on.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = resolve(fileURLToPath(import.meta.url), '../..')
const module = resolve(here, '../..') // where go run finds ./example
const port = process.env.PORT || '3000'
const app = `http://localhost:${port}`
const address = process.env.ADDR || '127.0.0.1:8080' // reached from this machine only
const api = `http://localhost:${address.split(':').pop()}/api`

if (!existsSync(join(here, 'node_modules/next'))) fail('run "npm ci" first')
keepSecret(join(here, '.env.local'))

const windows = process.platform === 'win32'
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', BETTER_AUTH_URL: app }
const running = new Set()
let code = null

start('api', 'go', ['run', './example'], module, {
  ADDR: address,
  CORS_ORIGINS: app,
  BETTER_AUTH_SECRET: '', // the API does without it: it reads the key set
})
const next = join(here, 'node_modules/next/dist/bin/next')
start('app', process.execPath, [next, 'dev', '--hostname', 'localhost', '--port', port], here, {
  NEXT_PUBLIC_API_URL: api,
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0))

function start(name, command, args, cwd, more) {
  // A group of its own: "go run" passes signals on to nobody.
  const child = spawn(command, args, { cwd, env: { ...env, ...more }, detached: !windows, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
    let rest = ''
    from.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) to.write(`${name} | ${line}\n`)
    })
  }
  child.on('error', (error) => {
    running.delete(child)
    console.error(`${name} | ${command} does not start: ${error.message}`)
    stop(1)
  })
  child.on('exit', (status) => {
    running.delete(child)
    if (code === null) console.error(`${name} has ended; stopping the other`)
    stop(status || 1)
  })
}

function stop(status) {
  code ??= status
  if (running.size === 0) process.exit(code)
  for (const child of running) signal(child, 'SIGINT')
  setTimeout(() => {
    for (const child of running) signal(child, 'SIGKILL')
  }, 10_000).unref()
}

function signal(child, name) {
  try {
    if (windows) child.kill(name)
    else process.kill(-child.pid, name)
  } catch {
    // it has ended by itself
  }
}

function keepSecret(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (process.env.BETTER_AUTH_SECRET || /^BETTER_AUTH_SECRET=./m.test(text)) return
  const line = `BETTER_AUTH_SECRET=${randomBytes(32).toString('base64url')}\n`
  writeFileSync(file, text && !text.endsWith('\n') ? `\n${line}` : line, { flag: 'a', mode: 0o600 })
  console.log(`a secret for the sessions is in ${file} now`)
}

function fail(reason) {
  console.error(`dev-all: ${reason}`)
  process.exit(1)
}
