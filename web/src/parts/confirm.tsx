import { signal } from '@preact/signals'
import { Dialog } from './dialog.tsx'

interface Question {
  title: string
  text: string
  action: string
  /** Typed by the user where data would go. */
  name?: string
  /** What can be taken back is confirmed by Enter. */
  undoable?: boolean
  answer: (yes: boolean) => void
}

const question = signal<Question | undefined>(undefined)
const typed = signal('')

/** Asks before something that cannot be taken back, or that is much. With a name, it has to be typed. */
export function confirmed(asked: Omit<Question, 'answer'>): Promise<boolean> {
  return new Promise(resolve => {
    typed.value = ''
    question.value = {
      ...asked,
      answer: yes => {
        question.value = undefined
        resolve(yes)
      },
    }
  })
}

export function Confirm() {
  const asked = question.value
  if (!asked) return null
  const ready = asked.name === undefined || typed.value === asked.name
  return (
    <Dialog label={asked.title} onClose={() => asked.answer(false)}>
      <form
        class="confirm"
        onSubmit={event => {
          event.preventDefault()
          if (ready) asked.answer(true)
        }}
      >
        <h2>{asked.title}</h2>
        <p>{asked.text}</p>
        {asked.name !== undefined && (
          <label>
            Type <b>{asked.name}</b> to go on
            <input
              autoFocus
              value={typed.value}
              onInput={event => {
                typed.value = event.currentTarget.value
              }}
              spellcheck={false}
              autocomplete="off"
            />
          </label>
        )}
        <div class="buttons">
          <button type="button" autoFocus={asked.name === undefined && !asked.undoable} onClick={() => asked.answer(false)}>
            Cancel
          </button>
          <button type="submit" class={asked.undoable ? 'primary' : 'danger'} autoFocus={asked.undoable} disabled={!ready}>
            {asked.action}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
