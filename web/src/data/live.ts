import { signal } from '@preact/signals'
import { pause, retryNow, untilDone } from './retry.ts'
import { follow, type ServerEvent } from './sse.ts'

/** The last time that something of the hub arrived, in milliseconds; 0 before. */
export const heardAt = signal(0)

/** Whether what is shown follows what happens. */
export const live = signal(false)

/** How long the stream may take to open before what is there is read without it, in milliseconds. */
const PATIENCE = 3000

type Listener = (event: { name: string; hostId: string; data: unknown }) => void
const listeners = new Set<Listener>()
const refreshers = new Set<() => unknown>()
let ended = new AbortController().signal

/** Listens to everything that changes. */
export function listen(listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Called after a gap: what was read before may be old, and is to be read again; called again where that fails. */
export function onGap(refresh: () => unknown): () => void {
  refreshers.add(refresh)
  return () => {
    refreshers.delete(refresh)
  }
}

function readAgain(): void {
  for (const read of refreshers) {
    const run = async (): Promise<void> => {
      if (refreshers.has(read)) await read()
    }
    void untilDone(run, problem => problem && console.info('what may be old was not read:', problem), ended)
  }
}

/** Reads again what may be old, and opens broken streams at once. */
export function refresh(): void {
  readAgain()
  retryNow()
}

function take(event: ServerEvent): void {
  if (event.name === 'gap') {
    readAgain()
    return
  }
  const { host_id: hostId, data } = JSON.parse(event.data) as { host_id: string; data: unknown }
  for (const listener of listeners) listener({ name: event.name, hostId, data })
}

/**
 * Follows the hub's stream until the signal ends it. What is read once the result is there misses nothing: the stream is open by then, and tells of what
 * changes from then on. Where it does not open soon, what is read meanwhile is read again when it does.
 */
export function startLive(stop: AbortSignal): Promise<unknown> {
  addEventListener('online', retryNow, { signal: stop })
  ended = stop
  let wasRead = false
  // Until there is an event behind which it can go on, a stream that is opened again says nothing of what happened in between.
  let canGoOn = false
  const opened = new Promise<void>(resolve => {
    void follow(
      '/api/stream',
      {
        onEvent: event => {
          canGoOn ||= event.id !== ''
          take(event)
        },
        onHeard: () => {
          heardAt.value = Date.now()
        },
        onState: open => {
          live.value = open
          if (!open) return
          heardAt.value = Date.now()
          if (wasRead && !canGoOn) readAgain()
          wasRead = true
          resolve()
        },
      },
      stop,
    )
  })
  return Promise.race([opened, pause(PATIENCE, stop)]).then(() => {
    wasRead = true
  })
}
