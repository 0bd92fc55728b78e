import { signal } from '@preact/signals'
import { hosts } from './hosts.ts'
import { get, Problem } from './http.ts'
import { listen, onGap } from './live.ts'
import type { Schema } from './schema.ts'
import { me } from './session.ts'
import { visible } from '../parts/text.ts'

export type Role = 'viewer' | 'operator' | 'admin'

/** What the policy of a host allows. */
export type Policy = Schema<'PolicyStatement'>

interface Rule {
  /** The role that the hub wants, as in docs/access.md. */
  role: Role
  /** What the agent has to be able to do: a capability or an extension that it announced. */
  needs?: string
  /** It concerns all hosts: not for who sees only some. */
  global?: true
  /** The hub does it, whether the agent is connected or not. */
  offline?: true
}

/** All that can be refused. What agents do has the names of the protocol and of docs/policy.md. A test compares the roles with those of the hub. */
const rules = {
  start: { role: 'operator' },
  stop: { role: 'operator' },
  restart: { role: 'operator' },
  kill: { role: 'operator' },
  pause: { role: 'operator' },
  unpause: { role: 'operator' },
  rename: { role: 'operator' },
  remove: { role: 'operator' },
  update_container: { role: 'operator', needs: 'container_updates' },
  image_check: { role: 'operator', needs: 'image_check' },
  pull_image: { role: 'operator' },
  remove_image: { role: 'operator' },
  prune_images: { role: 'operator' },
  create_network: { role: 'operator' },
  delete_network: { role: 'operator' },
  prune_networks: { role: 'operator' },
  create_volume: { role: 'admin' },
  delete_volume: { role: 'operator' },
  prune_volumes: { role: 'admin' },
  deploy_compose: { role: 'admin', needs: 'compose_deployments' },
  scan_compose_dirs: { role: 'operator' },
  read_compose_file: { role: 'operator' },
  self_update: { role: 'admin', needs: 'self_update' },
  shell: { role: 'operator', needs: 'shell_access' },
  health_checks: { role: 'operator', offline: true },
  reveal: { role: 'operator' },
  remove_host: { role: 'admin', offline: true },
  tags: { role: 'admin', global: true, offline: true },
  add_host: { role: 'admin', global: true },
  users: { role: 'admin', global: true },
  access_tokens: { role: 'admin', global: true },
  audit: { role: 'admin', global: true },
} as const satisfies Record<string, Rule>

export type Action = keyof typeof rules

/** What an agent cannot do, in words; by the capability that it lacks. */
const lacks: Record<string, string> = {
  container_updates: 'The agent of this host cannot update containers.',
  image_check: 'The agent of this host cannot look for newer images: an agent of this project can.',
  compose_deployments: 'The agent of this host cannot deploy stacks: it has no docker compose.',
  self_update: 'The agent of this host cannot update itself.',
  shell_access: 'The agent of this host opens no shells.',
}

const ranks: Record<string, number> = { viewer: 0, operator: 1, admin: 2 }

/** Policies by host; null where none is told. One is read when it is first asked for. */
export const policies = signal<ReadonlyMap<string, Policy | null>>(new Map())

const reading = new Set<string>()

/** The policy of a host; undefined as long as it is not known. */
export function policyOf(hostId: string): Policy | null | undefined {
  const known = policies.value.get(hostId)
  if (known !== undefined) return known
  const host = hosts.value?.get(hostId)
  if (host?.registration.capabilities?.['policy'] !== true) return host && null
  void readPolicy(hostId)
  return undefined
}

async function readPolicy(hostId: string): Promise<void> {
  if (reading.has(hostId)) return
  reading.add(hostId)
  try {
    keep(hostId, await get<Policy>(`/api/hosts/${encodeURIComponent(hostId)}/policy`))
  } catch (error) {
    // Without an answer nothing is grey: the agent refuses by itself. 404: not told yet; an event comes with it.
    if (error instanceof Problem && (error.status === 404 || error.status === 501)) keep(hostId, null)
    else console.info('no policy of', hostId, error)
  } finally {
    reading.delete(hostId)
  }
}

function keep(hostId: string, policy: Policy | null): void {
  policies.value = new Map(policies.value).set(hostId, policy)
}

/** Takes in what the stream tells of policies. */
export function startPolicies(): void {
  listen(({ name, hostId, data }) => {
    if (name === 'policy') keep(hostId, data as Policy)
  })
  onGap(() => {
    policies.value = new Map()
  })
}

/**
 * The one place that says why something cannot be done: the role, what the agent can do, the policy on the host, a host that is offline. '' when it can.
 * What an action of the page is grey by; ActionButton asks it.
 */
export function whyNot(action: Action, hostId?: string): string {
  const user = me.value
  const rule: Rule = rules[action]
  if (!user || (ranks[user.role] ?? -1) < ranks[rule.role]!) return `This takes the role ${rule.role}; yours is ${user?.role ?? 'none'}.`
  if (rule.global && user.tags.length > 0) return `This concerns all hosts, and you see only those with the tag ${user.tags.map(visible).join(' or ')}.`
  if (hostId === undefined) return ''
  const host = hosts.value?.get(hostId)
  if (!host) return ''
  const refusal = refused(action, policyOf(hostId))
  if (refusal) return refusal
  // An agent that does not say what it can do is not asked: it refuses by itself.
  const capabilities = host.registration.capabilities
  if (rule.needs && capabilities && capabilities[rule.needs] !== true) return lacks[rule.needs]!
  return host.connected || rule.offline ? '' : 'The host is offline.'
}

/** Why the policy of a host refuses an action everywhere; '' when it does not, or only on some containers. */
export function refused(action: string, policy: Policy | null | undefined): string {
  if (!policy?.enforced || policy.actions[action] !== 'refused') return ''
  return policy.usable
    ? `The policy on this host does not allow it (mode ${visible(policy.mode)}).`
    : 'The policy on this host cannot be used, and so nothing but looking is allowed: the log of its agent says why.'
}
