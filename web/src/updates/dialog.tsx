import { useEffect, useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { whyNot } from '../data/allowed.ts'
import { containers, keyOf, version, type Container } from '../data/containers.ts'
import { reason } from '../data/http.ts'
import { begin, newOperation, operations, readOperation, runningUpdate, type Operation } from '../data/operations.ts'
import { updates } from '../data/updates.ts'
import { useRead } from '../data/use-read.ts'
import { Dialog } from '../parts/dialog.tsx'
import { duration, shortImage, visible } from '../parts/text.ts'
import type { Asked } from './asked.ts'
import { CheckNow } from './check-now.tsx'
import { fixedName, hasHealthCheck, keptOf, shortDigest, type Inspected } from './kept.ts'
import { Outcome, Progress } from './progress.tsx'

/** At most this many requests at a time from this page. */
const AT_ONCE = 6

/** How often it is looked how they are going, in milliseconds: the stream tells it sooner, unless the hub itself heard of it late. */
const LOOK = 10_000

/** What could not be begun, by the id that it would have had. */
type Refusals = ReadonlyMap<string, { name: string; why: string }>

/** Says what an update will change, begins it, and shows how it goes. Closing it ends nothing. */
export default function UpdateDialog({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  void version.value
  const [keys] = useState(asked.keys)
  const [begun, setBegun] = useState<readonly string[]>(asked.operations)
  const [refused, setRefused] = useState<Refusals>(new Map())
  const [started, setStarted] = useState(asked.operations.length > 0)
  useEffect(() => {
    const look = (): void => {
      for (const id of begun) {
        if (operations.value.has(id) || !refused.has(id)) readOperation(id).catch((error: unknown) => console.info('operation', id, 'was not read:', error))
      }
    }
    if (asked.operations.length > 0) look()
    const timer = setInterval(look, LOOK)
    return () => clearInterval(timer)
  }, [begun, refused])

  const beginAll = async (rows: readonly Container[], image: string, health: number, stop: number): Promise<void> => {
    setStarted(true)
    const waiting = [...rows]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let row = waiting.shift(); row; row = waiting.shift()) {
          const { name } = row
          // Known before the hub answers: the stream may tell of it sooner, and also of one whose answer is lost.
          const id = newOperation()
          setBegun(old => [...old, id])
          const body = { ...(image && { image }), health_timeout: health, stop_timeout: stop }
          try {
            await begin('POST', `/api${to('hosts', row.host_id, 'containers', row.id, 'update')}`, body, id)
          } catch (error) {
            setRefused(old => new Map(old).set(id, { name, why: reason(error) }))
          }
        }
      }),
    )
  }

  const refusals = [...refused].filter(([id]) => !operations.value.has(id)).map(([, item]) => item)
  const shown = begun.map(id => operations.value.get(id)).filter(item => item !== undefined)
  const only = keys.length + asked.operations.length === 1
  const name = only ? visible(shown[0]?.name ?? containers.get(keys[0] ?? '')?.name ?? '') : `${keys.length} containers`
  const title = 'Update ' + name
  return (
    <Dialog label={title} class="update-dialog" onClose={onClose}>
      <h2>{title}</h2>
      {!started ? (
        <Ask keys={keys} onClose={onClose} onBegin={(...given) => void beginAll(...given)} />
      ) : (
        <div
          class="run"
          onClick={event => {
            // A link leads elsewhere in the page, which the dialog would hide.
            if ((event.target as Element).closest('a')) onClose()
          }}
        >
          {refusals.map(item => (
            <p key={item.name} class="refusal" role="alert">
              {only ? '' : visible(item.name) + ': '}
              {item.why}
            </p>
          ))}
          {only ? shown.map(item => <Progress key={item.id} operation={item} />) : <Many shown={shown} total={keys.length} refused={refusals.length} />}
          {shown.length === 0 && refusals.length === 0 && (
            <p class="waiting" role="status">
              <span class="spinner" aria-hidden="true" /> Asking the agent…
            </p>
          )}
          <div class="buttons">
            {shown.some(item => item.state === 'running') && (
              <p class="quiet">
                It goes on without this dialog; it is among the <a href="/operations">operations</a>.
              </p>
            )}
            <button type="button" autoFocus onClick={onClose}>
              Close
            </button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

function Many({ shown, total, refused }: { shown: readonly Operation[]; total: number; refused: number }) {
  const ended = shown.filter(item => item.state !== 'running').length + refused
  return (
    <>
      <p class="overall">
        <span class="meter" role="progressbar" aria-label="updates that have ended" aria-valuemin={0} aria-valuemax={total} aria-valuenow={ended}>
          <span style={{ width: (100 * ended) / Math.max(1, total) + '%' }} />
        </span>
        <span>
          {ended} of {total}
        </span>
      </p>
      <ul class="many">
        {shown.map(item => (
          <li key={item.id}>
            <details>
              <summary>
                <b>{visible(item.name)}</b>
                <Outcome operation={item} />
              </summary>
              <Progress operation={item} />
            </details>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Why a container cannot be updated now; '' when it can. */
function whyNotUpdate(row: Container, image: string): string {
  if (runningUpdate(keyOf(row))) return 'It is being updated.'
  return whyNot('update_container', row.host_id) || (image ? '' : fixedName(row.image))
}

function Ask({
  keys,
  onClose,
  onBegin,
}: {
  keys: readonly string[]
  onClose: () => void
  onBegin: (rows: readonly Container[], image: string, health: number, stop: number) => void
}) {
  const rows = keys.map(key => containers.get(key)).filter(row => row !== undefined)
  const only = rows.length === 1 ? rows[0] : undefined
  const [image, setImage] = useState(only?.image ?? '')
  const [health, setHealth] = useState(120)
  const [stop, setStop] = useState(30)
  const named = only && image.trim() !== only.image ? image.trim() : ''
  const able = rows.filter(row => !whyNotUpdate(row, named))
  const news = able.filter(row => updates.value.get(keyOf(row))?.update_available)
  const [which, setWhich] = useState<'new' | 'all'>('new')
  const chosen = only || which === 'all' || news.length === 0 ? able : news
  const why = only ? whyNotUpdate(only, named) : ''
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        if (chosen.length > 0) onBegin(chosen, named, health, stop)
      }}
    >
      {only ? <One row={only} image={image} setImage={setImage} /> : <Table rows={rows} />}
      {!only && news.length > 0 && news.length < able.length && (
        <fieldset class="which">
          <legend class="hidden">Which</legend>
          <label class="check">
            <input type="radio" name="which" checked={which === 'new'} onChange={() => setWhich('new')} /> The {news.length} with a newer image
          </label>
          <label class="check">
            <input type="radio" name="which" checked={which === 'all'} onChange={() => setWhich('all')} /> All {able.length}: the others are made anew from the
            same image
          </label>
        </fieldset>
      )}
      <details class="options">
        <summary>Options</summary>
        <label>
          Seconds that the new container has to become healthy
          <input type="number" min={1} max={3600} value={health} onInput={event => setHealth(event.currentTarget.valueAsNumber || 120)} />
        </label>
        <label>
          Seconds that the old container has to stop
          <input type="number" min={0} max={3600} value={stop} onInput={event => setStop(event.currentTarget.valueAsNumber || 0)} />
        </label>
      </details>
      <p class="quiet">
        The old container stays until the new one works; if that does not, the old one comes back. What was written inside of the container, outside of its
        volumes, goes with it.
      </p>
      {why && (
        <p class="refusal" role="alert">
          {why}
        </p>
      )}
      <div class="buttons">
        <CheckNow rows={rows} />
        <span class="gap" />
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="primary" autoFocus disabled={chosen.length === 0} title={why}>
          {only ? 'Update' : `Update ${chosen.length}`}
        </button>
      </div>
    </form>
  )
}

/** The digest that the registry knows a container's image by, or else the image's id. */
const nowOf = (row: Container, digest: string | null | undefined): string => (digest ? shortDigest(digest) : 'id ' + shortDigest(row.image_id))

/** What one container changes into, and what it keeps. */
function One({ row, image, setImage }: { row: Container; image: string; setImage: (image: string) => void }) {
  const { value, problem } = useRead<{ container: Inspected }>(`/api${to('hosts', row.host_id, 'containers', row.id)}`)
  const inspected = value?.container
  const own = inspected?.Config?.Image
  useEffect(() => {
    // The list has only an id when the name means another image by now; the container itself has the name.
    if (fixedName(row.image) && own) setImage(own)
  }, [own])
  const update = updates.value.get(keyOf(row))
  const same = image.trim() === row.image
  const checked = update?.checked_at ? `Checked ${duration((Date.now() - Date.parse(update.checked_at)) / 1000)} ago` : 'Not checked yet'
  return (
    <>
      <dl class="change">
        <div>
          <dt>Now</dt>
          <dd>
            <span>{visible(row.image)}</span>
            <code title={update?.local_digest ?? row.image_id}>{nowOf(row, update?.local_digest)}</code>
          </dd>
        </div>
        <div>
          <dt>
            <label for="new-image">New</label>
          </dt>
          <dd>
            <input id="new-image" value={image} onInput={event => setImage(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
            {same && update?.remote_digest ? (
              <code title={update.remote_digest}>{shortDigest(update.remote_digest)}</code>
            ) : (
              <code class="quiet">as the registry has it</code>
            )}
          </dd>
        </div>
      </dl>
      <p class={same && update?.update_available ? 'state good' : 'quiet'}>
        {!same
          ? 'Another image than the container has.'
          : update?.update_available
            ? `A newer image is in the registry. ${checked}.`
            : update?.update_available === false
              ? `The registry has the image that the container has already. ${checked}.`
              : update?.error
                ? visible(update.error)
                : 'Whether there is a newer image was not checked yet.'}
      </p>
      <h3>What stays</h3>
      {problem && <p class="quiet">{problem}</p>}
      {!inspected && !problem && <p class="quiet">Asking the host…</p>}
      {inspected && (
        <dl class="kept">
          <div>
            <dt>Name</dt>
            <dd>{visible(row.name)}</dd>
          </div>
          {keptOf(inspected).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{visible(value)}</dd>
            </div>
          ))}
          <div>
            <dt>Works when</dt>
            <dd>
              {row.state !== 'running'
                ? 'it does not run, and is not started'
                : hasHealthCheck(inspected)
                  ? 'it is healthy'
                  : 'it runs for three seconds, or is healthy if the new image has a health check'}
            </dd>
          </div>
        </dl>
      )}
    </>
  )
}

/** What several containers change into. */
function Table({ rows }: { rows: readonly Container[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="what will change">
      <table>
        <thead>
          <tr>
            <th scope="col">Container</th>
            <th scope="col">Image</th>
            <th scope="col">Now</th>
            <th scope="col">New</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => {
            const update = updates.value.get(keyOf(row))
            const why = whyNotUpdate(row, '')
            return (
              <tr key={keyOf(row)} class={why ? 'quiet' : ''}>
                <td>{visible(row.name)}</td>
                <td title={row.image}>{shortImage(visible(row.image))}</td>
                <td>
                  <code>{nowOf(row, update?.local_digest)}</code>
                </td>
                <td>
                  {why ||
                    (update?.update_available ? (
                      <code>{shortDigest(update.remote_digest)}</code>
                    ) : update?.update_available === false ? (
                      'the same'
                    ) : (
                      'not known'
                    ))}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
