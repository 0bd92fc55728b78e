import assert from 'node:assert/strict'
import { test } from 'node:test'

const quiet = (): void => {}
Object.assign(globalThis, { window: globalThis, addEventListener: quiet, removeEventListener: quiet })
const { hosts, memoryLimit, readHosts, startHosts } = await import('../src/data/hosts.ts')
const { startLive } = await import('../src/data/live.ts')
const { retryNow } = await import('../src/data/retry.ts')

const host = (id: string, connected: boolean): object => ({ id, hostname: id, connected, registration: {} })
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('what the stream tells of hosts while they are read is kept, and a gap has them read until it works', async () => {
  let stream!: ReadableStreamDefaultController<Uint8Array>
  const answers: ((page: Response) => void)[] = []
  globalThis.fetch = (path, init) => {
    init?.signal?.addEventListener('abort', () => stream.error(new Error('aborted')))
    return String(path).startsWith('/api/stream')
      ? Promise.resolve(new Response(new ReadableStream<Uint8Array>({ start: made => void (stream = made) })))
      : new Promise(resolve => answers.push(resolve))
  }
  const tell = async (name: string, id: string): Promise<void> => {
    stream.enqueue(new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify({ host_id: id, data: {} })}\n\n`))
    for (let i = 0; i < 5; i++) await settle()
  }
  const list = (...items: object[]): Response => new Response(JSON.stringify(items))
  const connected = (): Record<string, boolean> => Object.fromEntries([...hosts.value!.values()].map(item => [item.id, item.connected]))
  const stop = new AbortController()
  startHosts()
  void startLive(stop.signal)
  const first = readHosts()
  answers[0]!(list(host('a', true), host('b', false), host('c', true)))
  await first
  const second = readHosts()
  await tell('host_disconnected', 'a')
  await tell('host_connected', 'b')
  await tell('host_removed', 'c')
  answers[1]!(list(host('a', true), host('b', false), host('c', true)))
  await second
  assert.deepEqual(connected(), { a: false, b: true })

  await tell('gap', '')
  answers[2]!(new Response('', { status: 503 }))
  while (answers.length < 4) {
    retryNow()
    await settle()
  }
  answers[3]!(list(host('a', true)))
  while (hosts.value!.size > 1) await settle()
  assert.deepEqual(connected(), { a: true })
  stop.abort()
})

test('the memory of the host is no limit of a container', () => {
  hosts.value = new Map([['h1', { ...host('h1', true), registration: { total_memory: 1000 } } as never]])
  assert.equal(memoryLimit('h1', 1000), 0)
  assert.equal(memoryLimit('h1', 998), 0)
  assert.equal(memoryLimit('h1', 512), 512)
  assert.equal(memoryLimit('h1', undefined), 0)
  assert.equal(memoryLimit('h2', 1000), 1000)
})
