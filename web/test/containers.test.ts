import assert from 'node:assert/strict'
import { test } from 'node:test'

test('what the stream tells while all containers are read is kept', async () => {
  const quiet = (): void => {}
  Object.assign(globalThis, { window: globalThis, addEventListener: quiet, removeEventListener: quiet })
  const { containers, readContainers, startContainers } = await import('../src/data/containers.ts')
  const { startLive } = await import('../src/data/live.ts')
  const row = (id: string, state = 'running'): object => ({ host_id: 'h', id, name: id, host: 'nas', image: 'i', project: '', service: '', state, health: '' })
  let stream!: ReadableStreamDefaultController<Uint8Array>
  let answer!: (page: Response) => void
  globalThis.fetch = (path, init) => {
    init?.signal?.addEventListener('abort', () => stream.error(new Error('aborted')))
    return String(path).startsWith('/api/stream')
      ? Promise.resolve(new Response(new ReadableStream<Uint8Array>({ start: made => void (stream = made) })))
      : new Promise(resolve => {
          answer = resolve
        })
  }
  const stop = new AbortController()
  startContainers()
  void startLive(stop.signal)
  const reading = readContainers()
  const data = { added: [row('new')], changed: [row('changed', 'exited')], removed: ['gone'] }
  stream.enqueue(new TextEncoder().encode(`event: containers_changed\ndata: ${JSON.stringify({ host_id: 'h', data })}\n\n`))
  while (!containers.has('h:new')) await new Promise(resolve => setImmediate(resolve))
  answer(new Response(JSON.stringify({ items: [row('old'), row('changed'), row('gone')] })))
  await reading
  stop.abort()
  assert.deepEqual([...containers.keys()].sort(), ['h:changed', 'h:new', 'h:old'])
  assert.equal(containers.get('h:changed')?.state, 'exited')
})

test('a reading that a later one has overtaken changes nothing', async () => {
  const { containers, readContainers } = await import('../src/data/containers.ts')
  const row = (id: string): object => ({ host_id: 'k', id, name: id, host: 'nas', image: 'i', project: '', service: '', state: 'running', health: '' })
  const answers: ((page: Response) => void)[] = []
  globalThis.fetch = () => new Promise(resolve => answers.push(resolve))
  const earlier = readContainers()
  const later = readContainers()
  answers[1]!(new Response(JSON.stringify({ items: [row('old'), row('made')] })))
  await later
  answers[0]!(new Response(JSON.stringify({ items: [row('old'), row('gone')] })))
  await earlier
  assert.deepEqual([...containers.keys()].sort(), ['k:made', 'k:old'])
})
