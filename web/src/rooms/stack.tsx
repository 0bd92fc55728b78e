import { useEffect, useMemo, useState } from 'preact/hooks'
import { navigate, query, to } from '../app/router.ts'
import { whyNot } from '../data/allowed.ts'
import { complete } from '../data/containers.ts'
import { hosts } from '../data/hosts.ts'
import { ask, get, Problem, reason } from '../data/http.ts'
import { listen, onGap } from '../data/live.ts'
import { begin } from '../data/operations.ts'
import { reader } from '../data/retry.ts'
import { followStacks, isOfStack, managed, stackKey, stacks, type Operation, type Stack, type StackAnswer } from '../data/stacks.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { Icon } from '../parts/icons.tsx'
import { visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'
import { readCompose, volumesOf, type Files } from '../stacks/compose.ts'
import { useDeployment } from '../stacks/deployment.ts'
import { drafts, keepDraft, newFiles, type Draft } from '../stacks/drafts.ts'
import { FilesPanel } from '../stacks/files.tsx'
import { ImportButton, Origin, readFromHost } from '../stacks/origin.tsx'
import { Review, type Options } from '../stacks/review.tsx'
import { RunActions } from '../stacks/run-actions.tsx'
import { DeploymentPanel, namesOf, runningServices, Services } from '../stacks/services.tsx'
import { TakeDown } from '../stacks/take-down.tsx'

const filesOf = (stack: StackAnswer): Files => ({ compose: stack.compose, env: stack.env ?? '' })
const sameFiles = (a: Files, b: Files): boolean => a.compose === b.compose && a.env === b.env

/** One stack: its services, its files, and what is done with it. */
export default function StackRoom({ hostId, name }: { hostId: string; name: string }) {
  const key = stackKey(hostId, name)
  const host = hosts.value?.get(hostId)
  const stack = stacks.value.get(key)
  const mayRead = whyNot('deploy_compose') === ''
  const [stored, setStored] = useState<StackAnswer | null>()
  const [problem, setProblem] = useState('')
  const [asked, setAsked] = useState<'review' | 'down' | ''>('')
  const [busy, setBusy] = useState(false)
  const [errors, setErrors] = useState(0)
  useEffect(followStacks, [])

  const draft = drafts.value.get(key)
  const files: Files = draft ?? (stored ? filesOf(stored) : { compose: '', env: '' })
  const names = useMemo(() => namesOf(name, files.compose, stack), [name, files.compose, stack])

  const look = async (): Promise<StackAnswer | null> => {
    const found = await get<StackAnswer>(`/api${to('hosts', hostId, 'stacks', name)}`).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) return null
      throw error
    })
    setStored(found)
    return found
  }
  const read = async (): Promise<StackAnswer | null | undefined> => {
    try {
      return await look()
    } catch (error) {
      setProblem(reason(error))
      return undefined
    }
  }
  useEffect(() => {
    if (!mayRead) return undefined
    const stop = new AbortController()
    const readOn = reader(look, setProblem, stop.signal)
    readOn()
    const ungap = onGap(readOn)
    // Others may change it, too: then what was edited here is made from something old.
    const leave = listen(event => {
      if (event.name === 'operation_changed' && event.hostId === hostId) {
        const changed = event.data as Operation
        if (changed.subject === name && isOfStack(changed) && (changed.state !== 'running' || changed.stage === 'validating')) readOn()
      }
    })
    return () => {
      stop.abort()
      leave()
      ungap()
    }
  }, [mayRead, hostId, name])

  const deployment = useDeployment(hostId, name, names)
  const running = deployment.operation?.state === 'running'

  const from = query('from')
  useEffect(() => {
    if (!from || !mayRead || stored === undefined) return
    if (draft) {
      setProblem(`You have edited files of this stack already: save or discard them before ${visible(from)} is imported.`)
      return
    }
    void readFromHost(hostId, from).then(
      found => {
        keepDraft(key, { ...found, basis: stored?.revision ?? '' })
        navigate(to('stacks', hostId, name), true)
      },
      (error: unknown) => setProblem(`${visible(from)} cannot be read: ${reason(error)}`),
    )
  }, [from, mayRead, stored === undefined])

  const edit = (next: Files): void => {
    const basis = draft?.basis ?? stored?.revision ?? ''
    if (stored && sameFiles(next, filesOf(stored)) && basis === stored.revision) keepDraft(key, undefined)
    else keepDraft(key, { ...next, basis })
  }
  const theirs = draft && !busy && stored !== undefined && draft.basis !== (stored?.revision ?? '') ? stored : undefined

  /** What was edited while it was being saved is edited still, and made from what was saved. */
  const saved = async (): Promise<void> => {
    const now = await read()
    const later = drafts.value.get(key)
    if (!now || !later || !sameFiles(filesOf(now), files)) return
    keepDraft(key, sameFiles(later, files) ? undefined : { ...later, basis: now.revision })
  }

  /** Stores the files, and with options deploys them. */
  const send = async (options?: Options): Promise<void> => {
    setBusy(true)
    try {
      const body = { compose: files.compose, ...(files.env && { env: files.env }), revision: draft?.basis ?? stored?.revision ?? '', ...options }
      const path = `/api${to('hosts', hostId, 'stacks', name)}`
      if (options) deployment.begun(await begin('PUT', path, body))
      else {
        await ask('PUT', path + '?deploy=false', body)
        say(`${visible(name)} is saved`)
      }
      await saved()
    } catch (error) {
      const kind = error instanceof Problem ? error.kind : ''
      // The hub stores the files before it asks the agent.
      if (options && ['host_not_connected', 'agent_error', 'agent_timeout', 'unavailable', 'not_supported'].includes(kind)) {
        say(`${visible(name)} is saved, and not deployed: ${reason(error)}`, 'bad')
        await saved()
      } else {
        say(`${visible(name)} is not saved: ${reason(error)}`, 'bad')
        await read()
      }
    } finally {
      setBusy(false)
    }
  }
  const takeDown = async (volumes: boolean, forget: boolean): Promise<void> => {
    setAsked('')
    try {
      deployment.begun(await begin('DELETE', `/api${to('hosts', hostId, 'stacks', name)}?volumes=${volumes}&keep=${!forget}`))
    } catch (error) {
      say(`${visible(name)} is not taken down: ${reason(error)}`, 'bad')
    }
  }

  if (!host)
    return (
      <div class="empty">
        <h1>{hosts.value ? 'This host is not there' : 'One moment…'}</h1>
        <p>
          <a href="/stacks">All stacks</a>
        </p>
      </div>
    )
  const isNew = complete.value && managed.value !== undefined && !stack
  const before = stored?.deployed ? { compose: stored.deployed.compose, env: stored.deployed.env ?? '' } : undefined
  const whyWait = running ? 'It is being deployed or taken down now.' : ''
  return (
    <div class="container stack-room">
      <header>
        <h1>{visible(name)}</h1>
        <span class={'state ' + (stack?.kind ?? 'idle')}>{stack?.word ?? (isNew ? 'new' : '…')}</span>
        <p class="quiet">
          <a href={to('hosts', hostId)}>{visible(host.hostname)}</a> · <Origin stack={stack} stored={stored} />
        </p>
        <div class="actions" role="toolbar" aria-label="actions">
          {stack && stack.containers.length > 0 && <RunActions stack={stack} why={whyWait} />}
          <ActionButton
            does="deploy_compose"
            host={hostId}
            class="danger"
            why={whyWait || (stored ? '' : 'The hub does not have its files: import them first.')}
            onRun={() => setAsked('down')}
          >
            <Icon name="close" /> Take down…
          </ActionButton>
        </div>
      </header>
      {!host.connected && (
        <p class="notice">
          The host is offline. Its stacks go on as they are; files that you save are kept in the hub, and are deployed when the host is back and you say so.
        </p>
      )}
      {problem && (
        <p class="notice" role="alert">
          {problem}
        </p>
      )}
      {theirs !== undefined && <Meanwhile name={name} stored={theirs} draft={draft!} stackKey={key} />}
      <div class="stack-grid">
        {!mayRead ? (
          <section class="panel">
            <h2>compose.yaml</h2>
            <p class="quiet">Its files may hold passwords. {whyNot('deploy_compose')}</p>
          </section>
        ) : stored === undefined ? (
          <p class="quiet">One moment…</p>
        ) : !stored && !draft ? (
          <NoFiles stack={stack} onWrite={() => keepDraft(key, stack ? { compose: '', env: '', basis: '' } : newFiles)} />
        ) : (
          <FilesPanel
            files={files}
            state={draft ? 'edited' : !before ? 'saved' : sameFiles(before, files) ? 'deployed' : 'older'}
            host={hostId}
            busy={busy}
            why={theirs !== undefined ? 'Somebody else has changed the files meanwhile: see above.' : whyWait}
            onEdit={edit}
            onErrors={setErrors}
            onSave={() => void send()}
            onDiscard={() => keepDraft(key, undefined)}
            onReview={() => setAsked('review')}
          />
        )}
        <div class="stack-side">
          <DeploymentPanel deployment={deployment} connected={host.connected} />
          <Services stack={stack} names={names} deployment={deployment} />
        </div>
      </div>
      {asked === 'review' && (
        <Review
          name={name}
          host={host.hostname}
          before={before}
          after={files}
          running={runningServices(stack)}
          errors={errors}
          failed={deployment.operation?.state === 'failed' && deployment.operation.kind === 'deploy'}
          onClose={() => setAsked('')}
          onDeploy={options => {
            setAsked('')
            void send(options)
          }}
        />
      )}
      {asked === 'down' && stored && (
        <TakeDown
          name={name}
          host={host.hostname}
          containers={stack?.containers.length ?? 0}
          volumes={[...new Set([...readCompose(stored.compose).services.values()].flatMap(volumesOf))]}
          onClose={() => setAsked('')}
          onDown={(volumes, forget) => void takeDown(volumes, forget)}
        />
      )}
    </div>
  )
}

