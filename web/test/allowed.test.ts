import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policies, refused, whyNot, type Policy } from '../src/data/allowed.ts'
import { hosts, type Host } from '../src/data/hosts.ts'
import { me, type Me } from '../src/data/session.ts'

const user = (role: string, tags: string[] = []): Me => ({ who: 'user ada', role, tags, name: 'ada' })

const policy = (answer: string, more: Partial<Policy> = {}): Policy => ({ mode: 'operate', enforced: true, usable: true, actions: { stop: answer }, ...more })

function host(capabilities: Record<string, boolean>, connected = true): void {
  const one = { id: 'h', hostname: 'nas', engine_id: 'e', connected, registered_at: '', last_seen: '', tags: [], registration: { capabilities } }
  hosts.value = new Map([['h', one as Host]])
  policies.value = new Map()
}

test('a role that is too low is told before anything else', () => {
  me.value = user('viewer')
  host({}, false)
  assert.equal(whyNot('stop', 'h'), 'This takes the role operator; yours is viewer.')
  me.value = user('operator')
  assert.equal(whyNot('prune_volumes', 'h'), 'This takes the role admin; yours is operator.')
  me.value = null
  assert.match(whyNot('stop'), /yours is none/)
})

test('who sees only some hosts does nothing that concerns all', () => {
  me.value = user('admin', ['web', 'test'])
  assert.match(whyNot('add_host'), /only those with the tag web or test/)
  me.value = user('admin')
  assert.equal(whyNot('add_host'), '')
})

test('what an agent does waits for it, what the hub does not', () => {
  me.value = user('admin')
  host({ container_updates: true }, false)
  assert.equal(whyNot('stop', 'h'), 'The host is offline.')
  assert.equal(whyNot('remove_host', 'h'), '')
  host({ container_updates: true })
  assert.equal(whyNot('stop', 'h'), '')
})

test('an agent without an extension is told of', () => {
  me.value = user('admin')
  host({ container_updates: true, shell_access: false })
  assert.match(whyNot('shell', 'h'), /opens no shells/)
  assert.match(whyNot('image_check', 'h'), /newer images/)
  assert.equal(whyNot('update_container', 'h'), '')
})

test('what the policy refuses everywhere is refused, what it refuses somewhere is not', () => {
  me.value = user('admin')
  host({ policy: true })
  for (const [answer, allowed] of [
    ['refused', false],
    ['depends', true],
    ['allowed', true],
  ] as const) {
    policies.value = new Map([['h', policy(answer)]])
    assert.equal(whyNot('stop', 'h') === '', allowed, answer)
  }
  assert.match(refused('stop', policy('refused')), /policy on this host does not allow it \(mode operate\)/)
  assert.equal(refused('stop', policy('refused', { enforced: false })), '')
  assert.match(refused('stop', policy('refused', { usable: false })), /cannot be used/)
  assert.equal(refused('stop', null), '')
})
