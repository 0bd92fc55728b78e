import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOf, draftOf, keyOfCheck, parseHeaders } from '../src/data/health-checks.ts'
import { qrCode } from '../src/parts/qr.ts'
import { parseTags } from '../src/parts/tags.tsx'
import { commands, isLocal } from '../src/rooms/commands.ts'
import { browserOf, secretOf } from '../src/settings/account.tsx'
import { auditQuery, outcomeOf } from '../src/settings/audit.tsx'
import { leftOf } from '../src/settings/tokens.tsx'
import { isLastAdmin, makePassword } from '../src/settings/users.tsx'

const user = (name: string, role: string, tags: string[] = []) => ({ id: name, name, role, tags, second_factor: false, created_at: '' })

test('the last administrator of all hosts is known, others are not taken for one', () => {
  const ada = user('ada', 'admin')
  assert.equal(isLastAdmin(ada, [ada, user('ben', 'operator'), user('eve', 'admin', ['web'])]), true)
  assert.equal(isLastAdmin(ada, [ada, user('ben', 'admin')]), false)
  const eve = user('eve', 'admin', ['web'])
  assert.equal(isLastAdmin(eve, [ada, eve]), false)
})

test('a made password is long, and another one each time', () => {
  assert.match(makePassword(), /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
  assert.notEqual(makePassword(), makePassword())
})

test('tags are read however they are typed', () => assert.deepEqual(parseTags(' Web, test  web,,prod '), ['web', 'test', 'prod']))

test('a token for hosts is open until it is used up or expires', () => {
  const token = { id: '1', max_uses: 2, uses: 1, created_at: '', expires_at: '2026-11-30T12:15:00Z' }
  const at = (time: string) => Date.parse(`2026-11-30T${time}Z`)
  assert.deepEqual(leftOf(token, at('12:00:00')), { text: 'for 15 min more', open: true })
  assert.equal(leftOf(token, at('12:15:00')).open, false)
  assert.equal(leftOf({ ...token, uses: 2 }, at('12:00:00')).text, 'used up')
})

test('the days of the audit are whole ones', () => {
  const values: Record<string, string> = { who: 'user ada', from: '2026-11-30', to: '2026-11-30' }
  const wanted = auditQuery(name => values[name] ?? '')
  assert.equal(wanted.get('who'), 'user ada')
  assert.equal(wanted.has('action'), false)
  assert.equal(Date.parse(wanted.get('to')!) - Date.parse(wanted.get('from')!), 86_400_000)
})

test('an entry of the audit says how it ended', () => {
  const entry = { id: 1, at: '', who: '', address: '', action: '' }
  assert.equal(outcomeOf({ ...entry, outcome: 'ok' }).kind, 'good')
  assert.equal(outcomeOf({ ...entry, outcome: 'refused: role' }).kind, 'warn')
  assert.equal(outcomeOf({ ...entry, outcome: 'error 502' }).kind, 'bad')
  assert.match(outcomeOf(entry).text, /goes on/)
})

test('browsers have names', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  assert.equal(browserOf(chrome), 'Chrome on Linux')
  assert.equal(browserOf('curl/8.5.0'), 'curl/8.5.0')
  assert.equal(browserOf(''), 'unknown')
})

test('the secret of an app is in groups of four', () => assert.equal(secretOf('otpauth://totp/DockMon%20hub:ada?secret=ABCDEFGH23&issuer=x'), 'ABCD EFGH 23'))

test('a health check comes back from its editor as it was', () => {
  const check = {
    container_id: 'abc',
    enabled: true,
    url: 'http://127.0.0.1:8080/',
    method: 'GET',
    expected_status_codes: '200,204',
    check_interval_seconds: 30,
    timeout_seconds: 5,
    follow_redirects: false,
    verify_ssl: true,
    headers_json: '{"Accept":"text/html"}',
    auth_config_json: '{"type":"bearer","token":"t"}',
  }
  assert.deepEqual(checkOf(draftOf(check), check), check)
  assert.equal(checkOf({ ...draftOf(check), auth: 'none' }, check).auth_config_json, undefined)
  assert.equal(checkOf({ ...draftOf(check), auth: 'basic', user: 'u', secret: 'p' }, check).auth_config_json, '{"type":"basic","username":"u","password":"p"}')
})

test('headers are lines with a colon', () => {
  assert.deepEqual(parseHeaders('Accept: a\n\nX-Time: 12:30'), { Accept: 'a', 'X-Time': '12:30' })
  assert.throws(() => parseHeaders('nothing'), /"nothing" is no header/)
})

test('results are found by the short id and by the long one', () => assert.equal(keyOfCheck('h', 'a'.repeat(64)), keyOfCheck('h', 'a'.repeat(12))))

test('each way to start an agent has the address and the token', () => {
  for (const way of commands('https://hub.example.com', 'the-token')) {
    assert.match(way.text, /wss:\/\/hub\.example\.com/)
    assert.match(way.text, /the-token/)
  }
  assert.deepEqual(['http://127.0.0.1:8090', 'http://localhost', 'https://hub.example.com', 'what'].map(isLocal), [true, true, false, false])
})

test('a QR code is what a reader has read, and too long a text has none', () => {
  const rows = `
#######....#..#######
#.....#..#....#.....#
#.###.#.#.##..#.###.#
#.###.#..#..#.#.###.#
#.###.#..#....#.###.#
#.....#..###..#.....#
#######.#.#.#.#######
........#.##.........
###.#####.#.###...#..
.#.##....#..###.#...#
..#.#.#.#..##...#.###
.#......####.#.#....#
####.###...##....#.#.
........###.#.####.##
#######.#..###.##.###
#.....#.#.#.##.#...#.
#.###.#.#.##...##...#
#.###.#..####.#.##...
#.###.#.##.###.####.#
#.....#.##.#.......#.
#######.#..###.###.##`
  assert.equal(
    '\n' +
      qrCode('otpauth://totp/x')!
        .map(row => row.map(dark => (dark ? '#' : '.')).join(''))
        .join('\n'),
    rows,
  )
  assert.equal(qrCode('x'.repeat(271))!.length, 57)
  assert.equal(qrCode('x'.repeat(272)), undefined)
})

test('an agent of the machine of the hub gets its network', () => {
  const ways = commands('http://localhost:8090', 'the-token').map(way => way.text)
  assert.match(ways[0]!, /--cap-add SETUID \\\n {2}--network host \\\n {2}-e DOCKMON_URL=ws:\/\/localhost:8090 \\\n/)
  assert.match(ways[1]!, /\n {4}network_mode: host\n/)
  assert.ok(!commands('https://hub.example.com', 'the-token').some(way => /network[ _]/.test(way.text)))
})
