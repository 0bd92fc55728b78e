import { useState } from 'preact/hooks'
import { navigate, query, setQuery, to } from '../app/router.ts'
import { whyNot } from '../data/allowed.ts'
import { hosts } from '../data/hosts.ts'
import { ask, reason } from '../data/http.ts'
import { stackKey, stacks } from '../data/stacks.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { visible } from '../parts/text.ts'
import { drafts, keepDraft, newFiles } from '../stacks/drafts.ts'

interface Found {
  path: string
  project_name: string
  services: string[]
  modified: string
}

/** What the agent takes for the name of a compose project. */
const project = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** A name that compose takes, made from one that it may not. */
const asName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
    .slice(0, 64)

/** Where a new stack is to be, and whether it begins with a compose file that is on the host already. */
export default function NewStack() {
  const known = [...(hosts.value?.values() ?? [])].sort((a, b) => a.hostname.localeCompare(b.hostname))
  const host = hosts.value?.get(query('host')) ?? known.find(item => !whyNot('deploy_compose', item.id)) ?? known.find(item => item.connected) ?? known[0]
  const name = query('name')
  const taken = host && stacks.value.get(stackKey(host.id, name))
  const why = whyNot('deploy_compose')
  if (why || !host)
    return (
      <div class="empty">
        <h1>New stack</h1>
        <p>{why || 'A stack needs a host, and there is none yet.'}</p>
      </div>
    )
  return (
    <div class="new-stack">
      <h1>New stack</h1>
      <form
        class="panel"
        onSubmit={event => {
          event.preventDefault()
          if (!project.test(name)) return
          const key = stackKey(host.id, name)
          if (!taken && !drafts.value.get(key)) keepDraft(key, newFiles)
          navigate(to('stacks', host.id, name))
        }}
      >
        <label>
          Host
          <select value={host.id} onChange={event => setQuery({ host: event.currentTarget.value })}>
            {known.map(item => (
              <option key={item.id} value={item.id} disabled={item.connected && whyNot('deploy_compose', item.id) !== ''}>
                {visible(item.hostname)}
                {item.connected ? whyNot('deploy_compose', item.id) && ' (cannot deploy stacks)' : ' (offline)'}
              </option>
            ))}
          </select>
        </label>
        <label>
          Name
          <input
            value={name}
            placeholder="shop"
            spellcheck={false}
            autocomplete="off"
            maxLength={64}
            aria-describedby="name-help"
            onInput={event => setQuery({ name: event.currentTarget.value })}
          />
        </label>
        <button type="submit" class="primary" disabled={!project.test(name)}>
          {taken ? 'Open it' : 'Write its files'}
        </button>
        <p id="name-help" class="quiet">
          {name !== '' && !project.test(name)
            ? 'A name begins with a small letter or a digit, and has only these, dashes and underscores.'
            : taken
              ? `${visible(host.hostname)} has a stack of this name.`
              : 'Compose puts the name in front of containers, networks and volumes.'}
        </p>
      </form>
      <Search key={host.id} hostId={host.id} host={host.hostname} />
    </div>
  )
}

function Search({ hostId, host }: { hostId: string; host: string }) {
  const [found, setFound] = useState<Found[]>()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const why = whyNot('scan_compose_dirs', hostId)
  const look = async (): Promise<void> => {
    setBusy(true)
    setProblem('')
    try {
      const answer = await ask<{ compose_files?: Found[] | null }>('POST', `/api${to('hosts', hostId, 'command')}?timeout_seconds=60`, {
        command: 'scan_compose_dirs',
        payload: {},
      })
      setFound([...(answer.compose_files ?? [])].sort((a, b) => a.path.localeCompare(b.path)))
    } catch (error) {
      setProblem(reason(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section class="panel">
      <div class="head">
        <h2>Or import a compose file that is on {visible(host)}</h2>
        <ActionButton does="scan_compose_dirs" host={hostId} busy={busy} onRun={() => void look()}>
          {busy && <span class="spinner" aria-hidden="true" />} Look for files
        </ActionButton>
      </div>
      <p class="quiet" role="status">
        {why ||
          problem ||
          (busy
            ? 'Looking; this takes up to half a minute…'
            : !found
              ? 'The agent looks in /opt, /srv, /stacks and the like. Nothing is changed on the host.'
              : found.length === 0
                ? 'The agent sees no compose file. One that runs in a container sees only what is mounted into it.'
                : `${found.length} found. A file is read when you open it, and nothing is deployed before you say so.`)}
      </p>
      {found && found.length > 0 && (
        <ul class="list found">
          {found.map(file => (
            <li key={file.path}>
              <a href={`${to('stacks', hostId, asName(file.project_name) || 'stack')}?from=${encodeURIComponent(file.path)}`}>{visible(file.path)}</a>
              <span>{file.services.map(visible).join(', ') || 'no services'}</span>
              <span class="quiet">{new Date(file.modified).toLocaleDateString()}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
