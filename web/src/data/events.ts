/** What happened to a container. */
export interface ContainerEvent {
  container_id: string
  container_name: string
  image: string
  action: string
  timestamp: string
  attributes?: Record<string, string>
}

/** An event with its host. */
export interface HostEvent extends ContainerEvent {
  hostId: string
}

/** Actions that are only noise in a timeline: each health check and shell makes several. */
export const isNoise = (action: string): boolean => action.startsWith('exec_') || ['top', 'resize', 'attach', 'detach'].includes(action)

/** How an action is to be taken. */
export function kindOf(event: ContainerEvent): 'good' | 'bad' | 'warn' | 'idle' {
  const exit = event.attributes?.['exitCode']
  if (event.action === 'oom' || event.action === 'health_status: unhealthy' || (event.action === 'die' && exit !== undefined && exit !== '0')) return 'bad'
  if (event.action === 'start' || event.action === 'unpause' || event.action === 'health_status: healthy') return 'good'
  return event.action === 'kill' || event.action === 'pause' || event.action === 'restart' ? 'warn' : 'idle'
}

/** Newest first; each once, however it came: read, or by the stream. */
export function mergeEvents(known: readonly HostEvent[], added: readonly HostEvent[], limit: number): HostEvent[] {
  const seen = new Map([...added, ...known].map(event => [event.hostId + event.container_id + event.action + event.timestamp, event]))
  return [...seen.values()].sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0)).slice(0, limit)
}
