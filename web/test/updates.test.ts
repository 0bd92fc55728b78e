import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begin, later, newOperation, withOperations, type Operation } from '../src/data/operations.ts'
import { Problem } from '../src/data/http.ts'
import { updateWord, type Update } from '../src/data/updates.ts'
import { fixedName, hasHealthCheck, keptOf, shortDigest } from '../src/updates/kept.ts'
import { outcomeOf, stepsOf } from '../src/updates/steps.ts'

const at = (second: number): string => `2026-11-30T12:00:${String(second).padStart(2, '0')}Z`
const now = Date.parse(at(30))

function operation(state: string, ...stages: string[]): Operation {
  const steps = stages.map((stage, index) => ({ at: at(index), stage, message: stage + '!' }))
  return {
    id: 'o',
    host_id: 'h',
    kind: 'update',
    subject: 'c',
    name: 'web',
    image: 'web:2',
    state,
    stage: stages.at(-1) ?? '',
    message: '',
    error: '',
    result: '',
    started_at: at(0),
    changed_at: at(20),
    steps,
  }
}

const shape = (item: Operation): string =>
  stepsOf(item, now)
    .map(step => step.state[0])
    .join('')

for (const [what, item, expected] of [
  ['has told nothing', operation('running'), 'nwwww'],
  ['pulls', operation('running', 'pulling'), 'nwwww'],
  ['creates', operation('running', 'pulling', 'configuring', 'backup'), 'dnwww'],
  ['waits for health', operation('running', 'pulling', 'creating', 'starting', 'health_check'), 'dddnw'],
  ['is done', operation('succeeded', 'pulling', 'creating', 'starting', 'health_check', 'cleanup', 'completed'), 'ddddd'],
  ['could not pull', operation('failed', 'pulling', 'failed'), 'fssss'],
  ['was refused', operation('failed'), 'sssss'],
  ['goes back', operation('running', 'pulling', 'creating', 'starting', 'health_check', 'rollback'), 'dddfns'],
  ['went back', operation('failed', 'pulling', 'creating', 'starting', 'health_check', 'rollback', 'failed'), 'dddfds'],
] as const) {
  test(`the steps of an update that ${what}`, () => assert.equal(shape(item), expected))
}

test('a step takes as long as until the next one, and the present one goes on', () => {
  const steps = stepsOf(operation('running', 'pulling', 'configuring', 'creating', 'starting'), now)
  assert.deepEqual(
    steps.map(step => step.seconds),
    [1, 2, 27, undefined, undefined],
  )
  assert.equal(steps[2]!.message, 'starting!')
  const back = stepsOf(operation('failed', 'pulling', 'starting', 'rollback', 'failed'), now)
  assert.equal(back.find(step => step.title.startsWith('Bring'))!.seconds, 18)
})

test('how an update ended, in a word', () => {
  assert.deepEqual(outcomeOf(operation('succeeded')), ['done', 'good'])
  assert.deepEqual(outcomeOf({ ...operation('succeeded'), message: 'not brought over: side' }), ['done, but not brought over: side', 'warn'])
  assert.equal(outcomeOf(operation('failed', 'rollback', 'failed'))[0], 'rolled back')
  assert.equal(outcomeOf(operation('failed', 'pulling', 'failed'))[0], 'failed, nothing was changed')
  assert.equal(outcomeOf({ ...operation('failed'), kind: 'deploy' })[0], 'failed')
  assert.deepEqual(outcomeOf(operation('running', 'rollback')), ['going back', 'warn'])
})

test('operations are the newest first, and the answer to a request does not undo what the stream told before', () => {
  const told = operation('running', 'pulling')
  const older = { ...operation('failed'), id: 'p', started_at: '2026-11-29T12:00:00Z' }
  const known = withOperations(withOperations(new Map(), [told]), [operation('running'), older])
  assert.deepEqual([...known.keys()], ['o', 'p'])
  assert.equal(known.get('o')!.stage, 'pulling')
  const ended = withOperations(withOperations(known, [operation('succeeded', 'pulling', 'completed')]), [operation('running')])
  assert.equal(ended.get('o')!.state, 'succeeded')
})

test('an operation that was lost goes on when something is heard of it after all', () => {
  const lost = { ...operation('failed', 'pulling', 'lost'), stage: 'lost' }
  assert.equal(later(lost, operation('running', 'pulling')).stage, 'lost')
  assert.equal(later(lost, operation('succeeded', 'pulling', 'lost', 'completed')).state, 'succeeded')
})

test('what is begun is asked for again with the same id while no answer comes, and not when it is refused', async () => {
  const keys: (string | null)[] = []
  globalThis.fetch = (_, init) => {
    keys.push(new Headers(init?.headers).get('idempotency-key'))
    return keys.length < 3 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(Response.json(operation('running'), { status: 202 }))
  }
  assert.equal((await begin('POST', '/x')).id, 'o')
  assert.equal(keys.length, 3)
  assert.match(keys[0]!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.equal(new Set(keys).size, 1)
  assert.notEqual(newOperation(), newOperation())
  keys.length = 0
  globalThis.fetch = () => Promise.resolve(new Response('{"title":"no"}', { status: 409, headers: { key: String(keys.push(null)) } }))
  await assert.rejects(begin('POST', '/x'), Problem)
  assert.equal(keys.length, 1)
})

test('what an update keeps', () => {
  const kept = new Map(
    keptOf({
      Config: { Env: ['A=1', 'B=2'] },
      Mounts: [
        { Type: 'volume', Name: 'data', Destination: '/data' },
        { Type: 'volume', Name: 'a'.repeat(64), Destination: '/x' },
        { Type: 'bind', Source: '/etc/web', Destination: '/conf' },
      ],
      NetworkSettings: { Networks: { front: {}, back: {} } },
      HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }], '53/udp': [{ HostPort: '' }], '9/tcp': null }, RestartPolicy: { Name: 'always' } },
    }),
  )
  assert.equal(kept.get('Volumes'), 'data at /data, an anonymous volume at /x, /etc/web at /conf')
  assert.equal(kept.get('Networks'), 'front, back')
  assert.equal(kept.get('Ports'), '8080→80, any→53/udp')
  assert.match(kept.get('Environment')!, /^2 variables/)
  assert.equal(kept.get('Restart policy'), 'always')
  assert.equal(new Map(keptOf({})).get('Volumes'), 'none')
})

test('small things', () => {
  assert.equal(hasHealthCheck({ Config: { Healthcheck: { Test: ['CMD', 'x'] } } }), true)
  assert.equal(hasHealthCheck({ Config: { Healthcheck: { Test: ['NONE'] } } }), false)
  assert.equal(hasHealthCheck({ Config: {} }), false)
  assert.equal(shortDigest('sha256:0123456789abcdef'), '0123456789ab')
  assert.equal(fixedName('web:1'), '')
  assert.match(fixedName('web@sha256:' + 'a'.repeat(64)), /digest/)
  assert.match(fixedName('sha256:' + 'a'.repeat(64)), /no name/)
  assert.equal(updateWord(undefined), 'unknown')
  assert.equal(updateWord({ update_available: true } as Update), 'available')
  assert.equal(updateWord({ update_available: false } as Update), 'none')
})
