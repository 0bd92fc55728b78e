import { ask, reason } from '../data/http.ts'
import type { Stack } from '../data/stacks.ts'
import { ActionButton, useBusy } from '../parts/action-button.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'

const actions: readonly { action: 'start' | 'stop' | 'restart'; title: string; icon: IconName; when: (stack: Stack) => boolean }[] = [
  { action: 'start', title: 'Start', icon: 'start', when: stack => stack.running < stack.services },
  { action: 'stop', title: 'Stop', icon: 'stop', when: stack => stack.running > 0 },
  { action: 'restart', title: 'Restart', icon: 'restart', when: stack => stack.running > 0 },
]

interface Result {
  id: string
  success: boolean
  error?: string | null
}

/** Does something with all containers of a stack. */
export function RunActions({ stack, why }: { stack: Stack; why: string }) {
  const [busy, during] = useBusy()
  const run = async (action: string, title: string): Promise<void> => {
    const toast = say(`${title} ${visible(stack.name)}…`, 'busy')
    const own = stack.containers.filter(container => action !== 'start' || container.state !== 'running')
    try {
      const { results } = await ask<{ results: Result[] }>('POST', '/api/containers/actions', {
        action,
        containers: own.map(container => ({ host_id: stack.hostId, id: container.id })),
      })
      const failed = results.filter(result => !result.success)
      const nameOf = (id: string): string => visible(own.find(container => container.id === id)?.name ?? id)
      if (failed.length === 0) toast.end(`${title} ${visible(stack.name)}: done`, 'good')
      else toast.end(`${title} ${visible(stack.name)}: ${failed.map(result => `${nameOf(result.id)}: ${result.error ?? ''}`).join('; ')}`, 'bad')
    } catch (error) {
      toast.end(`${title} ${visible(stack.name)}: ${reason(error)}`, 'bad')
    }
  }
  return (
    <>
      {actions
        .filter(item => item.when(stack))
        .map(({ action, title, icon }) => (
          <ActionButton
            key={action}
            does={action}
            host={stack.hostId}
            why={why}
            busy={busy.includes(action)}
            onRun={() => void during(action, () => run(action, title))}
          >
            <Icon name={icon} /> {title}
          </ActionButton>
        ))}
    </>
  )
}
