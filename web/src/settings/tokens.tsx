import { useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { ask } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { useRead } from '../data/use-read.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { now } from '../parts/age.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { Secret } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FormDialog, RoleField } from '../parts/form.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { parseTags, TagList, TagsInput } from '../parts/tags.tsx'
import { duration, sentence, visible } from '../parts/text.ts'
import { doing } from '../parts/toasts.tsx'
import { AddHost } from '../rooms/add-host.tsx'

type HostToken = Schema<'TokenSummary'>
type ProgramToken = Schema<'AccessToken'>

/** Tokens: of hosts that are to come, and of programs. */
export function Tokens() {
  return (
    <>
      <HostTokens />
      <ProgramTokens />
    </>
  )
}

/** What is left of a token for hosts. */
export function leftOf(token: HostToken, now: number): { text: string; open: boolean } {
  if (token.uses >= token.max_uses) return { text: 'used up', open: false }
  const left = (Date.parse(token.expires_at) - now) / 1000
  return left > 0 ? { text: `for ${duration(left)} more`, open: true } : { text: 'expired', open: false }
}

function HostTokens() {
  const { value: tokens, problem, again } = useRead<HostToken[]>('/api/tokens')
  const [adding, setAdding] = useState(false)
  const revoke = async (token: HostToken): Promise<void> => {
    if (await doing('Revoke the token', () => ask('DELETE', '/api' + to('tokens', token.id)))) again()
  }
  const open = (tokens ?? []).filter(token => leftOf(token, now.value).open)
  return (
    <section aria-labelledby="host-tokens">
      <header class="head">
        <h2 id="host-tokens">
          Open tokens for hosts <small>{open.length}</small>
        </h2>
        <ActionButton does="add_host" onRun={() => setAdding(true)}>
          Add a host
        </ActionButton>
      </header>
      <p class="quiet">Each lets new hosts in, for 15 minutes. Its value was shown when it was made.</p>
      {problem && <p class="notice">{sentence(problem)}</p>}
      {open.length > 0 && (
        <Sheet columns={['Made', 'Good', 'Hosts']} actions>
          {open.map(token => (
            <tr key={token.id}>
              <th scope="row">{new Date(token.created_at).toLocaleTimeString()}</th>
              <td>{leftOf(token, now.value).text}</td>
              <td>
                {token.uses} of {token.max_uses}
              </td>
              <td class="row-actions">
                <ActionButton does="add_host" class="danger" onRun={() => void revoke(token)}>
                  Revoke
                </ActionButton>
              </td>
            </tr>
          ))}
        </Sheet>
      )}
      {adding && (
        <AddHost
          onClose={() => {
            setAdding(false)
            again()
          }}
        />
      )}
    </section>
  )
}

function ProgramTokens() {
  const { value: tokens, problem, again } = useRead<ProgramToken[]>('/api/access-tokens')
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState('')
  const remove = async (token: ProgramToken): Promise<void> => {
    const yes = await confirmed({
      title: `Remove the token ${visible(token.name)}?`,
      text: 'The program that has it is refused from now on; its streams and shells end.',
      action: 'Remove',
    })
    if (yes && (await doing(`Remove the token ${visible(token.name)}`, () => ask('DELETE', '/api' + to('access-tokens', token.id))))) again()
  }
  const day = (time: string | null | undefined, none: string) => (time ? new Date(time).toLocaleDateString() : <span class="quiet">{none}</span>)
  return (
    <section aria-labelledby="program-tokens">
      <header class="head">
        <h2 id="program-tokens">
          Tokens for programs <small>{tokens?.length}</small>
        </h2>
        <ActionButton does="access_tokens" onRun={() => setAdding(true)}>
          New token
        </ActionButton>
      </header>
      <p class="quiet">For scripts and monitoring that use the API. They stay good when whoever made them is removed.</p>
      {problem && <p class="notice">{sentence(problem)}</p>}
      {tokens && tokens.length > 0 && (
        <Sheet columns={['Name', 'Role', { wide: 'Sees' }, { wide: 'Made by' }, { wide: 'Until' }, 'Used']} actions>
          {tokens.map(token => (
            <tr key={token.id}>
              <th scope="row">{visible(token.name)}</th>
              <td>{token.role}</td>
              <td class="wide">
                <TagList tags={token.tags} none="all hosts" />
              </td>
              <td class="wide">{visible(token.created_by)}</td>
              <td class="wide">{day(token.expires_at, 'for good')}</td>
              <td>{day(token.used_at, 'never')}</td>
              <td class="row-actions">
                <ActionButton does="access_tokens" class="danger" label={'Remove the token ' + visible(token.name)} onRun={() => void remove(token)}>
                  Remove
                </ActionButton>
              </td>
            </tr>
          ))}
        </Sheet>
      )}
      {adding && (
        <NewToken
          onClose={() => setAdding(false)}
          onMade={value => {
            setAdding(false)
            setMade(value)
            again()
          }}
        />
      )}
      {made && (
        <Dialog label="The new token" onClose={() => setMade('')}>
          <div class="form">
            <h2>The new token</h2>
            <p>Copy it now: it is shown this once. It goes into the header of each request.</p>
            <Secret text={made} label="token" />
            <pre tabIndex={0} aria-label="example">{`curl -H "Authorization: Bearer ${made}" ${location.origin}/api/hosts`}</pre>
            <div class="buttons">
              <button type="button" class="primary" onClick={() => setMade('')}>
                Done
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  )
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (value: string) => void }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState('viewer')
  const [tags, setTags] = useState('')
  const [days, setDays] = useState('90')
  const send = async (): Promise<void> => {
    const body = { name, role, tags: parseTags(tags), ...(days && { days: Number(days) }) }
    onMade((await ask<Schema<'NewAccessToken'>>('POST', '/api/access-tokens', body)).value)
  }
  return (
    <FormDialog title="New token" action="Make it" onSend={send} onClose={onClose}>
      <label>
        What it is for
        <input required autoFocus maxLength={100} autocomplete="off" value={name} onInput={event => setName(event.currentTarget.value)} />
      </label>
      <RoleField value={role} onChange={setRole} />
      <TagsInput value={tags} onChange={setTags} label="Sees hosts with the tags" hint="Empty: all hosts. Else those that have one of the tags." />
      <label>
        Good for
        <select value={days} onChange={event => setDays(event.currentTarget.value)}>
          <option value="1">a day</option>
          <option value="30">30 days</option>
          <option value="90">90 days</option>
          <option value="365">a year</option>
          <option value="">always, until it is removed</option>
        </select>
      </label>
    </FormDialog>
  )
}
