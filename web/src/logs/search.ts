import type { LogLine } from './line.ts'

/** `/…/` is a regular expression; everything else is looked for as it is. Undefined for nothing, and for an expression that is not complete yet. */
export function pattern(text: string): RegExp | undefined {
  if (!text) return undefined
  const expression = /^\/(.+)\/$/.exec(text)?.[1]
  try {
    return new RegExp(expression ?? text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), 'i')
  } catch {
    return undefined
  }
}

/** The text in parts; every second one is found. */
export function splitFound(text: string, mark: RegExp): string[] {
  const parts: string[] = []
  let from = 0
  for (const match of text.matchAll(new RegExp(mark.source, 'gi'))) {
    if (match[0] === '') continue
    parts.push(text.slice(from, match.index), match[0])
    from = match.index + match[0].length
  }
  return [...parts, text.slice(from)]
}

/** The place of the next line that is found, behind or before another, around the ends; -1 for none. */
export function findLine(lines: readonly LogLine[], mark: RegExp, from: number, step: 1 | -1): number {
  const { length } = lines
  for (let passed = 1; passed <= length; passed++) {
    const at = (from + step * passed + length * 2) % length
    if (mark.test(lines[at]!.plain)) return at
  }
  return -1
}
