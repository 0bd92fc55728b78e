import { signal } from '@preact/signals'
import { listen } from './live.ts'
import type { Schema } from './schema.ts'

export type HealthCheck = Schema<'HealthCheckConfig'>

/** A result, as an agent tells it. */
export interface HealthResult {
  container_id: string
  healthy: boolean
  status_code?: number
  response_time_ms: number
  error_message?: string
  timestamp: string
}

/** The newest result of each check since the page was loaded, by `keyOfCheck`. */
export const results = signal<ReadonlyMap<string, HealthResult>>(new Map())

/** Servers name containers by 12 characters of their id, agents by those that they were given. */
export const keyOfCheck = (hostId: string, containerId: string): string => hostId + ':' + containerId.slice(0, 12)

/** Takes in what the stream tells of health checks. */
export function startHealthChecks(): void {
  listen(({ name, hostId, data }) => {
    if (name !== 'health_check_result') return
    const result = data as HealthResult
    results.value = new Map(results.value).set(keyOfCheck(hostId, result.container_id), result)
  })
}

/** A check as somebody edits it: texts, each with what the protocol takes for granted. */
export interface CheckDraft {
  container: string
  enabled: boolean
  url: string
  method: string
  codes: string
  interval: string
  timeout: string
  redirects: boolean
  certificate: boolean
  headers: string
  auth: 'none' | 'basic' | 'bearer' | 'kept'
  user: string
  secret: string
}

export const draftOf = (check: HealthCheck | undefined): CheckDraft => ({
  container: check?.container_id ?? '',
  enabled: check?.enabled ?? true,
  url: check?.url ?? 'http://',
  method: check?.method ?? 'GET',
  codes: check?.expected_status_codes ?? '200',
  interval: String(check?.check_interval_seconds ?? 30),
  timeout: String(check?.timeout_seconds ?? 10),
  redirects: check?.follow_redirects ?? true,
  certificate: check?.verify_ssl ?? true,
  headers: linesOf(check?.headers_json),
  auth: check?.auth_config_json ? 'kept' : 'none',
  user: '',
  secret: '',
})

/** The check of a draft. `before` has what is kept: credentials that were not typed anew. */
export function checkOf(draft: CheckDraft, before: HealthCheck | undefined): HealthCheck {
  const headers = parseHeaders(draft.headers)
  const auth =
    draft.auth === 'basic'
      ? JSON.stringify({ type: 'basic', username: draft.user, password: draft.secret })
      : draft.auth === 'bearer'
        ? JSON.stringify({ type: 'bearer', token: draft.secret })
        : draft.auth === 'kept'
          ? before?.auth_config_json
          : undefined
  return {
    container_id: draft.container,
    enabled: draft.enabled,
    url: draft.url.trim(),
    method: draft.method,
    expected_status_codes: draft.codes.replaceAll(' ', '') || '200',
    check_interval_seconds: Number(draft.interval) || 30,
    timeout_seconds: Number(draft.timeout) || 10,
    follow_redirects: draft.redirects,
    verify_ssl: draft.certificate,
    ...(Object.keys(headers).length > 0 && { headers_json: JSON.stringify(headers) }),
    ...(auth && { auth_config_json: auth }),
  }
}

/** Headers as one writes them: `Name: value`, one in a line. */
export function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of text.split('\n').map(one => one.trim())) {
    if (!line) continue
    const colon = line.indexOf(':')
    if (colon <= 0) throw new Error(`"${line}" is no header: it takes a name, a colon and a value.`)
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim()
  }
  return headers
}

function linesOf(json: string | null | undefined): string {
  if (!json) return ''
  try {
    return Object.entries(JSON.parse(json) as Record<string, unknown>)
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join('\n')
  } catch {
    return ''
  }
}
