import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnsi, plainText } from '../src/logs/ansi.ts'
import { guessLevel } from '../src/logs/level.ts'
import { makeLine, type LogLine } from '../src/logs/line.ts'
import { compareTimes, LogBuffer } from '../src/logs/merge.ts'
import { Position } from '../src/logs/position.ts'
import { findLine, pattern, splitFound } from '../src/logs/search.ts'
import { keyOfLog, logsOf, readKeys } from '../src/logs/sources.ts'
import { readTime, showTime } from '../src/logs/time.ts'

const esc = '\u001b'

test('colours become classes and nothing else of a terminal remains', () => {
  assert.deepEqual(parseAnsi(`a${esc}[1;31mb${esc}[0mc`), [
    { text: 'a', classes: '' },
    { text: 'b', classes: 'f-red bold' },
    { text: 'c', classes: '' },
  ])
  assert.equal(plainText(`${esc}]0;title\u0007x${esc}[2Ky${esc}(Bz\u0000\u202e`), 'xyz')
})

test('larger palettes are brought to the nearest of sixteen colours', () => {
  assert.equal(parseAnsi(`${esc}[38;5;196mx`)[0]!.classes, 'f-red')
  assert.equal(parseAnsi(`${esc}[38;2;10;200;20;4mx`)[0]!.classes, 'f-green underlined')
  assert.equal(parseAnsi(`${esc}[48;5;250mx`)[0]!.classes, 'b-white')
})

test('a carriage return begins the line anew', () => {
  assert.equal(plainText('10%\r50%\r100%\r'), '100%')
})

test('an escape that is cut off at the end is no text', () => {
  assert.equal(plainText(`done${esc}[3`), 'done3')
  assert.equal(plainText(`done${esc}`), 'done')
})

for (const [line, level] of [
  ['2026-11-30T12:00:00Z ERROR cannot open', 'error'],
  ['{"level":"warn","msg":"disk"}', 'warn'],
  ['{"level":50,"msg":"pino"}', 'error'],
  ['level=debug msg=x', 'debug'],
  ['[INFO] ready', 'info'],
  ['warning: deprecated', 'warn'],
  ['2026/11/30 12:00:00 [notice] 1#1: start', 'info'],
  ['an error may have occurred in this prose', ''],
  ['GET /errors 200', ''],
  ['informational text', ''],
] as const) {
  test(`the level of "${line}" is "${level}"`, () => assert.equal(guessLevel(line), level))
}

const at = (time: string, text: string, source = 'a'): LogLine => makeLine(source, { time, text }, '')

test('times are compared as times although Docker leaves out trailing zeros', () => {
  assert.equal(compareTimes('2026-11-30T12:00:00.1Z', '2026-11-30T12:00:00.099999999Z'), 1)
  assert.equal(compareTimes('2026-11-30T12:00:00Z', '2026-11-30T12:00:00.000000001Z'), -1)
  assert.equal(compareTimes('2026-11-30T12:00:00.5Z', '2026-11-30T12:00:00.500Z'), 0)
})

test('lines of two containers stand in the order of their times, those of one time in the order of arrival', () => {
  const buffer = new LogBuffer()
  buffer.add([at('2026-11-30T12:00:01Z', '1'), at('2026-11-30T12:00:03Z', '3')])
  buffer.add([at('2026-11-30T12:00:02Z', '2', 'b'), at('2026-11-30T12:00:03Z', '4', 'b')])
  assert.deepEqual(
    buffer.lines.map(line => line.text),
    ['1', '2', '3', '4'],
  )
})

test('a line without a time stays where it came', () => {
  const buffer = new LogBuffer()
  buffer.add([at('2026-11-30T12:00:02Z', '1'), at('', '2'), at('2026-11-30T12:00:01Z', '3')])
  assert.deepEqual(
    buffer.lines.map(line => line.text),
    ['1', '2', '3'],
  )
})

test('a line that is far too late is put at the end, and the oldest are dropped and counted', () => {
  const buffer = new LogBuffer(10, 3)
  buffer.add(Array.from({ length: 10 }, (_, i) => at(`2026-11-30T12:00:${10 + i}Z`, String(i))))
  buffer.add([at('2026-11-30T12:00:01Z', 'late')])
  assert.equal(buffer.lines.at(-1)!.text, 'late')
  buffer.add([at('2026-11-30T12:01:00Z', 'x')])
  assert.equal(buffer.lines.length, 10)
  assert.equal(buffer.dropped, 2)
})

