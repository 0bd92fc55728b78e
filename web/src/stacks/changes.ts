import { interpolate, readCompose, readEnv, volumesOf, type Files, type Values } from './compose.ts'

/** What a deployment does to a service, as far as it can be known before. */
export interface ServiceChange {
  service: string
  effect: 'new' | 'recreated' | 'started' | 'unchanged' | 'left' | 'unknown'
  why: string
}

/** Compose leaves a container alone when only these change. */
const withoutEffect = new Set(['build', 'depends_on', 'develop', 'profiles', 'pull_policy', 'scale'])

/**
 * What a deployment would do to each service: compose recreates those whose part of the file is another one.
 * @param before What was deployed last; undefined when that is not known.
 * @param after What is to be deployed.
 * @param running Services that have containers now, and whether one of them runs.
 */
export function serviceChanges(before: Files | undefined, after: Files, running: ReadonlyMap<string, boolean>, force = false): ServiceChange[] {
  const next = resolve(after)
  const old = before && resolve(before)
  const changes: ServiceChange[] = []
  for (const [service, values] of next.services) {
    const add = (effect: ServiceChange['effect'], why: string): number => changes.push({ service, effect, why })
    const profiles = values['profiles']
    if (Array.isArray(profiles) && profiles.length > 0 && !running.has(service)) {
      add('unchanged', 'it has a profile, and none is on')
      continue
    }
    if (!running.has(service)) {
      add('new', old?.services.has(service) ? 'it has no container now' : 'it is new in the file')
      continue
    }
    if (force) {
      add('recreated', 'every container is made anew')
      continue
    }
    const was = old?.services.get(service)
    if (!old) add('unknown', 'what was deployed before is not known here: compose recreates it if it is different')
    else if (!was) add('unknown', 'a container is there already: compose recreates it if it is different')
    else {
      const different = reasons(was, values, old.top, next.top)
      if (different.length > 0) add('recreated', different.join(', ') + (different.length > 1 ? ' change' : ' changes'))
      else add(running.get(service) ? 'unchanged' : 'started', running.get(service) ? 'nothing changes' : 'it does not run now')
    }
  }
  for (const service of new Set([...(old?.services.keys() ?? []), ...running.keys()])) {
    if (!next.services.has(service) && running.has(service))
      changes.push({ service, effect: 'left', why: 'it is not in the file any more: its container stays until you remove it' })
  }
  return changes
}

const resolve = (files: Files) => readCompose(interpolate(files.compose, readEnv(files.env)))

function reasons(was: Values, now: Values, topBefore: Values, topNow: Values): string[] {
  const keys = new Set([...Object.keys(was), ...Object.keys(now)])
  const different = [...keys].filter(key => !withoutEffect.has(key) && !same(forCompose(key, was[key]), forCompose(key, now[key])))
  for (const [kind, names] of [
    ['networks', namesOf(now['networks'], ['default'])],
    ['volumes', volumesOf(now)],
    ['configs', namesOf(now['configs'], [])],
    ['secrets', namesOf(now['secrets'], [])],
  ] as const) {
    for (const name of names) if (!same(inside(topBefore[kind], name), inside(topNow[kind], name))) different.push(`${kind.slice(0, -1)} ${name}`)
  }
  return different
}

/** `deploy.replicas` is a number of containers, and no reason to recreate one. */
function forCompose(key: string, value: unknown): unknown {
  if (key !== 'deploy' || typeof value !== 'object' || value === null) return value
  const { replicas: _, ...rest } = value as Values
  return Object.keys(rest).length === 0 ? undefined : rest
}

function namesOf(value: unknown, otherwise: string[]): string[] {
  if (value === undefined) return otherwise
  if (Array.isArray(value)) return value.map(item => (typeof item === 'string' ? item : String((item as Values | null)?.['source'] ?? '')))
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

const inside = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Values)[name] : undefined)

const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

/** A value as a text that does not depend on the order of keys; empty ones are as if they were not there. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return '[' + value.map(canonical).join() + ']'
  if (typeof value === 'object' && value !== null)
    return (
      '{' +
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => JSON.stringify(key) + ':' + canonical(item))
        .join() +
      '}'
    )
  return JSON.stringify(value ?? null)
}
