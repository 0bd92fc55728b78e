import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, Problem, signedOut, Unreachable } from '../src/data/http.ts'
import { pause, reader, retryNow, untilDone } from '../src/data/retry.ts'
import { sentence } from '../src/parts/text.ts'
import { wordsFor } from '../src/rooms/sign-in.tsx'

const answers = (status: number, body: string, headers: Record<string, string> = {}): void => {
  globalThis.fetch = () => Promise.resolve(new Response(body, { status, headers }))
}

async function problem(status: number, body: string, headers: Record<string, string> = {}): Promise<Problem> {
  answers(status, body, headers)
  try {
    await ask('GET', '/x')
  } catch (error) {
    if (error instanceof Problem) return error
  }
  throw new Error('no problem')
}

test('a session that has ended is told from a password that is wrong', async () => {
  let times = 0
  signedOut.run = () => times++
  await problem(401, '{"title":"Unauthorized","detail":"the name, the password or the code is wrong"}')
  assert.equal(times, 0)
  const ended = await problem(401, '{"title":"Unauthorized"}', { 'www-authenticate': 'Bearer' })
  assert.equal(times, 1)
  assert.match(ended.message, /session has ended/)
})

test('problems have their kind and how long to wait', async () => {
  const found = await problem(401, '{"type":"urn:dockmon:problem:code_required","title":"Unauthorized","detail":"a code is needed"}')
  assert.equal(found.kind, 'code_required')
  assert.equal((await problem(429, '{"title":"Too Many Requests"}', { 'retry-after': '17' })).wait, 17)
  assert.equal((await problem(502, '<html>bad gateway</html>')).detail, '<html>bad gateway</html>')
})

test('what went wrong with signing in is said by what was asked', () => {
  assert.match(wordsFor(new Problem(401, 'Unauthorized', 'x'), 'password'), /name or the password/)
  assert.match(wordsFor(new Problem(401, 'Unauthorized', 'x'), 'code'), /code is wrong/)
  assert.match(wordsFor(new Problem(429, 'Too many', 'x'), 'password'), /Too many wrong tries/)
  assert.match(wordsFor(new Unreachable(), 'password'), /does not answer/)
  assert.equal(wordsFor(new Problem(403, 'Forbidden', 'signing in takes TLS'), 'password'), 'Signing in takes TLS.')
})

test('a sentence begins with a capital letter and ends with a full stop', () => {
  assert.equal(sentence('the link is not good'), 'The link is not good.')
  assert.equal(sentence('Wait…'), 'Wait…')
  assert.equal(sentence(''), '')
})

test('what does not answer is tried until it does, what is refused is not', async () => {
  const told: string[] = []
  let tries = 0
  const stop = new AbortController()
  const done = untilDone(
    () => (++tries < 3 ? Promise.reject(new Unreachable()) : Promise.resolve()),
    text => {
      told.push(text)
      setTimeout(retryNow)
    },
    stop.signal,
  )
  await done
  assert.equal(tries, 3)
  assert.equal(told.at(-1), '')
  tries = 0
  await untilDone(
    () => {
      tries++
      return Promise.reject(new Problem(403, 'Forbidden', ''))
    },
    () => {},
    stop.signal,
  )
  assert.equal(tries, 1)
})

test('an agent that is not connected is waited for, one that cannot do it is not', async () => {
  for (const [error, wanted] of [
    [new Problem(409, 'Conflict', '', 'host_not_connected'), 3],
    [new Problem(409, 'Conflict', '', 'conflict'), 1],
    [new Problem(504, 'Gateway Timeout', '', 'agent_timeout'), 3],
    [new Problem(501, 'Not Implemented', '', 'not_supported'), 1],
  ] as const) {
    let tries = 0
    await untilDone(
      () => (++tries < 3 ? Promise.reject(error) : Promise.resolve()),
      () => setTimeout(retryNow),
      new AbortController().signal,
    )
    assert.equal(tries, wanted, error.kind)
  }
})

test('what is read again meanwhile is read once more, and not at the same time', async () => {
  const ends: (() => void)[] = []
  const stop = new AbortController()
  const read = reader(
    () => new Promise<void>(resolve => ends.push(resolve)),
    () => {},
    stop.signal,
  )
  const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  read()
  read()
  read()
  await settle()
  assert.equal(ends.length, 1)
  ends[0]!()
  await settle()
  assert.equal(ends.length, 2)
  ends[1]!()
  await settle()
  assert.equal(ends.length, 2)
  read()
  await settle()
  assert.equal(ends.length, 3)
  stop.abort()
})

test('a pause ends with its signal', async () => {
  const stop = new AbortController()
  const paused = pause(3_600_000, stop.signal)
  stop.abort()
  await paused
})
