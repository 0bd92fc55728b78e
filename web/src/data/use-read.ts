import { useEffect, useRef, useState } from 'preact/hooks'
import { get, reason } from './http.ts'
import { onGap } from './live.ts'

/** What the hub answers to a GET, read when a room opens, after a gap in the stream, and with `again`. A null path reads nothing. */
export function useRead<T>(path: string | null): { value: T | undefined; problem: string; again: () => void } {
  const [state, setState] = useState<{ path: string | null; value?: T; problem: string }>({ path, problem: '' })
  const [time, setTime] = useState(0)
  const again = useRef(() => setTime(old => old + 1)).current
  useEffect(() => onGap(again), [])
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    get<T>(path, stop.signal).then(
      value => setState({ path, value, problem: '' }),
      (error: unknown) => {
        // What was read before stays in sight.
        if (!stop.signal.aborted) setState(old => ({ ...(old.path === path ? old : { path }), problem: reason(error) }))
      },
    )
    return () => stop.abort()
  }, [path, time])
  const current = state.path === path ? state : { value: undefined, problem: '' }
  return { value: current.value, problem: current.problem, again }
}
