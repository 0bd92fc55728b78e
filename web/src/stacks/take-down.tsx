import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { visible } from '../parts/text.ts'

export interface TakeDownProps {
  name: string
  host: string
  containers: number
  /** Named volumes of the file. */
  volumes: readonly string[]
  onDown: (volumes: boolean, forget: boolean) => void
  onClose: () => void
}

/** Asks what is to go with a stack. Its name has to be typed only where data would go. */
export function TakeDown({ name, host, containers, volumes, onDown, onClose }: TakeDownProps) {
  const [withVolumes, setWithVolumes] = useState(false)
  const [forget, setForget] = useState(false)
  const [typed, setTyped] = useState('')
  const ready = !withVolumes || typed === name
  return (
    <Dialog label={`Take ${name} down`} onClose={onClose}>
      <form
        class="confirm"
        onSubmit={event => {
          event.preventDefault()
          if (ready) onDown(withVolumes, forget)
        }}
      >
        <h2>Take {visible(name)} down?</h2>
        <p>
          {containers === 0
            ? 'It has no containers now; its networks are removed.'
            : `${containers === 1 ? 'Its container' : `Its ${containers} containers`} and its networks on ${visible(host)} are removed.`}{' '}
          {containers > 0 && 'A container whose service is not in the file any more stays, and the networks that it uses. '}
          Volumes and files stay, unless you say otherwise.
        </p>
        <label class="check">
          <input type="checkbox" checked={withVolumes} onChange={event => setWithVolumes(event.currentTarget.checked)} />
          <span>
            Remove its volumes{volumes.length > 0 && <span class="quiet"> ({volumes.map(visible).join(', ')})</span>} and its folder on the host, with all data
            in them
          </span>
        </label>
        <label class="check">
          <input type="checkbox" checked={forget} onChange={event => setForget(event.currentTarget.checked)} />
          <span>Delete its compose file and .env from the hub</span>
        </label>
        {withVolumes && (
          <label>
            <span>
              The data cannot be brought back. Type <b>{name}</b> to go on
            </span>
            <input value={typed} onInput={event => setTyped(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
          </label>
        )}
        <div class="buttons">
          <button type="button" autoFocus onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={!ready}>
            Take down
          </button>
        </div>
      </form>
    </Dialog>
  )
}
