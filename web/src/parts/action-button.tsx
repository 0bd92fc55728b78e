import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { whyNot, type Action } from '../data/allowed.ts'
import { say } from './toasts.tsx'

/**
 * What is being done by buttons that stand together, by name. Each is busy with its own: what an action changes is often shown before its answer is there, and
 * what can be done then is not to wait for it.
 */
export function useBusy(): [busy: readonly string[], during: <T>(name: string, run: () => Promise<T>) => Promise<T>] {
  const [busy, setBusy] = useState<readonly string[]>([])
  const during = async <T,>(name: string, run: () => Promise<T>): Promise<T> => {
    setBusy(old => [...old, name])
    try {
      return await run()
    } finally {
      setBusy(old => old.filter(other => other !== name))
    }
  }
  return [busy, during]
}

/**
 * A button for something that may be refused: then it is grey, and its title and a press on it say why. It can be reached by keyboard all the same, and by a
 * finger, which sees no titles.
 */
export function ActionButton({
  does,
  host,
  why = '',
  busy = false,
  label,
  class: className,
  autoFocus,
  onRun,
  children,
}: {
  does: Action
  /** On which host; without one it is something of the hub's. */
  host?: string | undefined
  /** Another reason why not now, beside role, policy and agent. */
  why?: string
  /** Whether it, and nothing else, is being done: then a press on it does nothing. */
  busy?: boolean
  /** The name, where what is in the button does not say it. */
  label?: string
  class?: string
  autoFocus?: boolean
  onRun: () => void
  children: ComponentChildren
}) {
  const reason = whyNot(does, host) || why
  return (
    <button
      type="button"
      class={className}
      autoFocus={autoFocus}
      aria-disabled={reason !== '' || busy || undefined}
      aria-busy={busy || undefined}
      aria-label={label}
      title={reason || label}
      onClick={() => {
        if (busy) return
        if (reason) say(reason, 'bad')
        else onRun()
      }}
    >
      {children}
    </button>
  )
}
