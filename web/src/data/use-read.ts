import { useEffect, useRef, useState } from 'preact/hooks'
import { get, Problem } from './http.ts'
import { onGap } from './live.ts'
import { untilDone } from './retry.ts'

/** What the hub answers to a GET, read when a room opens, after a gap in the stream, and with `again`; until it answers. A null path reads nothing. */
export function useRead<T>(path: string | null): { value: T | undefined; problem: string; again: () => void } {
  const [state, setState] = useState<{ path: string | null; value?: T; problem: string }>({ path, problem: '' })
  const [time, setTime] = useState(0)
  const again = useRef(() => setTime(old => old + 1)).current
  useEffect(() => onGap(again), [])
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    // What was read before stays in sight.
    const fail = (problem: string): void => setState(old => ({ ...(old.path === path ? old : { path }), problem }))
    const read = async (): Promise<void> => {
      try {
        const value = await get<T>(path, stop.signal)
        setState({ path, value, problem: '' })
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        if (!stop.signal.aborted) fail(error.message)
      }
    }
    void untilDone(read, problem => problem && fail(problem), stop.signal)
    return () => stop.abort()
  }, [path, time])
  const current = state.path === path ? state : { value: undefined, problem: '' }
  return { value: current.value, problem: current.problem, again }
}
