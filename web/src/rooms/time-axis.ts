/** What can be looked at: how far back, and after how many seconds it is read anew. The hub has single samples of not quite five minutes. */
export const ranges = [
  { name: '5 min', seconds: 290, every: 2 },
  { name: '1 h', seconds: 3600, every: 30 },
  { name: '6 h', seconds: 6 * 3600, every: 60 },
  { name: '24 h', seconds: 86_400, every: 60 },
  { name: '7 d', seconds: 7 * 86_400, every: 300 },
  { name: '30 d', seconds: 30 * 86_400, every: 300 },
  { name: '400 d', seconds: 400 * 86_400, every: 600 },
] as const

/**
 * Times and values with an empty point where points are missing, so that a line is not drawn across a time without samples. One point may be missing by
 * the way samples and steps meet.
 */
export function breakGaps(times: readonly number[], step: number, series: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const out: (number | null)[][] = [[], ...series.map(() => [])]
  times.forEach((time, index) => {
    const before = times[index - 1]
    if (before !== undefined && time - before > 2.5 * step) {
      out[0]!.push(before + step)
      series.forEach((_, at) => out[at + 1]!.push(null))
    }
    out[0]!.push(time)
    series.forEach((values, at) => out[at + 1]!.push(values[index] ?? null))
  })
  return out
}

/** Distances of the lines behind bytes. */
export const byteSteps: number[] = Array.from({ length: 50 }, (_, power) => 2 ** power)

const two = (value: number): string => String(value).padStart(2, '0')

/** What stands below the lines of a time axis: times, with the date where a day begins; dates alone where lines are days apart. */
export function tickLabels(seconds: readonly number[]): string[] {
  const step = seconds.length > 1 ? seconds[1]! - seconds[0]! : 0
  let day = ''
  return seconds.map(value => {
    const at = new Date(value * 1000)
    const date = `${two(at.getMonth() + 1)}-${two(at.getDate())}`
    if (step >= 86_400 * 25) return `${at.getFullYear()}-${two(at.getMonth() + 1)}`
    if (step >= 86_000) return date
    const time = `${two(at.getHours())}:${two(at.getMinutes())}${step % 60 ? ':' + two(at.getSeconds()) : ''}`
    const isNew = date !== day
    day = date
    return isNew ? time + '\n' + date : time
  })
}
