/** A line of a log with its place. */
export interface LogLine {
  /** RFC 3339, with up to nanoseconds; '' when the engine told none. */
  time: string
  /** Where it comes from: the key of a container. */
  source: string
  stream: 'stdout' | 'stderr'
  text: string
}

/** Compares times as text. Docker leaves out trailing zeros, so fractions are compared as fractions. */
export function compareTimes(a: string, b: string): number {
  const [a1, b1] = [a.slice(0, 19), b.slice(0, 19)]
  if (a1 !== b1) return a1 < b1 ? -1 : 1
  const fraction = (text: string): string => /^\.(\d+)/.exec(text.slice(19))?.[1]?.padEnd(9, '0') ?? '000000000'
  const [af, bf] = [fraction(a), fraction(b)]
  return af === bf ? 0 : af < bf ? -1 : 1
}

/**
 * Lines of several containers in the order of their times. A line that comes late is put where it belongs, unless it would have to pass more than
 * `reach` lines: then it stays at the end, for nobody reads there any more. The oldest lines beyond `limit` are dropped.
 */
export class LogBuffer {
  readonly lines: LogLine[] = []
  dropped = 0

  constructor(
    readonly limit = 50_000,
    readonly reach = 2_000,
  ) {}

  add(added: readonly LogLine[]): void {
    for (const line of added) {
      let at = this.lines.length
      const stop = Math.max(0, at - this.reach)
      while (at > stop && line.time && this.lines[at - 1]!.time && compareTimes(this.lines[at - 1]!.time, line.time) > 0) at--
      if (at === this.lines.length || (at === stop && stop > 0)) this.lines.push(line)
      else this.lines.splice(at, 0, line)
    }
    // Dropped in blocks: moving fifty thousand lines for each new one would cost more than showing it.
    if (this.lines.length > this.limit * 1.1) {
      const excess = this.lines.length - this.limit
      this.lines.splice(0, excess)
      this.dropped += excess
    }
  }

  clear(): void {
    this.lines.length = 0
    this.dropped = 0
  }
}
