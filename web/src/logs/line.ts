import { plainText } from './ansi.ts'
import { guessLevel, type Level } from './level.ts'

/** A line as the hub tells it. */
export interface ToldLine {
  /** RFC 3339, with up to nanoseconds; '' or missing when the engine told none. */
  time?: string
  stream?: 'stdout' | 'stderr'
  text: string
}

/** A line of a log with its place. */
export interface LogLine {
  /** Its number on this page: no other line has it. */
  n: number
  time: string
  /** Where it comes from: the key of a container. */
  source: string
  stream: 'stdout' | 'stderr'
  text: string
  /** The text without colours and what else a terminal would obey; for search and copies. */
  plain: string
  level: Level
}

let made = 0

// oxlint-disable-next-line no-control-regex
const special = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** A line with what is known of it once and for all. A line that is indented belongs to the one above, as those of a stack trace do. */
export function makeLine(source: string, told: ToldLine, above: Level): LogLine {
  const plain = special.test(told.text) ? plainText(told.text) : told.text
  const level = guessLevel(plain) || (/^\s+\S/.test(plain) ? above : '')
  return { n: ++made, time: told.time ?? '', source, stream: told.stream ?? 'stdout', text: told.text, plain, level }
}
