import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  lostTags,
  pruneImages,
  pruneNetworks,
  pruneVolumes,
  removeImages,
  removeNetworks,
  samePlan,
  users,
  type Image,
  type Network,
  type Volume,
} from '../src/data/resources.ts'

const used = (...names: string[]) => ({ containers: names.map(name => ({ id: 'id-' + name, name })), container_count: names.length, in_use: names.length > 0 })
const image = (id: string, tags: string[], ...by: string[]): Image => ({ id, tags, size: 100, created: '', dangling: tags.length === 0, ...used(...by) })
const network = (name: string, ...by: string[]): Network => ({
  id: 'n-' + name,
  name,
  driver: 'bridge',
  scope: 'local',
  created: '',
  internal: false,
  subnet: '',
  is_builtin: name === 'host',
  ...used(...by),
})
const volume = (name: string, driver: string, ...by: string[]): Volume => ({ name, driver, mountpoint: '', created: '', ...used(...by) })

const goes = (plan: { goes: { name: string }[] }): string[] => plan.goes.map(item => item.name)

test('images that no container uses go, and those in use keep one of their names as Docker chooses it', () => {
  const all = [image('1', ['web:1'], 'web'), image('2', ['old:1', 'old:2']), image('3', []), image('4', ['b:2', 'a:1', 'team/c:1', 'reg.example/x:1'], 'db')]
  const plan = pruneImages(all)
  assert.deepEqual(goes(plan), ['old:1, old:2', '3', 'a:1, b:2, team/c:1'])
  assert.match(plan.goes[2]!.note, /stays as reg\.example\/x:1/)
  assert.deepEqual(
    plan.stays.map(item => item.why),
    ['used by web', 'used by db'],
  )
  assert.equal(plan.bytes, 200)
  assert.deepEqual(goes(removeImages(all)), ['old:1, old:2', '3'])
  assert.deepEqual(lostTags(image('1', ['web:1'], 'web')), [])
})

test('networks of stopped containers go when networks are pruned, but are not removed one by one', () => {
  const all = [network('host'), network('front', 'web'), network('back', 'stopped'), network('none-on-it')]
  const plan = pruneNetworks(all, id => id === 'id-web')
  assert.deepEqual(goes(plan), ['back', 'none-on-it'])
  assert.match(plan.goes[0]!.note, /stopped cannot be started/)
  assert.deepEqual(goes(removeNetworks(all)), ['none-on-it'])
})

test('a hidden container counts as a user', () => {
  const hidden = { ...network('front'), container_count: 1 }
  assert.deepEqual(goes(pruneNetworks([hidden], () => false)), [])
  assert.equal(users(hidden), 'used by 1 that the policy of the host hides')
  assert.equal(users(used('a', 'b', 'c', 'd', 'e')), 'used by a, b, c, 2 more')
})

test('volumes that nobody has go, but not those of other drivers', () => {
  const plan = pruneVolumes([volume('data', 'local'), volume('db', 'local', 'db'), volume('far', 'nfs')])
  assert.deepEqual(goes(plan), ['data'])
  assert.deepEqual(
    plan.stays.map(item => item.why),
    ['used by db', 'Docker leaves those of the driver nfs'],
  )
})

test('a plan is another one when something else would go', () => {
  const plan = pruneImages([image('1', ['a:1']), image('2', ['b:1'])])
  assert.equal(samePlan(plan, pruneImages([image('2', ['b:1']), image('1', ['a:1'])])), true)
  assert.equal(samePlan(plan, pruneImages([image('1', ['a:1'])])), false)
  assert.equal(samePlan(plan, pruneImages([image('1', ['a:1', 'a:2']), image('2', ['b:1'])])), false)
})
