import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rank, rankAction } from '../src/app/rank.ts'

const of = (text: string, name: string, host: string, image = 'nginx'): number | undefined =>
  rank(text.split(' ').filter(Boolean), { name, text: `${name} ${host} · ${image}`, host })

test('a name comes before the host it is on', () => {
  assert.equal(of('web', 'web', 'alpha'), 0)
  assert.equal(of('we', 'web', 'alpha'), 1)
  assert.equal(of('web', 'shop-web-1', 'alpha'), 2)
  assert.equal(of('eb', 'web', 'alpha'), 3)
  assert.equal(of('nginx', 'web', 'alpha'), 4)
  assert.equal(of('web', 'database', 'web-host-1'), 5)
})

test('every word has to be somewhere, and those of the name count', () => {
  assert.equal(of('web beta', 'web', 'alpha'), undefined)
  assert.equal(of('alpha web', 'web', 'alpha'), 0)
  assert.equal(of('alpha', 'web', 'alpha'), 5)
  assert.equal(of('', 'web', 'alpha'), 0)
  assert.equal(of('WEB'.toLowerCase(), 'Web', 'alpha'), 0)
})

test('an action is found when a name is typed', () => {
  const store = { name: 'store', text: 'store alpha', host: 'alpha' }
  assert.equal(rankAction(['stop'], store), undefined)
  assert.equal(rankAction(['stop', 'store'], store), 0)
  assert.equal(rankAction(['stop', 'web'], store), undefined)
})
