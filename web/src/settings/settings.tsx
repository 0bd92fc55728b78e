import { path } from '../app/router.ts'
import { whyNot, type Action } from '../data/allowed.ts'
import { hosts } from '../data/hosts.ts'
import type { Schema } from '../data/schema.ts'
import { useRead } from '../data/use-read.ts'
import { Tabs } from '../parts/tabs.tsx'
import { visible } from '../parts/text.ts'
import { Audit } from './audit.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

const tabs = ['users', 'tokens', 'audit', 'about'] as const

const needs: Record<string, Action> = { users: 'users', tokens: 'access_tokens', audit: 'audit' }

/** Who may use the hub, and what is known of it. */
export default function Settings() {
  const [, tab = 'users'] = path.value
  const why = needs[tab] ? whyNot(needs[tab]) : ''
  return (
    <div class="settings">
      <h1>Settings</h1>
      <Tabs label="of the settings" names={tabs} at={tab} address="/settings" />
      {why ? (
        <p class="notice">You cannot see this. {why}</p>
      ) : tab === 'users' ? (
        <Users />
      ) : tab === 'tokens' ? (
        <Tokens />
      ) : tab === 'audit' ? (
        <Audit />
      ) : (
        <About />
      )}
    </div>
  )
}

/** What the hub tells of itself, and the agents that it has. */
function About() {
  const { value: health, problem } = useRead<Schema<'HealthAnswer'>>('/health')
  const all = [...(hosts.value?.values() ?? [])]
  const versions = new Map<string, number>()
  for (const host of all) {
    const version = host.registration.version ?? 'unknown'
    versions.set(version, (versions.get(version) ?? 0) + 1)
  }
  const facts: [string, string][] = [
    ['Hub', health?.version ?? '–'],
    ['Database', health ? (health.database === 'ok' ? 'answers' : 'does not answer') : '–'],
    [
      'Other hubs',
      !health ? '–' : health.bus === undefined || health.bus === null ? 'none: this is the only one' : health.bus === 'ok' ? 'reached' : 'not reached',
    ],
    ['Sign-in with a provider', health?.oidc ? 'OpenID Connect' : 'not set up'],
    ['Hosts', `${all.filter(host => host.connected).length} of ${all.length} online`],
    ['Agents', [...versions].map(([version, count]) => `${visible(version)} (${count})`).join(', ') || 'none yet'],
  ]
  return (
    <>
      {problem && <p class="notice">{problem}</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="above quiet">
        The hub is configured by its environment, and says at its start what is wrong with it. Programs use the same API as this page:{' '}
        <a class="link" href="/openapi/v1.json" data-native>
          its description
        </a>
        .
      </p>
    </>
  )
}
