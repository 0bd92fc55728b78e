/** What can have the focus by a key. */
const focusable = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]'

/** What has the focus, and what is around it; empty when the user has left it. */
let trail: readonly Element[] = []
let waiting = false

function remember(event: FocusEvent): void {
  const found: Element[] = []
  for (let at = event.target instanceof Element ? event.target : null; at && at !== document.body; at = at.parentElement) found.push(at)
  trail = found
}

/** A focus that goes although its element is there and can have it: the user clicked elsewhere. What is removed is still there while it is told. */
function leave({ target, relatedTarget }: FocusEvent): void {
  if (relatedTarget !== null || !(target instanceof HTMLElement)) return
  setTimeout(() => {
    if (isLost() && target.isConnected && !target.matches(':disabled')) trail = []
  })
}

const isLost = (): boolean => document.activeElement === null || document.activeElement === document.body

const toRoom = (): void => document.getElementById('room')?.focus({ preventScroll: true })

/** Gives the focus back to what had it before a dialog, unless something in the room has it by then. */
export function giveBack(before: Element | null): void {
  requestAnimationFrame(() => {
    if ((!isLost() && document.activeElement?.id !== 'room') || document.querySelector('dialog[open]')) return
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    if (isLost()) toRoom()
  })
}

function restore(): void {
  waiting = false
  if (!isLost() || trail.length === 0 || document.querySelector('dialog[open]')) return
  // What had it could have it still: it was left.
  if (trail[0]!.isConnected && !trail[0]!.matches(':disabled')) return
  for (const element of trail) {
    if (!element.isConnected) continue
    const next = element.matches(focusable) ? element : element.querySelector(focusable)
    if (next instanceof HTMLElement && next.getClientRects().length > 0) {
      next.focus({ preventScroll: true })
      return
    }
  }
  toRoom()
}

/**
 * Focus is never lost: when what has it is removed or disabled, what is nearest to it gets it, at last the room. Otherwise whoever works with keys would
 * begin again at the top of the page after each action.
 */
export function startFocus(): void {
  document.addEventListener('focusin', remember)
  document.addEventListener('focusout', leave)
  new MutationObserver(() => {
    if (waiting || trail.length === 0) return
    waiting = true
    // The browser itself takes the focus from what is disabled when it paints.
    requestAnimationFrame(() => setTimeout(restore))
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] })
}
