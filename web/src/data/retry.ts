import { Problem, reason } from './http.ts'

const sleepers = new Set<() => void>()

/** Waits, until the time is over, `retryNow` is called or the signal ends it. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const wake = (): void => {
      clearTimeout(timer)
      sleepers.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    sleepers.add(wake)
    signal.addEventListener('abort', wake)
  })
}

/** Tries again at once what waits for its next try. */
export function retryNow(): void {
  for (const wake of sleepers) wake()
}

/** Whether what failed may work in a moment. An agent that is not connected comes back; what the hub or the agent cannot do stays so. */
const passes = (error: unknown): boolean =>
  !(error instanceof Problem) || (error.status >= 500 ? error.status !== 501 : error.status === 429 || error.kind === 'host_not_connected')

/** Tries until it works, ever more slowly, and tells each time why it did not. What the hub refuses is not tried again. */
export async function untilDone(run: () => Promise<unknown>, tell: (problem: string) => void, signal: AbortSignal): Promise<void> {
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 1.7, 15_000)) {
    try {
      await run()
      tell('')
      return
    } catch (error) {
      if (signal.aborted) return
      tell(reason(error))
      if (!passes(error)) return
    }
    await pause(wait * (0.75 + Math.random() / 2), signal)
  }
}

/** Reads whenever it is called, until it works: one reading at a time, and one more after it for all calls that came meanwhile. */
export function reader(read: () => Promise<unknown>, tell: (problem: string) => void, signal: AbortSignal): () => void {
  let running = false
  let wanted = false
  const run = async (): Promise<void> => {
    running = true
    while (wanted && !signal.aborted) {
      wanted = false
      await untilDone(read, tell, signal)
    }
    running = false
  }
  return () => {
    wanted = true
    if (!running) void run()
  }
}
