import { isMap, isScalar, parseDocument, type Document, type Node, type YAMLMap } from 'yaml'
import { serviceKeys, topKeys } from './compose-keys.ts'

/** Something about a file, at characters of its text. */
export interface Finding {
  from: number
  to: number
  severity: 'error' | 'warning' | 'info'
  message: string
}

/** The files of a stack. */
export interface Files {
  compose: string
  env: string
}

export type Values = Record<string, unknown>

/** A compose file as it was read; what cannot be read is missing. */
export interface Compose {
  document: Document.Parsed
  services: Map<string, Values>
  top: Values
}

export function readCompose(text: string): Compose {
  const document = parseDocument(text, { prettyErrors: false, merge: true, logLevel: 'silent' })
  let top: Values = {}
  try {
    top = asValues(document.toJS({ maxAliasCount: 100 }))
  } catch {
    // Aliases beyond measure, or to nothing: the linter says so.
  }
  return { document, top, services: new Map(Object.entries(asValues(top['services'])).map(([name, service]) => [name, asValues(service)])) }
}

const asValues = (value: unknown): Values => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {})

/** Names in a list, or the keys of an object: compose has both. */
const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : Object.keys(asValues(value)))

/** What compose would say of a file, as far as it can be known here, and what it would only find out later. */
export function lintCompose(text: string, env: string): Finding[] {
  const { document, services, top } = readCompose(text)
  const found: Finding[] = []
  const add = (severity: Finding['severity'], message: string, [from, to]: readonly [number, number]): void => {
    const start = Math.min(from, text.length)
    found.push({ severity, message, from: start, to: Math.max(start, Math.min(to, text.length)) })
  }
  // What follows from a mistake is told at the same place, or right behind it.
  let told = -1
  for (const error of document.errors) {
    const line = text.slice(0, error.pos[0]).split('\n').length
    if (line !== told) add('error', sentence(error.message), error.pos)
    told = line
  }
  for (const warning of document.warnings) add('warning', sentence(warning.message), warning.pos)
  if (document.errors.length > 0) return found
  if (text.trim() === '') {
    add('error', 'A compose file needs services.', [0, 0])
    return found
  }
  const root = document.contents
  if (!isMap(root)) {
    add('error', 'A compose file is a map that begins with services:', rangeOf(root))
    return found
  }
  for (const [key, range] of keysOf(root)) {
    if (key === 'version') add('info', 'version: means nothing any more; compose ignores it.', range)
    else if (!topKeys.has(key) && !key.startsWith('x-')) add('error', `Compose knows no ${key}: at this place.`, range)
  }
  const list = root.get('services', true)
  if (!isMap(list)) add('error', 'There are no services: it is a map with a name for each.', list ? rangeOf(list as Node) : [0, 0])
  else for (const [name, range] of keysOf(list)) lintService(name, range, list.get(name, true), services, top, add)
  lintVariables(text, env, add)
  return found
}

type Add = (severity: Finding['severity'], message: string, range: readonly [number, number]) => void

function lintService(name: string, range: readonly [number, number], node: unknown, services: ReadonlyMap<string, Values>, top: Values, add: Add): void {
  if (!isMap(node)) {
    add('error', `${name} is no map: a service has at least an image: or a build:`, range)
    return
  }
  const service = services.get(name) ?? {}
  const at = (key: string): readonly [number, number] => keysOf(node).find(([found]) => found === key)?.[1] ?? range
  for (const [key, place] of keysOf(node)) {
    if (!serviceKeys.has(key) && !key.startsWith('x-')) add('error', `Compose knows no ${key}: in a service.`, place)
  }
  if (!('image' in service) && !('build' in service) && !('extends' in service) && !('provider' in service))
    add('error', `${name} has neither image: nor build:`, range)
  for (const other of [...namesIn(service['depends_on']), ...namesIn(service['links']).map(link => link.split(':')[0]!)])
    if (!services.has(other) && !('include' in top)) add('error', `${name} names the service ${other}, which is not there.`, at('depends_on'))
  const networks = asValues(top['networks'])
  for (const network of namesIn(service['networks']))
    if (network !== 'default' && !(network in networks) && !('include' in top))
      add('error', `The network ${network} of ${name} is not among networks: at the end of the file.`, at('networks'))
  const volumes = asValues(top['volumes'])
  for (const volume of volumesOf(service))
    if (!(volume in volumes) && !('include' in top))
      add('error', `The volume ${volume} of ${name} is not among volumes: at the end of the file.`, at('volumes'))
  for (const file of envFilesOf(service))
    if (file !== '.env' && file !== './.env')
      add('warning', `The hub keeps only .env beside the compose file: ${file} has to be on the host already.`, at('env_file'))
}

