import { useRef, useState } from 'preact/hooks'
import { whyNot } from '../data/allowed.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { Icon } from '../parts/icons.tsx'
import { Later } from '../parts/later.tsx'
import { visible } from '../parts/text.ts'
import { lintCompose, lintEnv, type Files, type Finding } from './compose.ts'

export interface FilesPanelProps {
  files: Files
  state: 'edited' | 'saved' | 'deployed' | 'older'
  host: string
  busy: boolean
  /** Why nothing can be saved or deployed now. */
  why: string
  onEdit: (files: Files) => void
  onErrors: (errors: number) => void
  onSave: () => void
  onDiscard: () => void
  onReview: () => void
}

const states = {
  edited: ['Edited, not saved', 'warn'],
  saved: ['Saved, not deployed', 'idle'],
  deployed: ['Deployed as it is here', 'good'],
  older: ['Saved; what was deployed last is older', 'warn'],
} as const

/** Most findings that are listed; the editor marks all. */
const MOST_LISTED = 4

/** The compose file and the `.env` of a stack beside each other, what is wrong with them, and what is done with them. */
export function FilesPanel({ files, state, host, busy, why, onEdit, onErrors, onSave, onDiscard, onReview }: FilesPanelProps) {
  const [found, setFound] = useState<Record<'compose' | 'env', readonly Finding[]>>({ compose: [], env: [] })
  const goes = { compose: useRef<(at: number) => void>(null), env: useRef<(at: number) => void>(null) }
  const now = useRef({ files, found, onEdit })
  now.current = { files, found, onEdit }
  const take = (file: 'compose' | 'env') => (findings: readonly Finding[]) => {
    const next = { ...now.current.found, [file]: findings }
    now.current.found = next
    setFound(next)
    onErrors([...next.compose, ...next.env].filter(finding => finding.severity === 'error').length)
  }
  const readOnly = whyNot('deploy_compose') !== ''
  const save = (): void => {
    if (state === 'edited' && !why && !busy) onSave()
  }
  const discard = async (): Promise<void> => {
    if (await confirmed({ title: 'Discard what you edited?', text: 'The files are again as they were saved.', action: 'Discard' })) onDiscard()
  }
  const all = (['compose', 'env'] as const).flatMap(file => found[file].map(finding => ({ file, finding })))
  const editor = (file: 'compose' | 'env', label: string) => (
    <section class={'pane ' + file}>
      <h2>{label}</h2>
      <Later
        load={() => import('./editor.tsx')}
        props={{
          label,
          text: files[file],
          yaml: file === 'compose',
          readOnly,
          lint: (text: string) => (file === 'compose' ? lintCompose(text, now.current.files.env) : lintEnv(text)),
          also: file === 'compose' ? files.env : '',
          onChange: (text: string) => {
            if (text !== now.current.files[file]) now.current.onEdit({ ...now.current.files, [file]: text })
          },
          onFindings: take(file),
          onSave: save,
          go: goes[file],
        }}
      />
    </section>
  )
  return (
    <div class="stack-files">
      {editor('compose', 'compose.yaml')}
      {editor('env', '.env')}
      {all.length > 0 && (
        <ul class="findings" aria-label="findings">
          {all.slice(0, MOST_LISTED).map(({ file, finding }, index) => (
            <li key={index} class={finding.severity}>
              <button type="button" class="plain" onClick={() => goes[file].current?.(finding.from)}>
                <Icon name="warn" />
                <b>
                  {file === 'env' ? '.env ' : ''}line {lineOf(files[file], finding.from)}
                </b>
                <span>{visible(finding.message)}</span>
              </button>
            </li>
          ))}
          {all.length > MOST_LISTED && <li class="quiet">and {all.length - MOST_LISTED} more, marked in the editor</li>}
        </ul>
      )}
      <div class="stack-foot">
        <span class={'state ' + states[state][1]} role="status">
          {states[state][0]}
        </span>
        <button type="button" disabled={state !== 'edited' || busy} onClick={() => void discard()}>
          Discard
        </button>
        <ActionButton does="deploy_compose" why={why || (state === 'edited' ? '' : 'Nothing was edited.')} busy={busy} onRun={onSave}>
          Save
        </ActionButton>
        <ActionButton
          does="deploy_compose"
          host={host}
          class="primary"
          why={why || (files.compose.trim() === '' ? 'The file is empty.' : busy ? 'The files are being saved.' : '')}
          onRun={onReview}
        >
          Review and deploy…
        </ActionButton>
      </div>
    </div>
  )
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length
