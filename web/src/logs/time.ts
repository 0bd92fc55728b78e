/** How times are shown. */
export type Clock = 'local' | 'utc' | 'off'

const two = (value: number): string => String(value).padStart(2, '0')

/** The time of a line, with the date when it is not today's. */
export function showTime(time: string, clock: Clock, now = new Date()): string {
  if (clock === 'off' || time === '') return ''
  const at = new Date(time)
  if (Number.isNaN(at.getTime())) return time
  const parts = (date: Date): [day: string, time: string] =>
    clock === 'utc'
      ? [date.toISOString().slice(0, 10), date.toISOString().slice(11, 23)]
      : [
          `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
          `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`,
        ]
  const [day, clockTime] = parts(at)
  return day === parts(now)[0] ? clockTime : day.slice(5) + ' ' + clockTime
}

const lengths: Record<string, number> = { m: 60, h: 3600, d: 86_400 }

/** What an address says of a time: `15m`, `1h` and `7d` are that long ago; everything else is a time. '' for none and for what is no time. */
export function readTime(text: string, now: number): string {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  const at = count ? now - Number(count) * lengths[unit!]! * 1000 : Date.parse(text)
  return Number.isNaN(at) ? '' : new Date(at).toISOString()
}

/** The value of an `<input type="datetime-local">` for a time, and the time of a value. */
export function toInput(time: string): string {
  const at = new Date(time)
  return Number.isNaN(at.getTime()) ? '' : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
export const fromInput = (value: string): string => {
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString()
}
