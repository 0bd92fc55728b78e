import { useEffect, useState } from 'preact/hooks'
import { hosts } from '../data/hosts.ts'
import { ask, reason } from '../data/http.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icons.tsx'
import { visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'
import { commands } from './commands.ts'

interface NewToken {
  token: string
  expires_at: string
}

/** Makes a token, shows the command for the host with it, and waits for the host. */
export function AddHost({ onClose }: { onClose: () => void }) {
  const [token, setToken] = useState<NewToken>()
  const [problem, setProblem] = useState('')
  const [before] = useState(() => new Set(hosts.value?.keys()))
  const [way, setWay] = useState(0)
  useEffect(() => {
    ask<NewToken>('POST', '/api/tokens', {}).then(setToken, (error: unknown) => setProblem(reason(error)))
  }, [])
  const added = [...(hosts.value?.values() ?? [])].find(host => !before.has(host.id))
  const ways = token ? commands(location.origin, token.token) : []
  const text = ways[way]?.text ?? ''
  return (
    <Dialog label="Add a host" class="add-host" onClose={onClose}>
      <h2>Add a host</h2>
      <p>Run this on the Docker host. The token in it is good once, for 15 minutes.</p>
      <div class="ranges" role="group" aria-label="way">
        {ways.map((item, index) => (
          <button key={item.title} type="button" aria-pressed={index === way} onClick={() => setWay(index)}>
            {item.title}
          </button>
        ))}
      </div>
      <pre tabIndex={0} aria-label="command">
        {problem || text || 'One moment…'}
      </pre>
      <p role="status" class={added ? 'state good' : 'waiting'}>
        {added ? (
          <>{visible(added.hostname)} is connected</>
        ) : (
          <>
            <span class="spinner" aria-hidden="true" /> Waiting for the host…
          </>
        )}
      </p>
      <div class="buttons">
        <button
          type="button"
          disabled={!token}
          onClick={() =>
            void navigator.clipboard.writeText(text).then(
              () => say('Copied'),
              () => say('The browser does not allow that here: mark the text and copy it', 'bad'),
            )
          }
        >
          Copy
        </button>
        <button type="button" class={added ? 'primary' : ''} onClick={onClose}>
          {added ? (
            <>
              <Icon name="check" /> Done
            </>
          ) : (
            'Close'
          )}
        </button>
      </div>
    </Dialog>
  )
}
