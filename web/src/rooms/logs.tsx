import { useMemo, useState } from 'preact/hooks'
import { query, setQuery } from '../app/router.ts'
import { containers, version, type Container } from '../data/containers.ts'
import { hosts } from '../data/hosts.ts'
import { Picker } from '../logs/picker.tsx'
import { keyOfLog, MOST_LOGS, readKeys } from '../logs/sources.ts'
import type { Source } from '../logs/feed.ts'
import { LogView } from '../logs/view.tsx'

/** Logs of containers of any hosts. Which ones is in the address, by host and name: an update makes a container anew, and its log goes on here. */
export default function Logs() {
  const keys = readKeys(query('c'))
  const byKey = useMemo(() => {
    const found = new Map<string, Container>()
    for (const row of containers.values()) found.set(keyOfLog(row), row)
    return found
  }, [version.value])
  const sources = keys.map((key): Source => {
    const row = byKey.get(key)
    const colon = key.indexOf(':')
    const [hostId, name] = [key.slice(0, colon), key.slice(colon + 1)]
    return { key, hostId, id: row?.id ?? '', name, host: row?.host ?? hosts.value?.get(hostId)?.hostname ?? '', connected: row?.host_connected ?? true }
  })
  const [open, setOpen] = useState(keys.length === 0)
  const choose = (next: readonly string[]): void => setQuery({ c: next.slice(0, MOST_LOGS).join(',') })
  return (
    <div class="log-room">
      <header class="head">
        <h1>
          Logs <small>{sources.length === 0 ? '' : sources.length === 1 ? '1 container' : `${sources.length} containers`}</small>
        </h1>
        <button type="button" aria-expanded={open} aria-controls="picker" onClick={() => setOpen(!open)}>
          {open ? 'Hide the list' : 'Choose containers'}
        </button>
      </header>
      <div class={'log-columns' + (open ? ' open' : '')}>
        {open && <Picker rows={byKey} chosen={keys} onChoose={choose} />}
        {sources.length > 0 ? (
          <LogView sources={sources} />
        ) : (
          <div class="empty">
            <h2>Whose logs?</h2>
            <p>Choose one container or several: their lines stand in one list by time, or side by side.</p>
          </div>
        )}
      </div>
    </div>
  )
}
