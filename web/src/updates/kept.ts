import { count } from '../parts/text.ts'

/** What of Docker's inspect object says what an update keeps. */
export interface Inspected {
  Config?: { Image?: string; Env?: string[] | null; Healthcheck?: { Test?: string[] | null } | null }
  Mounts?: { Type: string; Name?: string; Source?: string; Destination: string }[]
  NetworkSettings?: { Networks?: Record<string, unknown> | null }
  HostConfig?: {
    NetworkMode?: string
    PortBindings?: Record<string, { HostPort?: string }[] | null> | null
    RestartPolicy?: { Name?: string; MaximumRetryCount?: number }
  }
}

/** What stays as it is, in words. */
export function keptOf(inspected: Inspected): [name: string, value: string][] {
  const mounts = (inspected.Mounts ?? []).map(mount =>
    mount.Type === 'volume'
      ? `${/^[0-9a-f]{64}$/.test(mount.Name ?? '') ? 'an anonymous volume' : mount.Name} at ${mount.Destination}`
      : `${mount.Source ?? mount.Type} at ${mount.Destination}`,
  )
  const networks = Object.keys(inspected.NetworkSettings?.Networks ?? {})
  const shared = inspected.HostConfig?.NetworkMode?.startsWith('container:') ? ['that of another container'] : []
  const ports = Object.entries(inspected.HostConfig?.PortBindings ?? {}).flatMap(([inner, outer]) =>
    (outer ?? []).map(item => `${item.HostPort || 'any'}→${inner.replace('/tcp', '')}`),
  )
  const variables = inspected.Config?.Env?.length ?? 0
  return [
    ['Volumes', mounts.join(', ') || 'none'],
    ['Networks', [...networks, ...shared].join(', ') || 'none'],
    ['Ports', [...new Set(ports)].join(', ') || 'none published'],
    ['Environment', `${count(variables, 'variable')}: those that you set stay, those of the image follow the new one`],
    ['Restart policy', inspected.HostConfig?.RestartPolicy?.Name || 'no'],
  ]
}

/** When the new container counts as working. */
export const hasHealthCheck = (inspected: Inspected): boolean => {
  const test = inspected.Config?.Healthcheck?.Test
  return test !== undefined && test !== null && test.length > 0 && test[0] !== 'NONE'
}

/** A digest, short enough to be compared by eye. */
export const shortDigest = (digest: string | null | undefined): string => (digest ? digest.replace(/^sha256:/, '').slice(0, 12) : '')

/** Why an image's name never gets a newer one; '' when it may. */
export function fixedName(image: string): string {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return 'Its image is named by digest: name another one.'
  return /^(sha256:)?[0-9a-f]{64}$/.test(image) ? 'Its image has no name any more: name one.' : ''
}
