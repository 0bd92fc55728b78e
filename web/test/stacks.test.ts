import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceChanges } from '../src/stacks/changes.ts'
import { interpolate, lintCompose, lintEnv, readEnv } from '../src/stacks/compose.ts'
import { diff, hunks } from '../src/stacks/diff.ts'
import { nothingYet, takeEnd, takeProgress, type Names } from '../src/stacks/progress.ts'

const shown = (before: string, after: string): string[] => diff(before, after).map(line => ({ same: ' ', added: '+', removed: '-' })[line.kind] + line.text)

test('two texts are compared by lines', () => {
  assert.deepEqual(shown('a\nb\nc\n', 'a\nx\nc\n'), [' a', '-b', '+x', ' c'])
  assert.deepEqual(shown('', 'a\n'), ['+a'])
  assert.deepEqual(shown('a\r\nb', 'a\nb\n'), [' a', ' b'])
  assert.deepEqual(shown('a\nb\nc\nd\ne', 'b\nc\nx\ne\nf'), ['-a', ' b', ' c', '-d', '+x', ' e', '+f'])
  assert.deepEqual(
    diff('a\nb', 'b\nc').map(line => [line.old, line.new]),
    [
      [1, 0],
      [2, 1],
      [0, 2],
    ],
  )
})

test('whatever two texts are, both can be read from their comparison', () => {
  let seed = 7
  const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below
  for (let round = 0; round < 300; round++) {
    const text = (): string => Array.from({ length: random(12) }, () => 'abcd'[random(4)]).join('\n')
    const [before, after] = [text(), text()]
    const lines = diff(before, after)
    assert.equal(
      lines
        .filter(line => line.kind !== 'added')
        .map(line => line.text)
        .join('\n'),
      before,
    )
    assert.equal(
      lines
        .filter(line => line.kind !== 'removed')
        .map(line => line.text)
        .join('\n'),
      after,
    )
  }
})

test('what is far from a change is left out', () => {
  const long = Array.from({ length: 40 }, (_, index) => 'line ' + index)
  const lines = hunks(diff(long.join('\n'), long.with(20, 'other').join('\n')), 2)
  assert.equal(lines.length, 8)
  assert.equal(lines[0], null)
  assert.equal(lines.at(-1), null)
})

const messages = (text: string, env = ''): string[] => lintCompose(text, env).map(item => `${item.severity} ${text.slice(item.from, item.to)}: ${item.message}`)

test('a file that is right has nothing wrong with it', () => {
  const text = `
x-common: &common
  restart: always
services:
  web:
    <<: *common
    image: nginx:\${VERSION:-1}
    depends_on: [db]
    volumes: ['data:/x', './a:/b', '/c:/d', 'anonymous']
    networks: [front]
  db:
    image: postgres
    environment: {PASSWORD: '\${PASSWORD}', PRICE: '5$$'}
networks: {front: {}}
volumes: {data: {}}
`
  assert.deepEqual(messages(text, 'PASSWORD=x'), [])
})

for (const [text, wanted] of [
  ['services:\n  web:\n   image: a\n  db: [', 'error'],
  ['services:\n  web: {imge: nginx, image: a}', 'Compose knows no imge: in a service.'],
  ['servces: {}', 'Compose knows no servces: at this place.'],
  ['a text', 'A compose file is a map'],
  ['', 'needs services'],
  ['services:\n  web: {ports: ["80:80"]}', 'web has neither image: nor build:'],
  ['services:\n  web: nginx', 'web is no map'],
  ['services:\n  web: {image: a, depends_on: [db]}', 'the service db, which is not there'],
  ['services:\n  web: {image: a, depends_on: {db: {condition: service_healthy}}}', 'the service db, which is not there'],
  ['services:\n  web: {image: a, networks: [front]}', 'The network front of web'],
  ['services:\n  web: {image: a, volumes: ["data:/x"]}', 'The volume data of web'],
  ['services:\n  web: {image: a, env_file: web.env}', 'web.env has to be on the host already'],
  ['services:\n  web: {image: "a:${TAG}"}', 'warning ${TAG}: TAG is not in .env'],
  ['services:\n  web: {image: "a:${TAG:?say which}"}', 'error ${TAG:?say which}: TAG is not in .env'],
  ['services:\n  web: {image: a}\n  web: {image: b}', 'error'],
] as const) {
  test(`the linter says of ${JSON.stringify(text)}: ${wanted}`, () =>
    assert.ok(
      messages(text).some(message => message.includes(wanted)),
      messages(text).join('\n'),
    ))
}

test('a bomb of aliases is an error, and quick', () => {
  const bomb =
    'a: &a [x,x,x,x,x,x,x,x,x]\n' +
    'bcdefghij'
      .split('')
      .map((name, i) => `${name}: &${name} [${('*' + 'abcdefghij'[i] + ',').repeat(9)}]\n`)
      .join('')
  assert.ok(lintCompose(bomb + 'services: {web: {image: x}}', '').length > 0)
})

