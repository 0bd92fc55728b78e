import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { reason } from '../data/http.ts'
import { Dialog } from './dialog.tsx'
import { sentence } from './text.ts'

/** A dialog that asks for something and sends it. It stays open when the hub refuses, and says why. */
export function FormDialog({
  title,
  action,
  danger = false,
  onSend,
  onClose,
  children,
}: {
  title: string
  /** What the button says. */
  action: string
  danger?: boolean
  onSend: () => Promise<void>
  onClose: () => void
  children: ComponentChildren
}) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await onSend()
    } catch (error) {
      setProblem(sentence(reason(error)))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog label={title} onClose={onClose}>
      <form class="form" onSubmit={send}>
        <h2>{title}</h2>
        {children}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy}>
            {busy ? 'One moment…' : action}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

const roleTexts = {
  viewer: 'looks',
  operator: 'also starts, stops and updates what is there, and opens shells',
  admin: 'also creates and deploys, and decides who may what',
}

/** One of the three roles. */
export function RoleField({ value, onChange }: { value: string; onChange: (role: string) => void }) {
  return (
    <fieldset>
      <legend>Role</legend>
      {Object.entries(roleTexts).map(([role, text]) => (
        <label key={role} class="choice">
          <input type="radio" name="role" value={role} checked={value === role} onChange={() => onChange(role)} />
          <span>
            <b>{role}</b> <small>{text}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
