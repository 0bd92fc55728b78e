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

/** Tries until it works, ever more slowly, and tells each time why it did not. What the hub refuses is not tried again. */
export async function untilDone(run: () => Promise<void>, tell: (problem: string) => void, signal: AbortSignal): Promise<void> {
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 1.7, 15_000)) {
    try {
      await run()
      tell('')
      return
    } catch (error) {
      if (signal.aborted) return
      tell(reason(error))
      if (error instanceof Problem && error.status < 500 && error.status !== 429) return
    }
    await pause(wait * (0.75 + Math.random() / 2), signal)
  }
}