test('a .env file', () => {
  assert.deepEqual(
    [...readEnv('A=1\n# no\nexport B="two words" # c\nC= x # y\nA=2')],
    [
      ['A', '2'],
      ['B', 'two words'],
      ['C', 'x'],
    ],
  )
  assert.deepEqual(
    lintEnv('A=1\nnothing here\n\n# c\nA=2\nK="-----BEGIN\nno name\nEND"\nZ=1').map(item => item.severity),
    ['error', 'warning'],
  )
})

test('variables take their places as compose has it', () => {
  const env = new Map([
    ['A', 'a'],
    ['E', ''],
  ])
  assert.equal(interpolate('$A ${A} ${A:-x} ${B:-x} ${E:-x} ${E-x} ${A:+y} ${B:+y} $$A ${B} ${B:-${A}}', env), 'a a a x x  y  $A  a')
})

const files = (compose: string, env = ''): { compose: string; env: string } => ({ compose, env })
const effects = (...parameters: Parameters<typeof serviceChanges>): string[] =>
  serviceChanges(...parameters).map(change => `${change.service} ${change.effect}`)
const up = new Map([
  ['web', true],
  ['db', true],
])

test('services whose part of the file changes are recreated, and others are not', () => {
  const before = files('services: {web: {image: nginx, ports: ["80:80"]}, db: {image: postgres}}')
  assert.deepEqual(effects(before, files('services: {web: {ports: ["80:80"], image: nginx}, db: {image: "postgres:18"}}'), up), [
    'web unchanged',
    'db recreated',
  ])
  assert.deepEqual(effects(before, files('services: {web: {image: nginx, ports: ["80:80"], depends_on: [db]}, db: {image: postgres}}'), up), [
    'web unchanged',
    'db unchanged',
  ])
  assert.deepEqual(effects(before, before, up, true), ['web recreated', 'db recreated'])
  assert.deepEqual(effects(before, before, new Map([['web', false]])), ['web started', 'db new'])
  assert.deepEqual(effects(before, files('services: {web: {image: nginx, ports: ["80:80"]}, cache: {image: redis}}'), up), [
    'web unchanged',
    'cache new',
    'db left',
  ])
})

test('a variable, a network and a volume of a service recreate it', () => {
  const file = 'services: {web: {image: "nginx:$TAG", volumes: ["d:/d"]}, db: {image: x, networks: [n]}}\n'
  const tops = (driver: string, label: string): string => `volumes: {d: {driver: ${driver}}}\nnetworks: {n: {labels: {a: ${label}}}}`
  const before = files(file + tops('local', 'x'), 'TAG=1')
  assert.deepEqual(effects(before, files(file + tops('local', 'x'), 'TAG=2'), up), ['web recreated', 'db unchanged'])
  assert.deepEqual(effects(before, files(file + tops('nfs', 'x'), 'TAG=1'), up), ['web recreated', 'db unchanged'])
  assert.deepEqual(effects(before, files(file + tops('local', 'y'), 'TAG=1'), up), ['web unchanged', 'db recreated'])
})

test('what was deployed before is not guessed', () => {
  assert.deepEqual(effects(undefined, files('services: {web: {image: nginx}, cache: {image: redis}}'), up), ['web unknown', 'cache new', 'db left'])
})

const names: Names = {
  project: 'shop',
  services: ['web', 'my-db'],
  containers: new Map([['named', 'web']]),
  images: new Map([['postgres:18', ['my-db']]]),
}
const steps = (...said: string[]): string[] =>
  [...said.reduce((progress, message) => takeProgress(progress, { stage: 'creating', message }, names), nothingYet).steps].map(
    ([service, step]) => `${service} ${step.word} ${step.kind}`,
  )

test('what compose says of containers and images is told of their services', () => {
  assert.deepEqual(steps('Network shop_default: creating', 'Container shop-web-1: creating', 'Container shop-my-db-1: created'), [
    'web creating busy',
    'my-db created busy',
  ])
  assert.deepEqual(steps('Container shop_web_1: starting', 'Container shop-web-1: started'), ['web started good'])
  assert.deepEqual(steps('Container named: recreate'), ['web recreate busy'])
  assert.deepEqual(steps('Container 0123456789ab_shop-web-1: recreated'), ['web recreated busy'])
  assert.deepEqual(steps('Container other-web-1: started', 'Container shop-unknown-1: started'), [])
  assert.deepEqual(steps('web Pulling', 'Image postgres:18 Pulled'), ['web pulling busy', 'my-db pulled busy'])
})

test('states of services are told as the agent has them, and the end says what failed', () => {
  const services = [
    { name: 'web', status: 'starting' },
    { name: 'my-db', status: 'healthy' },
  ]
  const waiting = takeProgress(nothingYet, { stage: 'health_check', message: 'waiting', services }, names)
  assert.deepEqual(
    [...waiting.steps.values()].map(step => step.kind),
    ['busy', 'good'],
  )
  const end = takeEnd(waiting, { success: false, services: { web: { status: 'Exited (1)', error: 'exited with 1' } }, failed_services: ['web', 'gone'] })
  assert.deepEqual(
    [...end.steps].map(([service, step]) => `${service} ${step.kind}`),
    ['web bad', 'my-db good', 'gone bad'],
  )
})
