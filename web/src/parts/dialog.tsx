import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { giveBack } from '../app/focus.ts'

/** A native dialog above everything. Escape and a click beside it close it. */
export function Dialog({
  label,
  onClose,
  children,
  class: className = '',
}: {
  label: string
  onClose: () => void
  children: ComponentChildren
  class?: string
}) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current!
    const before = document.activeElement
    dialog.showModal()
    return () => {
      dialog.close()
      giveBack(before)
    }
  }, [])
  return (
    <dialog
      ref={element}
      class={className}
      aria-label={label}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
      onClose={() => {
        // A browser that asks nobody, as for a second Escape in a row, has closed it by itself.
        if (element.current) onClose()
      }}
      onClick={event => {
        if (event.target === element.current) onClose()
      }}
    >
      {children}
    </dialog>
  )
}
