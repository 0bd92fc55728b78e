import { signal } from '@preact/signals'
import { reason } from '../data/http.ts'
import { Icon } from './icons.tsx'

interface Toast {
  id: number
  text: string
  kind: 'good' | 'bad' | 'busy'
}

const toasts = signal<readonly Toast[]>([])
let lastId = 0

/** Says at the edge what is being done or how it ended. What is good goes by itself; what is bad stays until it was read. */
export function say(text: string, kind: Toast['kind'] = 'good'): { end: (text: string, kind: 'good' | 'bad') => void } {
  const id = ++lastId
  show({ id, text, kind })
  return { end: (endText, endKind) => show({ id, text: endText, kind: endKind }) }
}

/** Does something, and says that it is done and how it ended. @returns Whether it worked. */
export async function doing(what: string, run: () => Promise<unknown>): Promise<boolean> {
  const toast = say(what + '…', 'busy')
  try {
    await run()
    toast.end(what + ': done', 'good')
    return true
  } catch (error) {
    toast.end(`${what}: ${reason(error)}`, 'bad')
    return false
  }
}

function show(toast: Toast): void {
  toasts.value = [...toasts.value.filter(other => other.id !== toast.id), toast].slice(-6)
  if (toast.kind === 'good') setTimeout(() => drop(toast), 4000)
}

const drop = (toast: Toast): void => {
  toasts.value = toasts.value.filter(other => other !== toast)
}

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map(toast => (
      <div key={toast.id} class={'toast ' + toast.kind}>
        {toast.kind === 'busy' ? <span class="spinner" aria-hidden="true" /> : <Icon name={toast.kind === 'good' ? 'check' : 'warn'} />}
        <span>{toast.text}</span>
        {toast.kind === 'bad' && (
          <button type="button" class="plain" aria-label="close" onClick={() => drop(toast)}>
            <Icon name="close" />
          </button>
        )}
      </div>
    ))}
  </div>
)
