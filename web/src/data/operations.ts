import { signal } from '@preact/signals'
import { ask, get, untilAnswered } from './http.ts'
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

/** Of two tellings of an operation the later one: what was asked for may arrive after what the stream told of it. */
export function later(before: Operation | undefined, item: Operation): Operation {
  if (!before) return item
  const ended = before.state !== 'running' && before.stage !== 'lost'
  return ended || before.steps.length > item.steps.length ? before : item
}

/** The same operations with others put in, the newest first. */
export function withOperations(known: ReadonlyMap<string, Operation>, changed: readonly Operation[]): Map<string, Operation> {
  const next = new Map(known)
  for (const item of changed) next.set(item.id, later(next.get(item.id), item))
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

/** Reads one, unless it is known how it ended. */
export async function readOperation(id: string): Promise<void> {
  const known = operations.value.get(id)
  if (!known || known.state === 'running') know([await get<Operation>('/api/operations/' + encodeURIComponent(id))])
}

/** The id of an operation that is to be begun. `crypto.randomUUID` is only there with TLS. */
export function newOperation(): string {
  const digits = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`
}

/** Pauses before an operation is asked for again, in milliseconds: about as long as a hub takes to start again. */
const AGAIN = [500, 1000, 2000, 4000, 8000, 8000]

/** Has the hub begin an operation. It is asked again while no answer comes, and begins it once. */
export async function begin(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, id = newOperation()): Promise<Operation> {
  const operation = await untilAnswered(() => ask<Operation>(method, path, body, undefined, id), AGAIN)
  know([operation])
  return operation
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
  onGap(readOperations)
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
