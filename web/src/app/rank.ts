/** What is found of something: the smaller, the sooner it is shown. */
export interface Findable {
  /** What it is called. */
  name: string
  /** All that is shown of it, its name and its host included. */
  text: string
  host?: string | undefined
}

/**
 * How well the words fit: its whole name 0, the beginning of it 1, of a word in it 2, a part of it 3, something else that is shown 4, only its host 5.
 * @param words In lower case; none fit all.
 * @returns undefined where a word is nowhere.
 */
export function rank(words: readonly string[], { name, text, host }: Findable): number | undefined {
  const [all, called] = [text.toLowerCase(), name.toLowerCase()]
  if (!words.every(word => all.includes(word))) return undefined
  if (words.length === 0 || called === words.join(' ')) return 0
  const here = words.map(word => place(called, word)).filter(at => at !== undefined)
  if (here.length > 0) return Math.min(...here)
  return host !== undefined && words.every(word => host.toLowerCase().includes(word)) ? 5 : 4
}

/** How well an action on something fits, whose first word is that of the action. Not before a name is typed: Enter would do it to anything. */
export const rankAction = (words: readonly string[], on: Findable): number | undefined => (words.length < 2 ? undefined : rank(words.slice(1), on))

function place(name: string, word: string): number | undefined {
  const at = name.indexOf(word)
  if (at < 0) return undefined
  if (at === 0) return name === word ? 0 : 1
  return name.split(/[^\p{L}\p{N}]+/u).some(part => part.startsWith(word)) ? 2 : 3
}
