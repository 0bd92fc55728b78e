import { useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { ask } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { me, readMe } from '../data/session.ts'
import { useRead } from '../data/use-read.ts'
import { Age } from '../parts/age.tsx'
import { CopyButton, Secret } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FormDialog } from '../parts/form.tsx'
import { qrCode } from '../parts/qr.ts'
import { Sheet } from '../parts/sheet.tsx'
import { TagList } from '../parts/tags.tsx'
import { sentence, visible } from '../parts/text.ts'
import { doing, say } from '../parts/toasts.tsx'

type Session = Schema<'SessionAnswer'>

/** What somebody changes of their own: password, authenticator app, sessions. */
export default function Account() {
  const user = me.value!
  const [dialog, setDialog] = useState<'password' | 'app' | 'no-app' | ''>('')
  const close = (): void => setDialog('')
  return (
    <div class="settings">
      <h1>My account</h1>
      <dl class="facts">
        <div>
          <dt>Name</dt>
          <dd>{visible(user.name ?? user.who)}</dd>
        </div>
        <div>
          <dt>Role</dt>
          <dd>{user.role}</dd>
        </div>
        <div>
          <dt>Sees</dt>
          <dd>
            <TagList tags={user.tags} none="all hosts" />
          </dd>
        </div>
      </dl>
      <section aria-labelledby="signing-in">
        <h2 id="signing-in">Signing in</h2>
        {user.has_password ? (
          <ul class="choices">
            <li>
              <div>
                <b>Password</b>
                <p class="quiet">A new one ends all other sessions.</p>
              </div>
              <button type="button" onClick={() => setDialog('password')}>
                Change it
              </button>
            </li>
            <li>
              <div>
                <b>Authenticator app</b> {user.second_factor && <span class="state good">in use</span>}
                <p class="quiet">
                  {user.second_factor
                    ? 'Signing in takes a code of the app, or a recovery code.'
                    : 'With one, a password that somebody has found out is not enough.'}
                </p>
              </div>
              <span class="row">
                <button type="button" onClick={() => setDialog('app')}>
                  {user.second_factor ? 'Set up another' : 'Set it up'}
                </button>
                {user.second_factor && (
                  <button type="button" class="danger" onClick={() => setDialog('no-app')}>
                    Remove
                  </button>
                )}
              </span>
            </li>
          </ul>
        ) : (
          <p class="quiet">You sign in with your organization: password and second factor are its business.</p>
        )}
      </section>
      <Sessions />
      {dialog === 'password' && <ChangePassword onClose={close} />}
      {dialog === 'app' && <SetUpApp onClose={close} />}
      {dialog === 'no-app' && <RemoveApp onClose={close} />}
    </div>
  )
}

/** A browser as people call it: `Firefox on Windows`. */
export function browserOf(client: string): string {
  const find = (names: readonly (readonly [string, string])[]): string => names.find(([sign]) => client.includes(sign))?.[1] ?? ''
  const browser = find([
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
    ['dockmon/', 'Command line'],
  ])
  const system = find([
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux'],
  ])
  return browser ? browser + (system && ' on ' + system) : visible(client.slice(0, 60)) || 'unknown'
}

function Sessions() {
  const { value: sessions, problem, again } = useRead<Session[]>('/api/me/sessions')
  const others = (sessions ?? []).filter(session => !session.current)
  const end = async (list: readonly Session[]): Promise<void> => {
    const what = list.length === 1 ? 'End the session' : `End ${list.length} sessions`
    await doing(what, async () => {
      for (const session of list) await ask('DELETE', '/api/me' + to('sessions', session.id))
    })
    again()
  }
  return (
    <section aria-labelledby="sessions">
      <header class="head">
        <h2 id="sessions">
          Sessions <small>{sessions?.length}</small>
        </h2>
        {others.length > 1 && (
          <button type="button" onClick={() => void end(others)}>
            End all others
          </button>
        )}
      </header>
      {problem && <p class="notice">{sentence(problem)}</p>}
      <Sheet columns={['Browser', 'Address', { wide: 'Began' }, 'Seen']} actions>
        {sessions?.map(session => (
          <tr key={session.id}>
            <th scope="row" title={visible(session.client)}>
              {browserOf(session.client)}
            </th>
            <td>{visible(session.address)}</td>
            <td class="wide">{new Date(session.created_at).toLocaleString()}</td>
            <td>{session.current ? 'this one' : <Age of={session.seen_at} ago />}</td>
            <td class="row-actions">
              {!session.current && (
                <button type="button" class="danger" onClick={() => void end([session])}>
                  End
                </button>
              )}
            </td>
          </tr>
        ))}
      </Sheet>
    </section>
  )
}

