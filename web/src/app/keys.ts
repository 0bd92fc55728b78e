import { signal } from '@preact/signals'

/** A key that does something now, shown by `?`. */
export interface Shortcut {
  /** As `KeyboardEvent.key`; two with a space between are pressed one after the other. */
  key: string
  does: string
  run: () => void
}

const layers = signal<readonly (readonly Shortcut[])[]>([])
let first = ''
let firstAt = 0

/** All that work now, the newest first. */
export const shortcuts = (): readonly Shortcut[] => layers.value.flat()

/** Adds shortcuts for as long as a room or a list is there; the newest of the same key wins. */
export function addShortcuts(added: readonly Shortcut[]): () => void {
  layers.value = [added, ...layers.value]
  return () => {
    layers.value = layers.value.filter(layer => layer !== added)
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select'))

/** What these keys press by themselves when it has the focus. */
const isPressed = (target: EventTarget | null, key: string): boolean =>
  (key === 'Enter' || key === ' ') && target instanceof Element && target.matches('a, button, summary, input')

/** Finds what a key does. The first key of two waits a second for the second. */
export function find(key: string, now: number, all: readonly Shortcut[]): Shortcut | undefined {
  const pair = now - firstAt < 1000 ? first + ' ' + key : ''
  first = key
  firstAt = now
  return (pair && all.find(item => item.key === pair)) || all.find(item => item.key === key)
}

export function startKeys(): void {
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isPressed(event.target, event.key)) return
    if (document.querySelector('dialog[open]')) return
    const found = find(event.key, event.timeStamp, shortcuts())
    if (found) {
      event.preventDefault()
      found.run()
    }
  })
}
