import { keyOf, type Container } from '../data/containers.ts'
import { pulls, runningUpdate } from '../data/operations.ts'
import { available } from '../data/updates.ts'
import { askUpdate, showUpdate } from './asked.ts'

/** Beside a container's image: that there is a newer one, or that it is being updated. A press opens the dialog. */
export function UpdateMark({ row }: { row: Container }) {
  const key = keyOf(row)
  const running = runningUpdate(key)
  if (running) {
    const pull = running.stage === 'pulling' ? pulls.value.get(key) : undefined
    return (
      <button type="button" class="mark-button" onClick={() => showUpdate(running.id)}>
        <span class="spinner" aria-hidden="true" /> updating{pull ? ` ${pull.overall_progress} %` : '…'}
      </button>
    )
  }
  if (!available.value.has(key)) return null
  return (
    <button type="button" class="mark-button new" onClick={() => askUpdate([key])}>
      update available
    </button>
  )
}
