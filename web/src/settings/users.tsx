import { useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { ask } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { me } from '../data/session.ts'
import { useRead } from '../data/use-read.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { FormDialog, RoleField } from '../parts/form.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { parseTags, TagList, TagsInput } from '../parts/tags.tsx'
import { sentence, visible } from '../parts/text.ts'
import { doing, say } from '../parts/toasts.tsx'

type User = Schema<'UserAnswer'>

/** The only user who may give roles: without them nobody could. */
export const isLastAdmin = (user: User, all: readonly User[]): boolean =>
  user.role === 'admin' && user.tags.length === 0 && all.filter(other => other.role === 'admin' && other.tags.length === 0).length === 1

const LAST_ADMIN = 'This is the last administrator who sees all hosts: make another one first.'

/** The users, their roles, and which hosts they see. */
export function Users() {
  const { value: users, problem, again } = useRead<User[]>('/api/users')
  const [dialog, setDialog] = useState<{ kind: 'add' } | { kind: 'change' | 'password'; user: User }>()
  const close = (): void => setDialog(undefined)
  const done = (): void => {
    close()
    again()
  }
  const remove = async (user: User): Promise<void> => {
    const yes = await confirmed({
      title: `Remove ${visible(user.name)}?`,
      text: 'Their sessions end at once. What they did stays in the audit, and tokens that they made stay good.',
      action: 'Remove',
    })
    if (yes && (await doing(`Remove ${visible(user.name)}`, () => ask('DELETE', '/api' + to('users', user.name))))) again()
  }
  return (
    <section aria-labelledby="users">
      <header class="head">
        <h2 id="users">
          Users <small>{users?.length}</small>
        </h2>
        <ActionButton does="users" onRun={() => setDialog({ kind: 'add' })}>
          Add a user
        </ActionButton>
      </header>
      {problem && <p class="notice">{sentence(problem)}</p>}
      <Sheet columns={['Name', 'Role', 'Sees', { wide: 'Authenticator app' }, { wide: 'Since' }]} actions>
        {users?.map(user => (
          <tr key={user.id}>
            <th scope="row">
              {visible(user.name)} {user.name === me.value?.name && <small>you</small>}
            </th>
            <td>{user.role}</td>
            <td>
              <TagList tags={user.tags} none="all hosts" />
            </td>
            <td class="wide">{user.second_factor ? 'yes' : <span class="quiet">no</span>}</td>
            <td class="wide">{new Date(user.created_at).toLocaleDateString()}</td>
            <td class="row-actions">
              <ActionButton does="users" label={'Change ' + visible(user.name)} onRun={() => setDialog({ kind: 'change', user })}>
                Change
              </ActionButton>
              <ActionButton does="users" label={'Password of ' + visible(user.name)} onRun={() => setDialog({ kind: 'password', user })}>
                Password
              </ActionButton>
              <ActionButton
                does="users"
                class="danger"
                why={isLastAdmin(user, users) ? LAST_ADMIN : ''}
                label={'Remove ' + visible(user.name)}
                onRun={() => void remove(user)}
              >
                Remove
              </ActionButton>
            </td>
          </tr>
        ))}
      </Sheet>
      {dialog?.kind === 'add' && <AddUser onClose={close} onDone={done} />}
      {dialog?.kind === 'change' && <ChangeUser user={dialog.user} last={isLastAdmin(dialog.user, users ?? [])} onClose={close} onDone={done} />}
      {dialog?.kind === 'password' && <ResetPassword user={dialog.user} onClose={close} onDone={done} />}
    </section>
  )
}

interface DialogProps {
  onClose: () => void
  onDone: () => void
}

const SIGNS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A password that nobody has to remember: 100 random bits. */
export const makePassword = (): string =>
  [...crypto.getRandomValues(new Uint8Array(20))].map((byte, at) => (at > 0 && at % 5 === 0 ? '-' : '') + SIGNS[byte % 32]).join('')

/** A new password for somebody else: typed, or made and shown to be passed on. */
function PasswordField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <div class="field">
      <label>
        Password
        <input
          required
          minLength={12}
          autocomplete="off"
          spellcheck={false}
          autocapitalize="none"
          value={value}
          onInput={event => onChange(event.currentTarget.value)}
        />
      </label>
      <div class="row">
        <button type="button" onClick={() => onChange(makePassword())}>
          Make one
        </button>
        <CopyButton text={value} what="the password" />
      </div>
      <small>At least 12 characters. Pass it on; they can change it in their account.</small>
    </div>
  )
}

const SEES = 'Empty: all hosts. Else those that have one of the tags.'

function AddUser({ onClose, onDone }: DialogProps) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [role, setRole] = useState('viewer')
  const [tags, setTags] = useState('')
  const send = async (): Promise<void> => {
    await ask('POST', '/api/users', { name, password, role, tags: parseTags(tags) })
    say(`${name} is a user now`)
    onDone()
  }
  return (
    <FormDialog title="Add a user" action="Add" onSend={send} onClose={onClose}>
      <label>
        Name
        <input
          required
          autoFocus
          spellcheck={false}
          autocapitalize="none"
          autocomplete="off"
          value={name}
          onInput={event => setName(event.currentTarget.value)}
        />
      </label>
      <PasswordField value={password} onChange={setPassword} />
      <RoleField value={role} onChange={setRole} />
      <TagsInput value={tags} onChange={setTags} label="Sees hosts with the tags" hint={SEES} />
    </FormDialog>
  )
}

function ChangeUser({ user, last, onClose, onDone }: DialogProps & { user: User; last: boolean }) {
  const [role, setRole] = useState(user.role)
  const [tags, setTags] = useState(user.tags.join(', '))
  const send = async (): Promise<void> => {
    await ask('PUT', '/api' + to('users', user.name), { role, tags: parseTags(tags) })
    say(`${user.name} is ${role} now`)
    onDone()
  }
  return (
    <FormDialog title={'Change ' + visible(user.name)} action="Change" onSend={send} onClose={onClose}>
      {last ? <p class="notice">{LAST_ADMIN}</p> : <p class="quiet">Their sessions end: they sign in again.</p>}
      <RoleField value={role} onChange={setRole} />
      <TagsInput value={tags} onChange={setTags} label="Sees hosts with the tags" hint={SEES} />
    </FormDialog>
  )
}

function ResetPassword({ user, onClose, onDone }: DialogProps & { user: User }) {
  const [password, setPassword] = useState('')
  const send = async (): Promise<void> => {
    await ask('PUT', `/api${to('users', user.name)}/password`, { password })
    say(`${user.name} has a new password`)
    onDone()
  }
  return (
    <FormDialog title={'New password of ' + visible(user.name)} action="Set" danger onSend={send} onClose={onClose}>
      <p class="quiet">For who forgot it. Their sessions end, and their authenticator app is forgotten.</p>
      <PasswordField value={password} onChange={setPassword} />
    </FormDialog>
  )
}
