import { useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { whyNot } from '../data/allowed.ts'
import type { Container } from '../data/containers.ts'
import { hosts } from '../data/hosts.ts'
import { ask, reason } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { Icon } from '../parts/icons.tsx'
import { visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'

/** As many hosts are asked at a time. */
const AT_ONCE = 4

/** Has the hosts of some containers ask the registries for newer images of these. */
export function CheckNow({ rows }: { rows: readonly Container[] }) {
  const [busy, setBusy] = useState(false)
  const byHost = new Map<string, Set<string>>()
  const reasons = new Set<string>()
  for (const row of rows) {
    const reason = whyNot('image_check', row.host_id)
    if (reason) reasons.add(reason)
    else if (row.image) byHost.set(row.host_id, (byHost.get(row.host_id) ?? new Set()).add(row.image))
  }
  const why = byHost.size > 0 ? '' : ([...reasons][0] ?? 'There is no container.')
  const run = async (): Promise<void> => {
    setBusy(true)
    const toast = say(`Asking the registries for newer images, on ${byHost.size === 1 ? 'one host' : byHost.size + ' hosts'}…`, 'busy')
    const results: Schema<'ImageCheckResult'>[] = []
    const failures: string[] = []
    const waiting = [...byHost]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          try {
            results.push(...(await ask<Schema<'ImageCheckResult'>[]>('POST', `/api${to('hosts', next[0], 'images', 'check')}`, { images: [...next[1]] })))
          } catch (error) {
            failures.push(`${visible(hosts.value?.get(next[0])?.hostname ?? '')}: ${reason(error)}`)
          }
        }
      }),
    )
    const wrong = results.filter(result => result.error)
    failures.push(...wrong.slice(0, 2).map(result => `${visible(result.image)}: ${result.error}`))
    const good = results.length - wrong.length
    const text = good === 1 ? 'One image checked' : `${good} images checked`
    if (failures.length === 0) toast.end(text, 'good')
    else toast.end(`${text}. ${wrong.length > 0 ? `${wrong.length} could not be checked. ` : ''}${failures.slice(0, 3).join('; ')}`, 'bad')
    setBusy(false)
  }
  return (
    <ActionButton does="image_check" why={why} busy={busy} onRun={() => void run()}>
      <Icon name="search" /> Check now
    </ActionButton>
  )
}
