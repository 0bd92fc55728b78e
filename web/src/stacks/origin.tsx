import { navigate, to } from '../app/router.ts'
import { ask } from '../data/http.ts'
import type { Stack, StackAnswer } from '../data/stacks.ts'
import { useRead } from '../data/use-read.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'
import type { Files } from './compose.ts'

/** Where compose says that the files of a running stack are: labels of its containers have it. */
function useOrigin(stack: Stack | undefined): string {
  const first = stack?.connected ? stack.containers[0] : undefined
  const { value } = useRead<{ container: { Config?: { Labels?: Record<string, string> | null } } }>(
    first ? `/api${to('hosts', first.host_id, 'containers', first.id)}` : null,
  )
  return value?.container.Config?.Labels?.['com.docker.compose.project.config_files'] ?? ''
}

/** Says where the files of a stack come from. */
export function Origin({ stack, stored }: { stack: Stack | undefined; stored: StackAnswer | null | undefined }) {
  const origin = useOrigin(stored === undefined || stored ? undefined : stack)
  if (stored) return <>files in this hub, saved {new Date(stored.updated_at).toLocaleString()}</>
  if (stack?.managed) return <>files in this hub</>
  return <>{stack ? (origin ? `started by compose from ${visible(origin)}` : 'started by compose on the host') : 'no files yet'}</>
}

/** Imports the compose file from which a stack was started, when the agent can see it. */
export function ImportButton({ stack }: { stack: Stack }) {
  const origin = useOrigin(stack)
  const [first = '', ...others] = origin.split(',')
  return (
    <ActionButton
      does="read_compose_file"
      host={stack.hostId}
      class="primary"
      why={!origin ? 'Its containers do not say where their file is.' : others.length > 0 ? 'It was started from several files: join them to one first.' : ''}
      onRun={() => navigate(`${to('stacks', stack.hostId, stack.name)}?from=${encodeURIComponent(first)}`)}
    >
      Import {first ? visible(first) : 'it'}
    </ActionButton>
  )
}

interface Answer {
  success: boolean
  content?: string | null
  env_content?: string | null
  skipped_env_files?: string[] | null
  error?: string | null
}

/** Reads a compose file of a host and the `.env` beside it, and says what does not come with them. */
export async function readFromHost(hostId: string, path: string): Promise<Files> {
  const answer = await ask<Answer>('POST', `/api${to('hosts', hostId, 'command')}?reveal=true`, { command: 'read_compose_file', payload: { path } })
  if (!answer.success || typeof answer.content !== 'string') throw new Error(answer.error ?? 'the agent does not say why')
  const skipped = answer.skipped_env_files ?? []
  if (skipped.length > 0) say(`Not imported, because they are elsewhere: ${skipped.map(visible).join(', ')}`, 'bad')
  if (/(^|[\s"'])\.{1,2}\//m.test(answer.content))
    say(
      'Relative paths in it (./…) will mean the folder that the agent has for the stack, not the one that the file is in now. Make them absolute first.',
      'bad',
    )
  return { compose: answer.content, env: answer.env_content ?? '' }
}
