import { useEffect, useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { hosts } from '../data/hosts.ts'
import { ask, reason } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icons.tsx'
import { duration, sentence, visible } from '../parts/text.ts'
import { commands, isLocal } from './commands.ts'

type NewToken = Schema<'NewToken'>

/** Makes a token, shows the lines that start an agent with it, and waits for the hosts. */
export function AddHost({ onClose }: { onClose: () => void }) {
  const [token, setToken] = useState<NewToken>()
  const [uses, setUses] = useState(1)
  const [problem, setProblem] = useState('')
  const [before] = useState(() => new Set(hosts.value?.keys()))
  const [way, setWay] = useState(0)
  const [origin, setOrigin] = useState(location.origin)
  const [now, setNow] = useState(Date.now)
  const make = async (count: number): Promise<void> => {
    try {
      // One for another number of hosts takes the place of the one that was shown.
      if (token) await ask('DELETE', '/api' + to('tokens', token.id))
      setToken(await ask<NewToken>('POST', '/api/tokens', { max_uses: count }))
      setNow(Date.now())
      setProblem('')
    } catch (error) {
      setProblem(sentence(reason(error)))
    }
  }
  useEffect(() => {
    void make(1)
    const timer = setInterval(() => setNow(Date.now()), 5000)
    return () => clearInterval(timer)
  }, [])
  const added = [...(hosts.value?.values() ?? [])].filter(host => !before.has(host.id))
  const ways = token ? commands(origin, token.token) : []
  const chosen = ways[way]
  const left = token ? (Date.parse(token.expires_at) - now) / 1000 : 0
  const expired = token !== undefined && left <= 0
  return (
    <Dialog label="Add a host" class="add-host" onClose={onClose}>
      <h2>Add a host</h2>
      <div class="fields">
        <label>
          Address of this hub, as the host reaches it
          <input type="url" spellcheck={false} value={origin} onInput={event => setOrigin(event.currentTarget.value.replace(/\/+$/, ''))} />
        </label>
        <label>
          Hosts
          <select
            value={uses}
            onChange={event => {
              const count = Number(event.currentTarget.value)
              setUses(count)
              void make(count)
            }}
          >
            {[1, 5, 25, 100].map(count => (
              <option key={count} value={count}>
                {count === 1 ? 'one' : `up to ${count}`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {isLocal(origin) && (
        <p class="notice">
          Only this machine itself can reach this address: an agent here gets its network (<code>host</code>). For another host, give an address that it can
          reach.
        </p>
      )}
      <div class="ranges" role="group" aria-label="way">
        {ways.map((item, index) => (
          <button key={item.title} type="button" aria-pressed={index === way} onClick={() => setWay(index)}>
            {item.title}
          </button>
        ))}
      </div>
      <p class="quiet">{chosen?.hint}</p>
      <pre tabIndex={0} aria-label="command">
        {problem || chosen?.text || 'One moment…'}
      </pre>
      <div class="buttons">
        <CopyButton text={expired ? '' : (chosen?.text ?? '')} />
      </div>
      {origin.startsWith('https:') && (
        <p class="quiet">
          If the hub made its certificate by itself, the agent needs <code>SERVER_PIN</code> besides: the log of the hub has it.
        </p>
      )}
      <p class="quiet">
        {expired ? (
          <>
            The token has expired.{' '}
            <button type="button" onClick={() => void make(uses)}>
              Make a new one
            </button>
          </>
        ) : (
          token && `The token is good for ${uses === 1 ? 'one host' : `${uses} hosts`} and ${duration(left)} more. Open ones can be revoked in the settings.`
        )}
      </p>
      <div role="status">
        {added.map(host => (
          <p key={host.id} class="state good">
            <a href={to('hosts', host.id)} onClick={onClose}>
              {visible(host.hostname)}
            </a>{' '}
            is connected
          </p>
        ))}
        {added.length < uses && !expired && (
          <p class="waiting">
            <span class="spinner" aria-hidden="true" /> {added.length === 0 ? 'Waiting for the host…' : 'Waiting for more…'}
          </p>
        )}
      </div>
      <div class="buttons">
        <button type="button" class={added.length > 0 ? 'primary' : ''} onClick={onClose}>
          {added.length > 0 ? (
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
