import { useState } from 'preact/hooks'
import { navigate, to } from '../app/router.ts'
import { policyOf, type Policy } from '../data/allowed.ts'
import { readHosts, type Host } from '../data/hosts.ts'
import { ask } from '../data/http.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { FormDialog } from '../parts/form.tsx'
import { parseTags, TagList, TagsInput } from '../parts/tags.tsx'
import { visible } from '../parts/text.ts'
import { doing, say } from '../parts/toasts.tsx'

/** The tags of a host, and what is done with the host itself. */
export function HostActions({ host }: { host: Host }) {
  const [editing, setEditing] = useState(false)
  const name = visible(host.hostname)
  const remove = async (): Promise<void> => {
    const yes = await confirmed({
      title: `Remove ${name}?`,
      text:
        'Its events, history, health checks and the files of its stacks are deleted here. Its containers stay as they are, and its agent is not let in ' +
        'again without a new token.',
      action: 'Remove',
      name: host.hostname,
    })
    if (yes && (await doing(`Remove ${name}`, () => ask('DELETE', '/api' + to('hosts', host.id))))) navigate('/hosts')
  }
  return (
    <>
      <TagList tags={host.tags ?? []} none="no tags" />
      <div class="actions" role="toolbar" aria-label="actions">
        <ActionButton does="tags" host={host.id} onRun={() => setEditing(true)}>
          Tags
        </ActionButton>
        <ActionButton does="remove_host" host={host.id} class="danger" onRun={() => void remove()}>
          Remove
        </ActionButton>
      </div>
      {editing && <EditTags host={host} onClose={() => setEditing(false)} />}
    </>
  )
}

function EditTags({ host, onClose }: { host: Host; onClose: () => void }) {
  const [tags, setTags] = useState((host.tags ?? []).join(', '))
  const send = async (): Promise<void> => {
    await ask('PUT', `/api${to('hosts', host.id)}/tags`, { tags: parseTags(tags) })
    await readHosts()
    say('The tags are kept')
    onClose()
  }
  return (
    <FormDialog title={'Tags of ' + visible(host.hostname)} action="Save" onSend={send} onClose={onClose}>
      <TagsInput
        value={tags}
        onChange={setTags}
        label="Tags"
        hint="Users and tokens with tags see only hosts that have one of theirs. Lower-case, with commas or spaces."
      />
    </FormDialog>
  )
}

const words = { refused: 'refused', depends: 'on some containers', allowed: 'allowed' } as const

/** What the policy on the host allows; it is the host's own, and cannot be changed from here. */
export function HostPolicy({ host }: { host: Host }) {
  const policy = policyOf(host.id)
  if (policy === undefined) return null
  return (
    <section class="policy" aria-labelledby="policy">
      <h2 id="policy" class="above">
        Policy of the host
      </h2>
      {policy === null ? <p class="quiet">Its agent tells of none: what it refuses shows when it is asked.</p> : <PolicyShown policy={policy} />}
    </section>
  )
}

function PolicyShown({ policy }: { policy: Policy }) {
  const by = (answer: keyof typeof words): string[] =>
    Object.entries(policy.actions)
      .filter(([, value]) => value === answer)
      .map(([action]) => action)
  const refused = by('refused').length
  return (
    <>
      <p>
        Mode <b>{visible(policy.mode)}</b>:{' '}
        {!policy.usable
          ? 'the policy cannot be used, and so nothing but looking is allowed. The log of the agent says why.'
          : !policy.enforced
            ? 'it is only tried out. All is allowed, and what it would refuse is in the log of the agent.'
            : refused === 0
              ? 'the hub may do everything.'
              : `${refused} of ${Object.keys(policy.actions).length} actions are refused. It is changed on the host only.`}
      </p>
      <details>
        <summary>Each action</summary>
        {(Object.keys(words) as (keyof typeof words)[])
          .filter(answer => by(answer).length > 0)
          .map(answer => (
            <p key={answer}>
              <span class={'state ' + (answer === 'refused' ? 'bad' : answer === 'depends' ? 'warn' : 'good')}>{words[answer]}</span>{' '}
              {by(answer).map(action => (
                <code key={action}>{visible(action)}</code>
              ))}
            </p>
          ))}
      </details>
    </>
  )
}
