import { signal } from '@preact/signals'
import { get } from './http.ts'
import { listen, onGap } from './live.ts'
import type { Schema } from './schema.ts'

/** An update of a container, or a deployment, that goes on by itself. */
export type Operation = Schema<'OperationAnswer'>

/** How the pull of an update gets on. */
export interface Pull {
  overall_progress: number
  layers: { id: string; status: string; current: number; total: number; percent: number }[]
  total_layers: number
  remaining_layers: number
  speed_mbps: number
}

/** As many as the page holds; the oldest go first. */
const MOST = 500

/** By id; the newest of them when there are many. */
export const operations = signal<ReadonlyMap<string, Operation>>(new Map())

/** How pulls get on, by `HOST:CONTAINER`. Replaced four times a second at most. */
export const pulls = signal<ReadonlyMap<string, Pull>>(new Map())

const pending = new Map<string, Pull>()
let timer = 0

/** The same operations with others put in, the newest first. */
export function withOperations(known: ReadonlyMap<string, Operation>, changed: readonly Operation[]): Map<string, Operation> {
  const next = new Map(known)
  for (const item of changed) {
    const before = next.get(item.id)
    // What was asked for may arrive after what the stream told of it.
    if (!before || before.state === 'running') next.set(item.id, before && before.steps.length > item.steps.length ? before : item)
  }
  const sorted = [...next.values()].sort((a, b) => (a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : 0))
  return new Map(sorted.slice(0, MOST).map(item => [item.id, item]))
}

/** Takes in operations that were begun or read. */
export function know(changed: readonly Operation[]): void {
  operations.value = withOperations(operations.value, changed)
}

export async function readOperations(): Promise<void> {
  know(await get<Operation[]>('/api/operations?limit=200'))
}

/** Reads an older one, unless it is known. */
export async function readOperation(id: string): Promise<void> {
  if (!operations.value.has(id)) know([await get<Operation>('/api/operations/' + encodeURIComponent(id))])
}

export function startOperations(): void {
  listen(({ name, hostId, data }) => {
    if (name === 'operation_changed') know([data as Operation])
    else if (name === 'update_layer_progress') {
      const pull = data as Pull & { container_id: string }
      pending.set(hostId + ':' + pull.container_id, pull)
      timer ||= window.setTimeout(() => {
        timer = 0
        pulls.value = new Map([...pulls.value, ...pending])
        pending.clear()
      }, 250)
    }
  })
  onGap(() => void readOperations())
}

/** The update of a container that runs. */
export function runningUpdate(key: string): Operation | undefined {
  for (const item of operations.value.values()) {
    if (item.state === 'running' && item.kind === 'update' && item.host_id + ':' + item.subject === key) return item
  }
  return undefined
}

/** The first characters of the id of the container that an update has put in the place of another one. */
export function successorOf(hostId: string, containerId: string): string | undefined {
  for (const item of operations.value.values()) {
    if (item.kind === 'update' && item.state === 'succeeded' && item.host_id === hostId && item.subject === containerId && item.result) return item.result
  }
  return undefined
}
