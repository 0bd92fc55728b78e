import type { LogLine } from './line.ts'

/** Compares times as text. Docker leaves out trailing zeros, so fractions are compared as fractions. */
export function compareTimes(a: string, b: string): number {
  if (a === b) return 0
  if (a.length === b.length) return a < b ? -1 : 1
  const [a1, b1] = [a.slice(0, 19), b.slice(0, 19)]
  if (a1 !== b1) return a1 < b1 ? -1 : 1
  const fraction = (text: string): string => /^\.(\d+)/.exec(text.slice(19))?.[1]?.padEnd(9, '0') ?? '000000000'
  const [af, bf] = [fraction(a), fraction(b)]
  return af === bf ? 0 : af < bf ? -1 : 1
}

const isAfter = (a: LogLine, b: LogLine): boolean => a.time !== '' && b.time !== '' && compareTimes(a.time, b.time) > 0

/**
 * Lines of several containers in the order of their times. Lines that come late are put where they belong, unless they would have to pass more than
 * `reach` lines: then they stay at the end, for nobody reads there any more. The oldest lines beyond `limit` are dropped.
 */
export class LogBuffer {
  readonly lines: LogLine[] = []
  /** How many have been added, and how many of them were dropped. */
  added = 0
  dropped = 0

  constructor(
    readonly limit = 50_000,
    readonly reach = 10_000,
  ) {}

  /** Adds lines of one container, in their order. */
  add(added: readonly LogLine[]): void {
    const { lines } = this
    if (added.length === 0) return
    this.added += added.length
    const later = lines.splice(this.#place(added[0]!))
    let next = 0
    for (const line of added) {
      while (next < later.length && !isAfter(later[next]!, line)) lines.push(later[next++]!)
      lines.push(line)
    }
    while (next < later.length) lines.push(later[next++]!)
    // Dropped in blocks: moving fifty thousand lines for each new one would cost more than showing it.
    if (lines.length > this.limit * 1.1) {
      const excess = lines.length - this.limit
      lines.splice(0, excess)
      this.dropped += excess
    }
  }

  #place(line: LogLine): number {
    const { length } = this.lines
    const stop = Math.max(0, length - this.reach)
    let at = length
    while (at > stop && isAfter(this.lines[at - 1]!, line)) at--
    return at === stop && stop > 0 ? length : at
  }
}
