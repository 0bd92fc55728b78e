import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { reason } from '../data/http.ts'

/** A part that is loaded when it is needed. */
export function Later<Props extends object>({ load, props }: { load: () => Promise<{ default: ComponentType<Props> }>; props: Props }) {
  const [Part, setPart] = useState<ComponentType<Props>>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    load().then(
      module => setPart(() => module.default),
      (error: unknown) => setProblem(reason(error)),
    )
  }, [])
  return Part ? (
    <Part {...props} />
  ) : (
    <p class="quiet" role="status">
      {problem || 'One moment…'}
    </p>
  )
}
