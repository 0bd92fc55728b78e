import { useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { whyNot } from '../data/allowed.ts'
import { containers, version, type Container } from '../data/containers.ts'
import { checkOf, draftOf, keyOfCheck, results, type CheckDraft, type HealthCheck, type HealthResult } from '../data/health-checks.ts'
import { ask } from '../data/http.ts'
import { useRead } from '../data/use-read.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { Age } from '../parts/age.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { FormDialog } from '../parts/form.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { sentence, visible } from '../parts/text.ts'
import { doing, say } from '../parts/toasts.tsx'

const isOf = (check: HealthCheck, container: Container): boolean =>
  !!check.container_id && (container.id.startsWith(check.container_id) || check.container_id.startsWith(container.id))

/** The addresses that the agent of a host asks now and then, and what they answer. */
export default function HealthChecks({ hostId }: { hostId: string }) {
  void version.value
  const why = whyNot('health_checks', hostId)
  const mayRead = !why.startsWith('This takes the role')
  const path = `/api${to('hosts', hostId, 'health-checks')}`
  const { value: checks, problem, again } = useRead<HealthCheck[]>(mayRead ? path : null)
  const [editing, setEditing] = useState<{ check?: HealthCheck }>()
  const own = [...containers.values()].filter(item => item.host_id === hostId).sort((a, b) => a.name.localeCompare(b.name))
  const all = checks ?? []

  if (!mayRead) return <p class="notice">You cannot see the health checks: there may be passwords in them. {why}</p>
  const remove = async (check: HealthCheck, name: string): Promise<void> => {
    const yes = await confirmed({ title: `Remove the check of ${name}?`, text: 'The address is not asked any more.', action: 'Remove' })
    if (!yes) return
    const rest = all.filter(other => other !== check)
    if (await doing(`Remove the check of ${name}`, () => ask('PUT', path, rest))) again()
  }
  return (
    <section class="checks" aria-labelledby="checks">
      <header class="head">
        <h2 id="checks">
          Health checks <small>{checks?.length}</small>
        </h2>
        <ActionButton
          does="health_checks"
          host={hostId}
          why={own.every(item => all.some(check => isOf(check, item))) ? 'Each container of this host has a check already.' : ''}
          onRun={() => setEditing({})}
        >
          Add a check
        </ActionButton>
      </header>
      <p class="quiet">The agent asks an address of a container, from the host, and tells whether the answer was as expected.</p>
      {problem && <p class="notice">{sentence(problem)}</p>}
      {why && <p class="notice">{why}</p>}
      {all.length > 0 ? (
        <Sheet columns={['Container', 'Result', { wide: 'Address' }, { wide: 'Every' }]} actions>
          {all.map(check => {
            const container = own.find(item => isOf(check, item))
            const name = visible(container?.name ?? (check.container_id ?? '').slice(0, 12))
            return (
              <tr key={check.container_id}>
                <th scope="row">
                  {container ? (
                    <a href={to('containers', hostId, container.id)}>{name}</a>
                  ) : (
                    <>
                      {name} <small>is gone</small>
                    </>
                  )}
                </th>
                <td>
                  <Result check={check} result={results.value.get(keyOfCheck(hostId, check.container_id ?? ''))} />
                </td>
                <td class="wide">
                  {check.method && check.method !== 'GET' ? visible(check.method) + ' ' : ''}
                  {visible(check.url ?? '')} <small>expects {visible(check.expected_status_codes ?? '200')}</small>
                </td>
                <td class="wide">{check.check_interval_seconds ?? 30} s</td>
                <td class="row-actions">
                  <ActionButton does="health_checks" host={hostId} label={'Edit the check of ' + name} onRun={() => setEditing({ check })}>
                    Edit
                  </ActionButton>
                  <ActionButton does="health_checks" host={hostId} class="danger" label={'Remove the check of ' + name} onRun={() => void remove(check, name)}>
                    Remove
                  </ActionButton>
                </td>
              </tr>
            )
          })}
        </Sheet>
      ) : (
        checks && <p class="empty">There are no health checks on this host yet.</p>
      )}
      {editing && (
        <Editor
          path={path}
          all={all}
          check={editing.check}
          free={own.filter(item => !all.some(check => isOf(check, item)))}
          onClose={() => setEditing(undefined)}
          onDone={() => {
            setEditing(undefined)
            again()
          }}
        />
      )}
    </section>
  )
}

function Result({ check, result }: { check: HealthCheck; result: HealthResult | undefined }) {
  if (check.enabled === false) return <span class="state idle">off</span>
  if (!result) return <span class="quiet">waits for a result</span>
  return (
    <>
      <span class={'state ' + (result.healthy ? 'good' : 'bad')}>{result.healthy ? 'healthy' : 'unhealthy'}</span>{' '}
      <small>
        {result.status_code ? `status ${result.status_code}, ` : ''}
        {result.response_time_ms} ms, <Age of={result.timestamp} ago />
        {result.error_message && <> · {visible(result.error_message)}</>}
      </small>
    </>
  )
}

function Editor({
  path,
  all,
  check,
  free,
  onClose,
  onDone,
}: {
  path: string
  all: readonly HealthCheck[]
  check: HealthCheck | undefined
  free: readonly Container[]
  onClose: () => void
  onDone: () => void
}) {
  const [draft, setDraft] = useState<CheckDraft>(() => ({ ...draftOf(check), ...(!check && { container: free[0]?.id ?? '' }) }))
  const set = (change: Partial<CheckDraft>): void => setDraft(old => ({ ...old, ...change }))
  const send = async (): Promise<void> => {
    const next = checkOf(draft, check)
    await ask('PUT', path, check ? all.map(other => (other === check ? next : other)) : [...all, next])
    say('The agent has the check')
    onDone()
  }
  return (
    <FormDialog title={check ? 'Edit the check' : 'Add a check'} action="Save" onSend={send} onClose={onClose}>
      {!check && (
        <label>
          Container
          <select value={draft.container} onChange={event => set({ container: event.currentTarget.value })}>
            {free.map(item => (
              <option key={item.id} value={item.id}>
                {visible(item.name)}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="fields">
        <label class="short">
          Method
          <select value={draft.method} onChange={event => set({ method: event.currentTarget.value })}>
            {['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'].map(method => (
              <option key={method}>{method}</option>
            ))}
          </select>
        </label>
        <label>
          Address
          <input type="url" required autoFocus={!!check} spellcheck={false} value={draft.url} onInput={event => set({ url: event.currentTarget.value })} />
        </label>
      </div>
      <div class="fields">
        <label>
          Expected status
          <input
            required
            pattern="[0-9 ,\-]+"
            title="codes and ranges, such as 200,204,300-399"
            value={draft.codes}
            onInput={event => set({ codes: event.currentTarget.value })}
          />
        </label>
        <label>
          Every, seconds
          <input type="number" min={1} max={86400} required value={draft.interval} onInput={event => set({ interval: event.currentTarget.value })} />
        </label>
        <label>
          Waits, seconds
          <input type="number" min={1} max={300} required value={draft.timeout} onInput={event => set({ timeout: event.currentTarget.value })} />
        </label>
      </div>
      <div class="row">
        <Check label="on" value={draft.enabled} onChange={enabled => set({ enabled })} />
        <Check label="follow redirects" value={draft.redirects} onChange={redirects => set({ redirects })} />
        <Check label="the certificate must be valid" value={draft.certificate} onChange={certificate => set({ certificate })} />
      </div>
      <details open={draft.headers !== '' || draft.auth !== 'none'}>
        <summary>Headers and credentials</summary>
        <div class="form">
          <label>
            Headers
            <textarea
              rows={3}
              spellcheck={false}
              placeholder="Accept: application/json"
              value={draft.headers}
              onInput={event => set({ headers: event.currentTarget.value })}
            />
          </label>
          <label>
            Credentials
            <select value={draft.auth} onChange={event => set({ auth: event.currentTarget.value as CheckDraft['auth'] })}>
              {check?.auth_config_json && <option value="kept">those it has</option>}
              <option value="none">none</option>
              <option value="basic">name and password</option>
              <option value="bearer">bearer token</option>
            </select>
          </label>
          {draft.auth === 'basic' && (
            <label>
              Name
              <input required autocomplete="off" value={draft.user} onInput={event => set({ user: event.currentTarget.value })} />
            </label>
          )}
          {(draft.auth === 'basic' || draft.auth === 'bearer') && (
            <label>
              {draft.auth === 'basic' ? 'Password' : 'Token'}
              <input type="password" required autocomplete="off" value={draft.secret} onInput={event => set({ secret: event.currentTarget.value })} />
            </label>
          )}
        </div>
      </details>
    </FormDialog>
  )
}

const Check = ({ label, value, onChange }: { label: string; value: boolean; onChange: (value: boolean) => void }) => (
  <label class="check">
    <input type="checkbox" checked={value} onChange={event => onChange(event.currentTarget.checked)} /> {label}
  </label>
)