test('each of a batch of lines is put where it belongs', () => {
  const buffer = new LogBuffer()
  const second = (n: number): string => `2026-11-30T12:00:${10 + n}Z`
  buffer.add([0, 2, 4, 6].map(n => at(second(n), String(n))))
  buffer.add([1, 4, 5, 9].map(n => at(second(n), n + 'b', 'b')))
  assert.equal(buffer.lines.map(line => line.text).join(' '), '0 1b 2 4 4b 5b 6 9b')
  assert.equal(buffer.added, 8)
})

test('a log that is read again gives what is new, lines of the same time too', () => {
  const position = new Position()
  for (const time of ['1', '2', '2']) assert.equal(position.take('2026-11-30T12:00:0' + time + 'Z'), true)
  position.continue()
  const again = ['0', '1', '2', '2', '2', '3'].map(time => position.take('2026-11-30T12:00:0' + time + 'Z'))
  assert.deepEqual(again, [false, false, false, false, true, true])
  assert.equal(position.take('2026-11-30T12:00:01Z'), true, 'a clock that was set back later hides nothing')
})

test('what is indented belongs to the line above', () => {
  assert.equal(makeLine('a', { text: '    at main (app.js:1)' }, 'error').level, 'error')
  assert.equal(makeLine('a', { text: 'served' }, 'error').level, '')
  assert.equal(makeLine('a', { text: `${esc}[31mERROR${esc}[0m x` }, '').plain, 'ERROR x')
})

test('a search is for a text as it is, or for an expression between slashes', () => {
  assert.equal(pattern('a.c')!.test('abc'), false)
  assert.equal(pattern('/a.c/')!.test('xABCx'), true)
  assert.equal(pattern('/a(/'), undefined)
  assert.equal(pattern(''), undefined)
  assert.deepEqual(splitFound('one two one', pattern('one')!), ['', 'one', ' two ', 'one', ''])
  assert.deepEqual(splitFound('abc', pattern('/x*/')!), ['abc'])
})

test('the next that is found is looked for around the ends', () => {
  const lines = ['hit', 'x', 'hit', 'x'].map(text => at('', text))
  const mark = pattern('hit')!
  assert.equal(findLine(lines, mark, 4, -1), 2)
  assert.equal(findLine(lines, mark, 2, -1), 0)
  assert.equal(findLine(lines, mark, 0, -1), 2)
  assert.equal(findLine(lines, mark, 2, 1), 0)
  assert.equal(findLine(lines, mark, 0, 1), 2)
  assert.equal(findLine(lines, pattern('none')!, 0, 1), -1)
  assert.equal(findLine([], mark, 0, 1), -1)
})

test('times are shown with their date when it is not today', () => {
  const now = new Date('2026-11-30T23:00:00Z')
  assert.equal(showTime('2026-11-30T12:00:00.123456789Z', 'utc', now), '12:00:00.123')
  assert.equal(showTime('2026-11-29T12:00:00Z', 'utc', now), '11-29 12:00:00.000')
  assert.equal(showTime('2026-11-30T12:00:00Z', 'off', now), '')
  assert.equal(showTime('noon', 'local', now), 'noon')
})

test('an address says times as such, or how long ago', () => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  assert.equal(readTime('15m', now), '2026-11-30T11:45:00.000Z')
  assert.equal(readTime('1d', now), '2026-11-29T12:00:00.000Z')
  assert.equal(readTime('2026-11-30T10:00:00Z', now), '2026-11-30T10:00:00.000Z')
  assert.equal(readTime('yesterday', now), '')
  assert.equal(readTime('', now), '')
})

test('the containers of an address are read as they were written', () => {
  const rows = [
    { host_id: 'h1', name: 'web' },
    { host_id: 'h2', name: 'web' },
  ]
  const text = new URL(logsOf(rows), 'http://x').searchParams.get('c')!
  assert.deepEqual(readKeys(text), rows.map(keyOfLog))
  assert.deepEqual(readKeys('h1:web,h1:web,nothing,:x,h:'), ['h1:web'])
})
