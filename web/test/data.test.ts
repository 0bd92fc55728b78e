import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matches, parseFilter } from '../src/data/filter.ts'
import { mergeEvents, type HostEvent } from '../src/data/events.ts'
import { EventParser, type ServerEvent } from '../src/data/sse.ts'
import { breakGaps, tickLabels } from '../src/rooms/time-axis.ts'
import { find, type Shortcut } from '../src/app/keys.ts'
import { bytes, duration, publishedPorts, shortImage, visible } from '../src/parts/text.ts'

const names = ['state', 'image']
const row = { state: 'running', image: 'nginx:1.27' }
const hay = 'web running nginx:1.27 front door'

for (const [text, passes] of [
  ['', true],
  ['web', true],
  ['db', false],
  ['state:running', true],
  ['state:exited', false],
  ['state:exited state:running', true],
  ['-image:nginx', false],
  ['-state:exited nginx', true],
  ['"front door"', true],
  ['"door front"', false],
  ['state:', true],
  ['other:thing', false],
  ['IMAGE:NGINX', true],
  ['1.27 web', true],
  ['-web', false],
  ['-db', true],
  ['web -door', false],
  ['-"front door"', false],
  ['-"door front" web', true],
] as const) {
  test(`the filter ${JSON.stringify(text)} ${passes ? 'passes' : 'does not pass'}`, () => assert.equal(matches(parseFilter(text, names), row, hay), passes))
}

test('two keys one after the other are one shortcut for a second', () => {
  const run = (): void => {}
  const all: Shortcut[] = [
    { key: 'g h', does: 'hosts', run },
    { key: 'h', does: 'left', run },
  ]
  find('g', 0, all)
  assert.equal(find('h', 500, all)?.does, 'hosts')
  find('g', 10_000, all)
  assert.equal(find('h', 11_500, all)?.does, 'left')
})

test('texts for people', () => {
  assert.equal(bytes(0), '0 B')
  assert.equal(bytes(1536), '1.5 KiB')
  assert.equal(bytes(1000 * 1024), '1.0 MiB')
  assert.equal(duration(59), '59 s')
  assert.equal(duration(7_300), '2 h')
  assert.equal(shortImage('registry.example:5000/team/web:1@sha256:' + 'a'.repeat(64)), 'team/web:1')
  assert.equal(shortImage('library/web'), 'library/web')
  assert.equal(shortImage('sha256:' + 'ab'.repeat(32)), 'abababababab')
  assert.equal(
    publishedPorts([
      { ip: '0.0.0.0', public_port: 80, private_port: 8080, type: 'tcp' },
      { ip: '::', public_port: 80, private_port: 8080, type: 'tcp' },
      { ip: '', public_port: 0, private_port: 9, type: 'udp' },
      { ip: '', public_port: 53, private_port: 53, type: 'udp' },
    ]),
    '80→8080, 53→53/udp',
  )
})

test('characters that hide or turn text become visible', () => {
  assert.equal(visible('a\u202egnp.exe\u0007'), 'a�gnp.exe�')
})

test('a line is broken where points are missing, and not where one is', () => {
  assert.deepEqual(breakGaps([0, 60, 180, 600], 60, [[1, 2, 3, 4]]), [
    [0, 60, 180, 240, 600],
    [1, 2, 3, null, 4],
  ])
})

test('events are there once and the newest is first, read or by the stream', () => {
  const event = (timestamp: string, action = 'start'): HostEvent => ({ hostId: 'h', container_id: 'c', container_name: 'web', image: 'i', action, timestamp })
  const merged = mergeEvents(
    [event('2026-11-30T12:00:02Z'), event('2026-11-30T12:00:01Z')],
    [event('2026-11-30T12:00:02Z'), event('2026-11-30T12:00:03Z', 'die')],
    2,
  )
  assert.deepEqual(
    merged.map(item => item.timestamp.slice(17, 19)),
    ['03', '02'],
  )
})

test('server-sent events are read however they are cut', () => {
  const text = ': connected\n\nid: 7\nevent: log\ndata: {"a":\ndata: 1}\n\ndata: x\r\n\r\n'
  for (const size of [1, 3, 1000]) {
    const parser = new EventParser()
    const read: ServerEvent[] = []
    for (let at = 0; at < text.length; at += size) read.push(...parser.push(text.slice(at, at + size)))
    assert.deepEqual(read, [
      { id: '7', name: 'log', data: '{"a":\n1}' },
      { id: '7', name: 'message', data: 'x' },
    ])
  }
})

test('times of an axis say the day where it begins', () => {
  const at = (text: string): number => new Date(text).getTime() / 1000
  assert.deepEqual(tickLabels([at('2026-11-30T22:00'), at('2026-11-30T23:00'), at('2026-12-01T00:00')]), ['22:00\n11-30', '23:00', '00:00\n12-01'])
  assert.deepEqual(tickLabels([at('2026-11-30T22:00:00'), at('2026-11-30T22:00:15')]), ['22:00:00\n11-30', '22:00:15'])
  assert.deepEqual(tickLabels([at('2026-11-28T00:00'), at('2026-11-29T00:00')]), ['11-28', '11-29'])
  assert.deepEqual(tickLabels([at('2026-09-01T00:00'), at('2026-10-01T00:00')]), ['2026-09', '2026-10'])
  assert.deepEqual(tickLabels([]), [])
})
