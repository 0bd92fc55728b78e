/** Text with one look. */
export interface Span {
  text: string
  classes: string
}

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

// CSI sequences, OSC sequences with their end, and other escapes of two characters.
// oxlint-disable-next-line no-control-regex
const escapes = /\u001b(?:\[([0-9;:?<=>!]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~]?)/g
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/**
 * Splits a line of a log into spans. Colours of the sixteen and bold, dim, italic, underlined become classes; of larger palettes only the nearest of the
 * sixteen; everything else that a terminal would obey is left out. A carriage return begins the line anew, as in a terminal.
 */
export function parseAnsi(line: string): Span[] {
  const restart = line.replace(/\r+$/, '').lastIndexOf('\r')
  const text = restart >= 0 ? line.slice(restart + 1) : line
  if (!text.includes('\u001b')) return [{ text: text.replace(controls, ''), classes: '' }]
  const spans: Span[] = []
  const look = { foreground: '', background: '', styles: new Set<string>() }
  let from = 0
  const push = (until: number): void => {
    const part = text.slice(from, until).replace(controls, '')
    if (part) spans.push({ text: part, classes: classes(look) })
  }
  for (const match of text.matchAll(escapes)) {
    push(match.index)
    if (match[2] === 'm') apply(look, match[1] ?? '')
    from = match.index + match[0].length
  }
  push(text.length)
  return spans.length > 0 ? spans : [{ text: '', classes: '' }]
}

/** The text alone, for search and copies. */
export const plainText = (line: string): string =>
  parseAnsi(line)
    .map(span => span.text)
    .join('')

interface Look {
  foreground: string
  background: string
  styles: Set<string>
}

const classes = (look: Look): string =>
  [look.foreground && 'f-' + look.foreground, look.background && 'b-' + look.background, ...look.styles].filter(Boolean).join(' ')

const styles: Record<number, string> = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underlined' }

function apply(look: Look, codes: string): void {
  const list = codes === '' ? [0] : codes.split(/[;:]/).map(Number)
  for (let i = 0; i < list.length; i++) {
    const code = list[i]!
    if (code === 0) {
      look.foreground = look.background = ''
      look.styles.clear()
    } else if (styles[code]) look.styles.add(styles[code])
    else if (code === 22) {
      look.styles.delete('bold')
      look.styles.delete('dim')
    } else if (code === 23) look.styles.delete('italic')
    else if (code === 24) look.styles.delete('underlined')
    else if (code >= 30 && code <= 37) look.foreground = colours[code - 30]!
    else if (code >= 90 && code <= 97) look.foreground = colours[code - 90]!
    else if (code === 39) look.foreground = ''
    else if (code >= 40 && code <= 47) look.background = colours[code - 40]!
    else if (code >= 100 && code <= 107) look.background = colours[code - 100]!
    else if (code === 49) look.background = ''
    else if (code === 38 || code === 48) {
      const colour = list[i + 1] === 5 ? indexed(list[i + 2] ?? 0) : nearest(list[i + 2] ?? 0, list[i + 3] ?? 0, list[i + 4] ?? 0)
      i += list[i + 1] === 5 ? 2 : 4
      if (code === 38) look.foreground = colour
      else look.background = colour
    }
  }
}

function indexed(index: number): string {
  if (index < 16) return colours[index % 8]!
  if (index >= 232) return index < 244 ? 'black' : 'white'
  const cube = index - 16
  return nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51)
}

const nearest = (red: number, green: number, blue: number): string => {
  const bright = Math.max(red, green, blue) / 2
  return colours[(red > bright ? 1 : 0) + (green > bright ? 2 : 0) + (blue > bright ? 4 : 0)]!
}
