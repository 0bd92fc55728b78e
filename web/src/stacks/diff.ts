/** A line of a comparison. */
export interface DiffLine {
  kind: 'same' | 'added' | 'removed'
  text: string
  /** Its number in the old and in the new text; 0 where it is not. */
  old: number
  new: number
}

/** Beyond this many pairs of lines two texts are different as a whole: nobody reads such a comparison. */
const MOST_PAIRS = 4_000_000

/** Compares two texts by lines. An empty text has no line. */
export function diff(before: string, after: string): DiffLine[] {
  const a = linesOf(before)
  const b = linesOf(after)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const kinds = [
    ...Array<DiffLine['kind']>(start).fill('same'),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...Array<DiffLine['kind']>(end).fill('same'),
  ]
  let old = 0
  let next = 0
  return kinds.map(kind => {
    if (kind !== 'added') old++
    if (kind !== 'removed') next++
    return { kind, text: (kind === 'added' ? b[next - 1] : a[old - 1])!, old: kind === 'added' ? 0 : old, new: kind === 'removed' ? 0 : next }
  })
}

/** What changed with some lines around it; null stands for lines that are left out. */
export function hunks(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const near = lines.map(() => false)
  lines.forEach((line, index) => {
    if (line.kind !== 'same') near.fill(true, Math.max(0, index - around), index + around + 1)
  })
  const shown: (DiffLine | null)[] = []
  lines.forEach((line, index) => {
    if (near[index]) shown.push(line)
    else if (shown.at(-1) !== null) shown.push(null)
  })
  return shown
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/))

/** The longest common part of both, and what is beside it. */
function middle(a: readonly string[], b: readonly string[]): DiffLine['kind'][] {
  if (a.length * b.length === 0 || a.length * b.length > MOST_PAIRS) return [...a.map(() => 'removed' as const), ...b.map(() => 'added' as const)]
  // lengths[i * width + j]: how much a from i and b from j have in common.
  const width = b.length + 1
  const lengths = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const here = i * width + j
      lengths[here] = a[i] === b[j] ? lengths[here + width + 1]! + 1 : Math.max(lengths[here + width]!, lengths[here + 1]!)
    }
  }
  const kinds: DiffLine['kind'][] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const here = i * width + j
    if (i < a.length && j < b.length && a[i] === b[j]) {
      kinds.push('same')
      i++
      j++
    } else if (i < a.length && (j === b.length || lengths[here + width]! >= lengths[here + 1]!)) {
      kinds.push('removed')
      i++
    } else {
      kinds.push('added')
      j++
    }
  }
  return kinds
}
