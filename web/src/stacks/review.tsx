import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { count, visible } from '../parts/text.ts'
import { serviceChanges, type ServiceChange } from './changes.ts'
import type { Files } from './compose.ts'
import { diff, hunks, type DiffLine } from './diff.ts'

/** How a stack is deployed. */
export interface Options {
  pull_images: boolean
  force_recreate: boolean
  wait_for_healthy: boolean
}

export interface ReviewProps {
  name: string
  host: string
  /** What was deployed last; undefined when that is not known. */
  before: Files | undefined
  after: Files
  running: ReadonlyMap<string, boolean>
  errors: number
  /** A failed deployment may have changed something. */
  failed: boolean
  onDeploy: (options: Options) => void
  onClose: () => void
}

const effects: Record<ServiceChange['effect'], [word: string, kind: string]> = {
  new: ['created', 'good'],
  recreated: ['recreated', 'warn'],
  started: ['started', 'good'],
  unchanged: ['left alone', 'idle'],
  left: ['left running', 'warn'],
  unknown: ['maybe recreated', 'warn'],
}

/** Shows what a deployment would change, and begins it. */
export function Review({ name, host, before, after, running, errors, failed, onDeploy, onClose }: ReviewProps) {
  const [options, setOptions] = useState<Options>({ pull_images: false, force_recreate: false, wait_for_healthy: true })
  const changes = serviceChanges(before, after, running, options.force_recreate)
  const texts = [
    ['compose.yaml', before?.compose ?? '', after.compose],
    ['.env', before?.env ?? '', after.env],
  ] as const
  const different = texts.filter(([, old, next]) => old !== next)
  const choice = (key: keyof Options, text: string) => (
    <label class="check">
      <input type="checkbox" checked={options[key]} onChange={event => setOptions({ ...options, [key]: event.currentTarget.checked })} /> {text}
    </label>
  )
  return (
    <Dialog label={`Deploy ${name}`} class="review" onClose={onClose}>
      <h2>
        Deploy {visible(name)} on {visible(host)}
      </h2>
      {errors > 0 && (
        <p class="notice">
          The editor has found {errors === 1 ? 'an error' : errors + ' errors'}: compose will most likely refuse the file, and then nothing changes.
        </p>
      )}
      {failed && <p class="notice">The last deployment failed: what runs may be neither the one nor the other.</p>}
      <table class="effects">
        <caption>Services</caption>
        <tbody>
          {changes.map(change => (
            <tr key={change.service}>
              <th scope="row">{visible(change.service)}</th>
              <td>
                <span class={'state ' + effects[change.effect][1]}>{effects[change.effect][0]}</span>
              </td>
              <td class="quiet">{visible(change.why)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {changes.length === 0 && <p class="quiet">There are no services in the file.</p>}
      {!before && <p class="quiet">The hub has not deployed this stack before, or took it down since: all of its files is new.</p>}
      <div class="diffs" tabIndex={0} role="region" aria-label="what changes in the files">
        {different.map(([file, old, next]) => (
          <Diff key={file} file={file} lines={diff(old, next)} />
        ))}
        {different.length === 0 && <p class="quiet">The files are those that were deployed last.</p>}
      </div>
      <fieldset>
        {choice('pull_images', 'pull newer images first')}
        {choice('force_recreate', 'recreate every container')}
        {choice('wait_for_healthy', 'wait until all are healthy')}
      </fieldset>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="primary" autoFocus onClick={() => onDeploy(options)}>
          Deploy
        </button>
      </div>
    </Dialog>
  )
}

const signs = { same: ' ', added: '+', removed: '−' } as const
const said = { same: '', added: 'added: ', removed: 'removed: ' } as const

/** Most lines of a comparison that are shown: nobody reads more, and a browser takes long for them. */
const MOST_LINES = 2000

function Diff({ file, lines }: { file: string; lines: readonly DiffLine[] }) {
  const linesOf = (kind: DiffLine['kind']): number => lines.filter(line => line.kind === kind).length
  const shown = hunks(lines)
  return (
    <section>
      <h3>
        {file} <small class="plus">+{linesOf('added')}</small> <small class="minus">−{linesOf('removed')}</small>
      </h3>
      <div class="diff">
        {shown.slice(0, MOST_LINES).map((line, index) =>
          line ? (
            <div key={index} class={line.kind}>
              <span aria-hidden="true">{line.new || line.old}</span>
              <span aria-hidden="true">{signs[line.kind]}</span>
              <code>
                <span class="said">{said[line.kind]}</span>
                {visible(line.text.replaceAll('\t', '    '))}
              </code>
            </div>
          ) : (
            <div key={index} class="gap" aria-label="unchanged lines">
              ⋯
            </div>
          ),
        )}
      </div>
      {shown.length > MOST_LINES && <p class="quiet">and {count(shown.length - MOST_LINES, 'more line')}, in the editor</p>}
    </section>
  )
}
