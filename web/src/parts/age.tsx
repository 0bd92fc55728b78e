import { signal } from '@preact/signals'
import { duration } from './text.ts'

let timer = 0

/** The time, each second while somebody looks at it. */
export const now = signal(Date.now(), {
  watched() {
    now.value = Date.now()
    timer = window.setInterval(() => {
      now.value = Date.now()
    }, 1000)
  },
  unwatched() {
    clearInterval(timer)
  },
})

/** How old something is, which it counts, with the time itself to be read when pointed at. */
export function Age({ of, ago = false }: { of: string; ago?: boolean }) {
  const at = Date.parse(of)
  const age = duration((now.value - at) / 1000)
  return Number.isNaN(at) ? (
    <>–</>
  ) : (
    <time dateTime={of} title={new Date(at).toLocaleString()}>
      {ago && age !== 'now' ? age + ' ago' : age}
    </time>
  )
}
