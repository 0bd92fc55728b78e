import { to } from '../app/router.ts'
import { whyNot, type Action } from '../data/allowed.ts'
import type { Container } from '../data/containers.ts'
import { ask, reason } from '../data/http.ts'
import type { IconName } from './icons.tsx'
import { visible } from './text.ts'
import { say } from './toasts.tsx'

/** What one does with containers most, and in which state. */
export const actions: readonly { action: 'start' | 'stop' | 'restart'; title: string; icon: IconName; when: (state: string) => boolean }[] = [
  { action: 'start', title: 'Start', icon: 'start', when: state => state !== 'running' && state !== 'paused' },
  { action: 'stop', title: 'Stop', icon: 'stop', when: state => state === 'running' || state === 'restarting' },
  { action: 'restart', title: 'Restart', icon: 'restart', when: state => state === 'running' },
]

/** Has something done with a container, and says at the edge how it goes. @returns Whether it was done. */
export async function act(row: Container, action: Action, title: string): Promise<boolean> {
  const why = whyNot(action, row.host_id)
  if (why) {
    say(why, 'bad')
    return false
  }
  const toast = say(`${title} ${visible(row.name)}…`, 'busy')
  try {
    await ask('POST', `/api${to('hosts', row.host_id, 'containers', row.id, action)}`)
    toast.end(`${title} ${visible(row.name)}: done`, 'good')
    return true
  } catch (error) {
    toast.end(`${title} ${visible(row.name)}: ${reason(error)}`, 'bad')
    return false
  }
}
