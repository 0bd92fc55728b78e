/** How grave a line says it is; '' when it does not say. */
export type Level = 'error' | 'warn' | 'info' | 'debug' | ''

const names: Record<string, Level> = {
  fatal: 'error',
  panic: 'error',
  crit: 'error',
  critical: 'error',
  alert: 'error',
  emerg: 'error',
  err: 'error',
  error: 'error',
  severe: 'error',
  warn: 'warn',
  warning: 'warn',
  wrn: 'warn',
  notice: 'info',
  info: 'info',
  inf: 'info',
  information: 'info',
  debug: 'debug',
  dbg: 'debug',
  trace: 'debug',
  trc: 'debug',
  verbose: 'debug',
}
const numbers: Record<string, Level> = { 10: 'debug', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'error' }

const all = Object.keys(names).join('|')
const field = new RegExp(String.raw`"?\b(?:level|lvl|severity|loglevel|log\.level)"?\s*[=:]\s*"?(${all}|[1-6]0)\b`, 'i')
const marked = new RegExp(String.raw`[\[<(|](${all})[\]>)|]`, 'i')
const upper = new RegExp(String.raw`\b(${all.toUpperCase()})\b`)
const leading = new RegExp(String.raw`^(?:\W*[\dTZ:.,+\-/ ]+\W*)?(${all})\b\s*:`, 'i')

/** Guesses the level from what is common: a field of JSON or logfmt, `[error]`, `ERROR`, `error:` at the beginning. Looks at the first 300 characters. */
export function guessLevel(line: string): Level {
  const head = line.length > 300 ? line.slice(0, 300) : line
  const found = field.exec(head)?.[1] ?? marked.exec(head)?.[1] ?? upper.exec(head)?.[1] ?? leading.exec(head)?.[1]
  return found ? (names[found.toLowerCase()] ?? numbers[found] ?? '') : ''
}