/** A password that is there already. */
function PresentPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <label>
      Your password
      <input type="password" required autoFocus autocomplete="current-password" value={value} onInput={event => onChange(event.currentTarget.value)} />
    </label>
  )
}

function ChangePassword({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const send = async (): Promise<void> => {
    if (next !== again) throw new Error('The new password is not twice the same.')
    await ask('PUT', '/api/me/password', { current, new: next })
    say('You have a new password')
    onClose()
  }
  return (
    <FormDialog title="Change the password" action="Change" onSend={send} onClose={onClose}>
      <PresentPassword value={current} onChange={setCurrent} />
      <label>
        New password
        <input type="password" required minLength={12} autocomplete="new-password" value={next} onInput={event => setNext(event.currentTarget.value)} />
        <small>At least 12 characters. A few words are better than signs.</small>
      </label>
      <label>
        New password again
        <input type="password" required autocomplete="new-password" value={again} onInput={event => setAgain(event.currentTarget.value)} />
      </label>
    </FormDialog>
  )
}

function RemoveApp({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState('')
  const send = async (): Promise<void> => {
    await ask('DELETE', '/api/me/app', { password })
    await readMe()
    say('The authenticator app is not asked for any more')
    onClose()
  }
  return (
    <FormDialog title="Remove the authenticator app?" action="Remove" danger onSend={send} onClose={onClose}>
      <p>Signing in takes the password alone then. The recovery codes are gone as well.</p>
      <PresentPassword value={password} onChange={setPassword} />
    </FormDialog>
  )
}

/** The secret of an address for authenticator apps, as one types it: groups of four. */
export const secretOf = (address: string): string => (new URL(address).searchParams.get('secret') ?? '').replace(/(.{4})(?=.)/g, '$1 ')

/** Shows the secret, has it confirmed by a code, shows the recovery codes. */
function SetUpApp({ onClose }: { onClose: () => void }) {
  const [app, setApp] = useState<Schema<'AppAnswer'>>()
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<string[]>()
  if (codes) return <RecoveryCodes codes={codes} onClose={onClose} />
  const begin = async (): Promise<void> => setApp(await ask<Schema<'AppAnswer'>>('POST', '/api/me/app'))
  if (!app) {
    return (
      <FormDialog title="Set up an authenticator app" action="Go on" onSend={begin} onClose={onClose}>
        <p>
          An app on your phone that shows a new code every half minute, such as Aegis, 2FAS or the one of your password manager. You need it with each sign-in
          from then on.
        </p>
      </FormDialog>
    )
  }
  const confirm = async (): Promise<void> => {
    const answer = await ask<Schema<'RecoveryAnswer'>>('PUT', '/api/me/app', { password, secret: app.secret, code: code.replaceAll(' ', '') })
    setCodes(answer.recovery_codes)
    await readMe()
  }
  return (
    <FormDialog key="confirm" title="Set up an authenticator app" action="Confirm" onSend={confirm} onClose={onClose}>
      <p>
        Scan this with the app, or type the secret into it. On the phone itself,{' '}
        <a class="link" href={app.address} data-native>
          open it in the app
        </a>
        .
      </p>
      <Qr text={app.address} />
      <Secret text={secretOf(app.address)} label="secret" />
      <PresentPassword value={password} onChange={setPassword} />
      <label>
        Code that the app shows now
        <input required class="code" inputMode="numeric" autocomplete="one-time-code" value={code} onInput={event => setCode(event.currentTarget.value)} />
      </label>
    </FormDialog>
  )
}

/** A QR code, dark on light in either theme: so all apps read it. */
function Qr({ text }: { text: string }) {
  const code = qrCode(text)
  if (!code) return null
  const size = code.length + 8
  const dark = code.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join('')
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code of the secret" shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dark} fill="#000" />
    </svg>
  )
}

function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <Dialog label="Recovery codes" onClose={() => undefined}>
      <div class="form">
        <h2>Recovery codes</h2>
        <p>For the day on which the phone is gone: each is good once in the place of a code. They are shown this once, so keep them where the phone is not.</p>
        <ul class="codes" aria-label="recovery codes">
          {codes.map(one => (
            <li key={one}>{one}</li>
          ))}
        </ul>
        <div class="buttons">
          <CopyButton text={codes.join('\n')} label="Copy all" />
          <button type="button" class="primary" onClick={onClose}>
            I have kept them
          </button>
        </div>
      </div>
    </Dialog>
  )
}