/** Said when others have stored other files since these were begun. */
function Meanwhile({ name, stored, draft, stackKey: key }: { name: string; stored: StackAnswer | null; draft: Draft; stackKey: string }) {
  return (
    <div class="notice meanwhile" role="alert">
      <p>
        {stored
          ? `Somebody else has saved other files of ${visible(name)} since you began to edit. Yours are still here, and are not saved.`
          : `The files of ${visible(name)} were removed from the hub since you began to edit. Yours are still here, and are not saved.`}
      </p>
      <div class="buttons">
        {stored && (
          <button type="button" onClick={() => keepDraft(key, undefined)}>
            Take theirs
          </button>
        )}
        <button type="button" onClick={() => keepDraft(key, { ...draft, basis: stored?.revision ?? '' })}>
          Go on with mine
        </button>
      </div>
    </div>
  )
}

function NoFiles({ stack, onWrite }: { stack: Stack | undefined; onWrite: () => void }) {
  return (
    <section class="panel no-files">
      <h2>compose.yaml</h2>
      {stack ? (
        <p>
          Compose has started this stack on the host, and the hub does not have its files. It can be started and stopped from here. To change it from here,
          import its file.
        </p>
      ) : (
        <p>There is no stack of this name yet.</p>
      )}
      <div class="buttons">
        {stack && <ImportButton stack={stack} />}
        <button type="button" class={stack ? '' : 'primary'} onClick={onWrite}>
          {stack ? 'Write new ones' : 'Write its files'}
        </button>
      </div>
    </section>
  )
}
