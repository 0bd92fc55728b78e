import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from './http.ts'
import { onGap } from './live.ts'
import { reader } from './retry.ts'

export interface Read<T> {
  value: T | undefined
  /** Why it cannot be read now; it is tried again. What was read before stays in sight. */
  problem: string
  /** Reads it once more. */
  again: () => void
  /** Reads it at once, for who needs it as it is now; what it is then is shown, too. */
  now: () => Promise<T>
}

/**
 * What the hub answers to a GET: read when a room opens, after a gap in the stream, when `when` changes, and with `again`; tried until it works. A null path
 * reads nothing.
 */
export function useRead<T>(path: string | null, when?: unknown): Read<T> {
  const [state, setState] = useState<{ path: string | null; value?: T; problem: string }>({ path, problem: '' })
  const [gaps, setGaps] = useState(0)
  // Answers may overtake each other: what was asked for earlier than what is shown is not shown any more.
  const order = useRef({ asked: 0, shown: 0 }).current
  const again = useRef<() => void>(() => undefined)
  const ask = async (signal?: AbortSignal): Promise<T> => {
    const mine = ++order.asked
    const value = await get<T>(path!, signal)
    if (mine > order.shown && !signal?.aborted) {
      order.shown = mine
      setState({ path, value, problem: '' })
    }
    return value
  }
  useEffect(() => onGap(() => setGaps(old => old + 1)), [])
  useEffect(() => {
    if (path === null) return undefined
    const stop = new AbortController()
    const tell = (problem: string): void => {
      if (!stop.signal.aborted && problem) setState(old => ({ ...(old.path === path ? old : { path }), problem }))
    }
    again.current = reader(() => ask(stop.signal), tell, stop.signal)
    again.current()
    return () => stop.abort()
  }, [path, when, gaps])
  const current = state.path === path ? state : { value: undefined, problem: '' }
  return { value: current.value, problem: current.problem, again: useRef(() => again.current()).current, now: () => ask() }
}
