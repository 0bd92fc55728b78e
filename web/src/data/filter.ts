/** What can be asked of a row: words that are in any of its texts, or with a minus in none, and `name:value` for one of them. */
export interface Filter {
  words: string[]
  without: string[]
  fields: [name: string, value: string, not: boolean][]
}

/** Reads `web -old state:running -image:nginx "two words"`. A name that is not known is a word. */
export function parseFilter(text: string, names: readonly string[]): Filter {
  const filter: Filter = { words: [], without: [], fields: [] }
  for (const match of text.toLowerCase().matchAll(/(-?)(?:([a-z]+):("[^"]*"|\S*)|"([^"]*)"|(\S+))/g)) {
    const [whole, not, name, value, quoted, word] = match
    if (name !== undefined && names.includes(name)) {
      const wanted = value!.replace(/^"|"$/g, '')
      if (wanted) filter.fields.push([name, wanted, not === '-'])
    } else {
      const plain = quoted ?? word ?? whole.slice(not!.length)
      if (plain) (not ? filter.without : filter.words).push(plain)
    }
  }
  return filter
}

/** Whether a row passes: all words and one of the values of each field in it, and nothing that has a minus. */
export function matches(filter: Filter, fields: Readonly<Record<string, unknown>>, haystack: string): boolean {
  if (!filter.words.every(word => haystack.includes(word)) || filter.without.some(word => haystack.includes(word))) return false
  if (filter.fields.length === 0) return true
  const wanted = new Map<string, boolean>()
  for (const [name, value, not] of filter.fields) {
    const hit = String(fields[name] ?? '').toLowerCase().includes(value)
    if (not) {
      if (hit) return false
    } else wanted.set(name, (wanted.get(name) ?? false) || hit)
  }
  return [...wanted.values()].every(Boolean)
}
