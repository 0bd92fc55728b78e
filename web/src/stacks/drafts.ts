import { computed, signal } from '@preact/signals'
import { me } from '../data/session.ts'
import type { Files } from './compose.ts'

/** Files that were edited and are not stored. */
export interface Draft extends Files {
  /** The revision that they were made from; empty for a new stack. */
  basis: string
}

/** What a new stack begins with. */
export const newFiles: Draft = {
  compose: `services:
  web:
    image: nginx:alpine
    restart: unless-stopped
    ports:
      - "8080:80"
`,
  env: '',
  basis: '',
}

const all = signal<ReadonlyMap<string, Draft>>(new Map())
let guarded = false

const own = (key: string): string => (me.value?.who ?? '') + '\n' + key

/**
 * What the user edited, by key of the stack: it is there again when the room is left and opened again. It is not stored in the browser, because it may
 * hold passwords; the browser asks before a page with edited files is closed.
 */
export const drafts = computed(() => {
  const known = all.value
  return { get: (key: string): Draft | undefined => known.get(own(key)) }
})

export function keepDraft(key: string, draft: Draft | undefined): void {
  const next = new Map(all.value)
  if (draft) next.set(own(key), draft)
  else next.delete(own(key))
  all.value = next
  if (guarded) return
  guarded = true
  addEventListener('beforeunload', event => {
    if (all.value.size > 0) event.preventDefault()
  })
}
