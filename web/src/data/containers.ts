import { signal } from '@preact/signals'
import { get } from './http.ts'
import { listen, onGap } from './live.ts'
import { follow } from './sse.ts'
import type { Schema } from './schema.ts'

type Answer = Schema<'ContainerAnswer'>

/** The newest sample of a container; members that its agent does not tell are missing. */
export type Figures = Partial<Schema<'ContainerFigures'>>

/** A container, with what is asked for so often that it is made once. */
export type Container = Answer & {
  key: string
  /** All that a word of a filter may be in, in lower case. */
  text: string
}

/** Beyond this many the room asks to narrow what is shown: the browser holds them all. */
export const MOST = 20_000

export const keyOf = (container: Container): string => container.key

const all = new Map<string, Container>()

/** All containers that are known, and a number that grows when they change: at once, and then at most four times a second. */
export const containers: ReadonlyMap<string, Container> = all
export const version = signal(0)
export const complete = signal(false)
const PAUSE = 250
let timer = 0
let changedAt = -PAUSE

function changed(): void {
  timer ||= window.setTimeout(
    () => {
      timer = 0
      changedAt = performance.now()
      version.value++
    },
    Math.max(0, changedAt + PAUSE - performance.now()),
  )
}

function take(row: Answer): string {
  const key = row.host_id + ':' + row.id
  const text = `${row.name} ${row.host} ${row.image} ${row.project} ${row.service} ${row.state} ${row.health} ${row.id}`.toLowerCase()
  all.set(key, { ...row, key, text })
  return key
}

interface Changes {
  added?: Answer[]
  changed?: Answer[]
  removed?: string[]
}

/** For each reading that goes on, what the stream told of meanwhile: that is newer than what is read, and is neither overwritten nor taken for gone. */
const readings = new Set<Set<string>>()
let newest = 0

function toldOf(key: string): void {
  for (const told of readings) told.add(key)
}

/** Reads all containers, a thousand at a time. */
export async function readContainers(): Promise<void> {
  const told = new Set<string>()
  readings.add(told)
  try {
    await readAll(told)
  } finally {
    readings.delete(told)
  }
}

async function readAll(told: ReadonlySet<string>): Promise<void> {
  const found = new Set<string>()
  const mine = ++newest
  let cursor = ''
  do {
    const page = await get<Schema<'ContainerPage'>>('/api/containers?limit=1000' + (cursor && '&cursor=' + encodeURIComponent(cursor)))
    // A later reading knows more, and may have come to its end already.
    if (mine !== newest) return
    for (const row of page.items) {
      const key = row.host_id + ':' + row.id
      found.add(key)
      if (!told.has(key)) take(row)
    }
    cursor = page.next ?? ''
    version.value++
  } while (cursor && found.size < MOST)
  for (const key of all.keys()) if (!found.has(key) && !told.has(key)) all.delete(key)
  complete.value = true
  version.value++
}

/** Takes in what the stream tells of containers. */
export function startContainers(): void {
  listen(({ name, hostId, data }) => {
    if (name === 'containers_changed') {
      const changes = data as Changes
      for (const row of [...(changes.added ?? []), ...(changes.changed ?? [])]) toldOf(take(row))
      for (const id of changes.removed ?? []) {
        toldOf(hostId + ':' + id)
        all.delete(hostId + ':' + id)
      }
      changed()
    } else if (name === 'host_connected' || name === 'host_disconnected') {
      for (const [key, container] of all) {
        if (container.host_id === hostId) all.set(key, { ...container, host_connected: name === 'host_connected' })
      }
      changed()
    } else if (name === 'host_removed') {
      for (const [key, container] of all) if (container.host_id === hostId) all.delete(key)
      changed()
    }
  })
  onGap(readContainers)
}

/** Figures of the containers that are in view, by key. */
export const visibleFigures = signal<ReadonlyMap<string, Figures>>(new Map())

/** Follows the figures of some containers, once a second, until the signal ends it. At most 200, as the hub has it. Tells when it has begun. */
export function followFigures(keys: readonly string[], stop: AbortSignal, onBegin?: () => void): void {
  const wanted = keys.slice(0, 200)
  const byHost = new Map<string, string[]>()
  for (const key of wanted) {
    const colon = key.indexOf(':')
    const host = key.slice(0, colon)
    byHost.set(host, [...(byHost.get(host) ?? []), key.slice(colon + 1)])
  }
  const parameters = new URLSearchParams([...byHost].map(([host, ids]) => ['figures', `${host}:${ids.join(',')}`]))
  void follow(
    '/api/containers/changes?' + parameters.toString(),
    {
      onState: open => {
        if (open && !stop.aborted) onBegin?.()
      },
      onEvent: event => {
        if (event.name !== 'figures' || stop.aborted) return
        const told = JSON.parse(event.data) as { host_id: string; id: string; figures: Schema<'ContainerFigures'> }[]
        const next = new Map(wanted.flatMap(key => (visibleFigures.value.has(key) ? [[key, visibleFigures.value.get(key)!] as const] : [])))
        for (const { host_id, id, figures } of told) {
          const key = host_id + ':' + id
          next.set(key, figures)
          // What was seen last stays known when the row is out of view.
          const row = all.get(key)
          if (row) all.set(key, { ...row, figures })
        }
        visibleFigures.value = next
      },
    },
    stop,
  )
}

/** What a filter can ask of a container by name. */
export const containerFields = ['host', 'state', 'health', 'image', 'project', 'service', 'name']
