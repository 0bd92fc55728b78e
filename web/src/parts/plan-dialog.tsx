import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { reason } from '../data/http.ts'
import { samePlan, type Plan } from '../data/resources.ts'
import { Dialog } from './dialog.tsx'
import { Icon } from './icons.tsx'
import { bytes, visible } from './text.ts'

export interface PlanDialogProps {
  title: string
  /** What follows from it, and where what happens may differ from what is shown. */
  text: string
  action: string
  /** Looks at the host as it is now. */
  plan: () => Promise<Plan>
  /** Typed by the user where data would go. */
  typed?: (plan: Plan) => string
  onClose: () => void
  run: (plan: Plan) => void
}

/** Shows exactly what would be removed and what stays and why, and asks. Whatever changed meanwhile is shown before anything is done. */
export function PlanDialog(props: PlanDialogProps) {
  const [plan, setPlan] = useState<Plan>()
  const [problem, setProblem] = useState('')
  const [changed, setChanged] = useState(false)
  const [busy, setBusy] = useState(false)
  const [typed, setTyped] = useState('')
  useEffect(() => {
    props.plan().then(setPlan, (error: unknown) => setProblem(reason(error)))
  }, [])
  const needed = props.typed && plan && plan.goes.length > 0 ? props.typed(plan) : undefined
  const ready = plan !== undefined && plan.goes.length > 0 && !busy && (needed === undefined || typed === needed)
  const go = async (): Promise<void> => {
    setBusy(true)
    try {
      const now = await props.plan()
      if (samePlan(plan!, now)) {
        props.onClose()
        props.run(now)
        return
      }
      setPlan(now)
      setChanged(true)
    } catch (error) {
      setProblem(reason(error))
    }
    setBusy(false)
  }
  return (
    <Dialog label={props.title} class="plan" onClose={props.onClose}>
      <form
        onSubmit={event => {
          event.preventDefault()
          if (ready) void go()
        }}
      >
        <h2>{props.title}</h2>
        {problem && (
          <p class="refusal" role="alert">
            {problem}
          </p>
        )}
        {!plan && !problem && (
          <p class="waiting" role="status">
            <span class="spinner" aria-hidden="true" /> Looking at the host…
          </p>
        )}
        {changed && (
          <p class="notice" role="alert">
            The host has changed meanwhile. This is what would go now: look at it again.
          </p>
        )}
        {plan && (
          <>
            <Part
              title={plan.goes.length === 0 ? 'Nothing would go' : 'Will go'}
              more={plan.goes.length === 0 ? '' : `${plan.goes.length}${plan.bytes === undefined ? '' : `, at most ${bytes(plan.bytes)}`}`}
              open
            >
              {plan.goes.map(item => (
                <li key={item.id + item.name}>
                  <Icon name="close" />
                  <span>{visible(item.name)}</span>
                  {item.note && <small class="warn">{visible(item.note)}</small>}
                </li>
              ))}
            </Part>
            {plan.stays.length > 0 && (
              <Part title="Stays" more={String(plan.stays.length)} open={plan.stays.length <= 5}>
                {plan.stays.map(item => (
                  <li key={item.id}>
                    <Icon name="check" />
                    <span>{visible(item.name)}</span>
                    <small>{visible(item.why)}</small>
                  </li>
                ))}
              </Part>
            )}
            <p class="quiet">{props.text}</p>
            {needed !== undefined && (
              <label class="typed">
                <span>
                  Type <b>{needed}</b> to go on
                </span>
                <input autoFocus value={typed} onInput={event => setTyped(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
              </label>
            )}
          </>
        )}
        <div class="buttons">
          <button type="button" autoFocus={needed === undefined} onClick={props.onClose}>
            {plan?.goes.length === 0 ? 'Close' : 'Cancel'}
          </button>
          {plan?.goes.length !== 0 && (
            <button type="submit" class="danger" disabled={!ready}>
              {props.action}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}

function Part({ title, more, open, children }: { title: string; more: string; open: boolean; children: ComponentChildren[] }) {
  if (children.length === 0) return <p>{title}.</p>
  return (
    <details open={open}>
      <summary>
        {title} <small>{more}</small>
      </summary>
      <ul tabIndex={0} aria-label={title}>
        {children}
      </ul>
    </details>
  )
}
