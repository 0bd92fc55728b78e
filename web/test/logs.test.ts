import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnsi, plainText } from '../src/logs/ansi.ts'
import { guessLevel } from '../src/logs/level.ts'
import { compareTimes, LogBuffer, type LogLine } from '../src/logs/merge.ts'

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

const at = (time: string, text: string, source = 'a'): LogLine => ({ time, source, stream: 'stdout', text })

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