/** Named volumes that a service uses. */
export function volumesOf(service: Values): string[] {
  const list = Array.isArray(service['volumes']) ? (service['volumes'] as unknown[]) : []
  return list.flatMap(item => {
    if (typeof item === 'string') {
      const [source = ''] = item.split(':')
      return item.includes(':') && /^[\w][\w.-]*$/.test(source) ? [source] : []
    }
    const { type, source } = asValues(item)
    return type === 'volume' && typeof source === 'string' && !source.includes('$') ? [source] : []
  })
}

const envFilesOf = (service: Values): string[] =>
  [service['env_file']]
    .flat()
    .flatMap(item => (typeof item === 'string' ? [item] : typeof asValues(item)['path'] === 'string' ? [asValues(item)['path'] as string] : []))

function keysOf(map: YAMLMap): [string, readonly [number, number]][] {
  // The key of a merge is a symbol.
  return map.items.flatMap(pair =>
    isScalar(pair.key) && typeof pair.key.value !== 'symbol' ? [[String(pair.key.value), rangeOf(pair.key)] as [string, readonly [number, number]]] : [],
  )
}

const rangeOf = (node: Node | null): readonly [number, number] => (node?.range ? [node.range[0], node.range[1]] : [0, 0])

const sentence = (message: string): string => (message.endsWith('.') ? message : message + '.')

const variable = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g

function lintVariables(text: string, env: string, add: Add): void {
  const known = readEnv(env)
  const told = new Set<string>()
  for (const match of text.matchAll(variable)) {
    const name = match[1] ?? match[4]
    const lineStart = text.lastIndexOf('\n', match.index) + 1
    if (name === undefined || known.has(name) || told.has(name) || /(^|\s)#/.test(text.slice(lineStart, match.index))) continue
    const range = [match.index, match.index + match[0].length] as const
    const operator = match[2] ?? ''
    if (operator.endsWith('?')) add('error', `${name} is not in .env, and compose goes no further without it.`, range)
    else if (operator === '') add('warning', `${name} is not in .env: compose puts nothing in its place.`, range)
    else continue
    told.add(name)
  }
}

/** The variables of a `.env` file; of two with one name the last. */
export function readEnv(text: string): Map<string, string> {
  const read = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (!match) continue
    const quoted = /^(["'])(.*)\1/.exec(match[2]!)
    read.set(match[1]!, quoted ? quoted[2]! : match[2]!.replace(/\s+#.*$/, ''))
  }
  return read
}

export function lintEnv(text: string): Finding[] {
  const found: Finding[] = []
  const seen = new Set<string>()
  let from = 0
  let open = ''
  for (const line of text.split('\n')) {
    const to = from + line.length
    const start = from
    from = to + 1
    if (open) {
      if (line.includes(open)) open = ''
      continue
    }
    if (/^\s*(#.*)?\r?$/.test(line)) continue
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)$/.exec(line)
    if (!match) found.push({ from: start, to, severity: 'error', message: 'A line of .env is NAME=value.' })
    else {
      if (seen.has(match[1]!)) found.push({ from: start, to, severity: 'warning', message: `${match[1]} is there twice: the last one counts.` })
      seen.add(match[1]!)
      const quote = match[2]![0]
      if ((quote === '"' || quote === "'") && !match[2]!.slice(1).includes(quote)) open = quote
    }
  }
  return found
}

/** A text with the variables of `.env` in their places, as far as compose would do it. */
export function interpolate(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(variable, (whole, braced: string | undefined, operator: string | undefined, more: string | undefined, plain: string | undefined) => {
    const name = braced ?? plain
    if (name === undefined) return '$'
    const value = env.get(name)
    const there = operator?.startsWith(':') ? Boolean(value) : value !== undefined
    if (operator?.endsWith('-')) return there ? value! : interpolate(more ?? '', env)
    if (operator?.endsWith('+')) return there ? interpolate(more ?? '', env) : ''
    if (operator?.endsWith('?')) return there ? value! : whole
    return value ?? ''
  })
}
