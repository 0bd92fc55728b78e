import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { untilDone } from '../data/retry.ts'

/** A part that is loaded when it is needed: until it arrives. */
export function Later<Props extends object>({ load, props }: { load: () => Promise<{ default: ComponentType<Props> }>; props: Props }) {
  const [Part, setPart] = useState<ComponentType<Props>>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const stop = new AbortController()
    const read = async (): Promise<void> => {
      const { default: part } = await load()
      setPart(() => part)
    }
    void untilDone(read, setProblem, stop.signal)
    return () => stop.abort()
  }, [])
  return Part ? (
    <Part {...props} />
  ) : (
    <p class="quiet" role="status">
      {problem || 'One moment…'}
    </p>
  )
}
