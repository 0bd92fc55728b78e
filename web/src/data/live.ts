import { signal } from '@preact/signals'
import { retryNow } from './retry.ts'
import { follow, type ServerEvent } from './sse.ts'

/** The last time that something of the hub arrived, in milliseconds; 0 before. */
export const heardAt = signal(0)

/** Whether what is shown follows what happens. */
export const live = signal(false)

type Listener = (event: { name: string; hostId: string; data: unknown }) => void
const listeners = new Set<Listener>()
const refreshers = new Set<() => void>()

/** Listens to everything that changes. */
export function listen(listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Called after a gap: what was read before may be old, and is to be read again. */
export function onGap(refresh: () => void): () => void {
  refreshers.add(refresh)
  return () => {
    refreshers.delete(refresh)
  }
}

/** Reads again what may be old, and opens broken streams at once. */
export function refresh(): void {
  for (const read of refreshers) read()
  retryNow()
}

function take(event: ServerEvent): void {
  if (event.name === 'gap') {
    for (const read of refreshers) read()
    return
  }
  const { host_id: hostId, data } = JSON.parse(event.data) as { host_id: string; data: unknown }
  for (const listener of listeners) listener({ name: event.name, hostId, data })
}

/** Follows the hub's stream. `lastId`: the event that what was read first includes. */
export function startLive(stop: AbortSignal, lastId = ''): void {
  addEventListener('online', retryNow, { signal: stop })
  void follow(
    '/api/stream',
    {
      onEvent: take,
      onHeard: () => {
        heardAt.value = Date.now()
      },
      onState: open => {
        live.value = open
        if (open) heardAt.value = Date.now()
      },
    },
    stop,
    lastId,
  )
}
