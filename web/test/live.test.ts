import assert from 'node:assert/strict'
import { test } from 'node:test'

const quiet = (): void => {}
Object.assign(globalThis, { window: globalThis, addEventListener: quiet, removeEventListener: quiet })
const { listen, live, onGap, startLive } = await import('../src/data/live.ts')
const { retryNow } = await import('../src/data/retry.ts')

type Stream = ReadableStreamDefaultController<Uint8Array>

/** What is asked for, one stream after the other; each opens when the test says so. */
function streams(): { asked: (string | null)[]; open: (() => Stream)[] } {
  const asked: (string | null)[] = []
  const open: (() => Stream)[] = []
  globalThis.fetch = (_, init) => {
    asked.push(new Headers(init?.headers).get('last-event-id'))
    return new Promise((resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      open.push(() => {
        let stream!: Stream
        resolve(new Response(new ReadableStream<Uint8Array>({ start: made => void (stream = made) })))
        init?.signal?.addEventListener('abort', () => stream.error(new Error('aborted')))
        return stream
      })
    })
  }
  return { asked, open }
}

async function until(found: () => boolean): Promise<void> {
  while (!found()) {
    retryNow()
    await new Promise(resolve => setImmediate(resolve))
  }
}

test('nothing is read before the stream is open', async () => {
  const { open } = streams()
  const stop = new AbortController()
  let ready = false
  const begun = startLive(stop.signal).then(() => (ready = true))
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(ready, false)
  open[0]!()
  await begun
  stop.abort()
})

test('a stream that broke before its first event has all read again, and one that can go on has not', async () => {
  const { asked, open } = streams()
  const stop = new AbortController()
  let reads = 0
  const leave = onGap(() => reads++)
  const begun = startLive(stop.signal)
  const first = open[0]!()
  await begun
  first.error(new Error('the network changed'))
  await until(() => open.length === 2)
  assert.equal(reads, 0)
  const second = open[1]!()
  await until(() => reads === 1)
  let told = 0
  const deaf = listen(() => told++)
  second.enqueue(new TextEncoder().encode('id: 7\nevent: x\ndata: {"host_id":"h","data":{}}\n\n'))
  await until(() => told === 1)
  second.close()
  await until(() => open.length === 3)
  open[2]!()
  await until(() => live.value)
  assert.deepEqual(asked, [null, null, '7'])
  assert.equal(reads, 1)
  stop.abort()
  leave()
  deaf()
})

test('what cannot be read after a gap is read again, until nobody wants it any more', async () => {
  const { open } = streams()
  const stop = new AbortController()
  let reads = 0
  const leave = onGap(() => (++reads < 3 ? Promise.reject(new Error('the network changed')) : undefined))
  const begun = startLive(stop.signal)
  const stream = open[0]!()
  await begun
  stream.enqueue(new TextEncoder().encode('event: gap\ndata: {}\n\n'))
  await until(() => reads === 3)
  leave()
  stop.abort()
})
