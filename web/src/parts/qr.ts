/*
 * QR codes (ISO/IEC 18004) of a short text: bytes, the lowest correction, versions 1 to 10 (up to 271 bytes). Enough for what an authenticator app reads
 * from a screen, and a hundred lines instead of a library.
 */

/** Codewords for correction in each block, and blocks, by version. */
const CORRECTION = [0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18]
const BLOCKS = [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4]

/** The modules of a code, true for dark ones; undefined for a text that is too long. */
export function qrCode(text: string): boolean[][] | undefined {
  const data = new TextEncoder().encode(text)
  const version = BLOCKS.findIndex((_, at) => at > 0 && capacity(at) * 8 >= 4 + lengthBits(at) + data.length * 8)
  return version < 0 ? undefined : draw(version, interleave(version, codewords(version, data)))
}

const lengthBits = (version: number): number => (version < 10 ? 8 : 16)

/** Codewords that fit a version, with those for correction. */
function rawCodewords(version: number): number {
  const marks = Math.floor(version / 7) + 2
  const bits = (16 * version + 128) * version + 64 - (version < 2 ? 0 : (25 * marks - 10) * marks - 55) - (version < 7 ? 0 : 36)
  return bits >> 3
}

const capacity = (version: number): number => rawCodewords(version) - CORRECTION[version]! * BLOCKS[version]!

function codewords(version: number, data: Uint8Array): number[] {
  const bits: number[] = []
  const push = (value: number, count: number): void => {
    for (let at = count - 1; at >= 0; at--) bits.push((value >> at) & 1)
  }
  push(4, 4) // bytes
  push(data.length, lengthBits(version))
  for (const byte of data) push(byte, 8)
  const most = capacity(version) * 8
  push(0, Math.min(4, most - bits.length))
  push(0, (8 - (bits.length % 8)) % 8)
  for (let pad = 0xec; bits.length < most; pad ^= 0xec ^ 0x11) push(pad, 8)
  return Array.from({ length: most / 8 }, (_, at) => bits.slice(at * 8, at * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0))
}

/** Product in the field of 256 elements of the standard. */
function multiply(x: number, y: number): number {
  let product = 0
  for (let at = 7; at >= 0; at--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d)
    product ^= ((y >> at) & 1) * x
  }
  return product
}

/** The remainder of Reed and Solomon. */
function correctionOf(data: readonly number[], degree: number): number[] {
  const divisor: number[] = Array.from({ length: degree }, (_, at) => (at === degree - 1 ? 1 : 0))
  for (let count = 0, root = 1; count < degree; count++, root = multiply(root, 2)) {
    for (let at = 0; at < degree; at++) divisor[at] = multiply(divisor[at]!, root) ^ (divisor[at + 1] ?? 0)
  }
  const rest: number[] = divisor.map(() => 0)
  for (const word of data) {
    const factor = word ^ rest.shift()!
    rest.push(0)
    for (let at = 0; at < degree; at++) rest[at] = rest[at]! ^ multiply(divisor[at]!, factor)
  }
  return rest
}

/** Blocks with their correction, the first codewords of all before the second ones. */
function interleave(version: number, data: readonly number[]): number[] {
  const count = BLOCKS[version]!
  const short = Math.floor(data.length / count)
  const longOnes = data.length % count
  const blocks: { data: readonly number[]; correction: number[] }[] = []
  for (let block = 0, from = 0; block < count; block++) {
    const length = short + (block >= count - longOnes ? 1 : 0)
    const part = data.slice(from, from + length)
    blocks.push({ data: part, correction: correctionOf(part, CORRECTION[version]!) })
    from += length
  }
  const result: number[] = []
  for (let at = 0; at <= short; at++) for (const block of blocks) if (at < block.data.length) result.push(block.data[at]!)
  for (let at = 0; at < CORRECTION[version]!; at++) for (const block of blocks) result.push(block.correction[at]!)
  return result
}

const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  x => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

function draw(version: number, words: readonly number[]): boolean[][] {
  const size = version * 4 + 17
  const best = masks.map((_, mask) => drawWith(version, size, words, mask)).map(code => ({ code, penalty: penaltyOf(code) }))
  return best.reduce((one, other) => (other.penalty < one.penalty ? other : one)).code
}

function drawWith(version: number, size: number, words: readonly number[], mask: number): boolean[][] {
  const code = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
  const fixed = code.map(row => row.map(() => false))
  const set = (x: number, y: number, dark: boolean): void => {
    if (x < 0 || y < 0 || x >= size || y >= size) return
    code[y]![x] = dark
    fixed[y]![x] = true
  }
  for (let at = 0; at < size; at++) {
    set(6, at, at % 2 === 0)
    set(at, 6, at % 2 === 0)
  }
  const square = (x: number, y: number, radius: number, lights: readonly number[]): void => {
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) set(x + dx, y + dy, !lights.includes(Math.max(Math.abs(dx), Math.abs(dy))))
    }
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const)
    square(x, y, 4, [2, 4])
  const places = marks(version, size)
  for (const x of places) {
    for (const y of places) {
      const corner = (x === 6 && y === 6) || (x === 6 && y === size - 7) || (x === size - 7 && y === 6)
      if (!corner) square(x, y, 2, [1])
    }
  }
  drawFormat(size, mask, set)
  if (version >= 7) drawVersion(version, size, set)
  let bit = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step++) {
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (fixed[y]![x]) continue
        const dark = bit < words.length * 8 && ((words[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1
        bit++
        code[y]![x] = dark !== masks[mask]!(x, y)
      }
    }
  }
  return code
}

function marks(version: number, size: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2
  return [6, ...Array.from({ length: count - 1 }, (_, at) => size - 7 - (count - 2 - at) * step)]
}

function drawFormat(size: number, mask: number, set: (x: number, y: number, dark: boolean) => void): void {
  const data = (1 << 3) | mask // the lowest correction
  let rest = data
  for (let at = 0; at < 10; at++) rest = (rest << 1) ^ ((rest >> 9) * 0x537)
  const bits = ((data << 10) | rest) ^ 0x5412
  const bit = (at: number): boolean => ((bits >> at) & 1) === 1
  for (let at = 0; at <= 5; at++) set(8, at, bit(at))
  set(8, 7, bit(6))
  set(8, 8, bit(7))
  set(7, 8, bit(8))
  for (let at = 9; at < 15; at++) set(14 - at, 8, bit(at))
  for (let at = 0; at < 8; at++) set(size - 1 - at, 8, bit(at))
  for (let at = 8; at < 15; at++) set(8, size - 15 + at, bit(at))
  set(8, size - 8, true)
}

function drawVersion(version: number, size: number, set: (x: number, y: number, dark: boolean) => void): void {
  let rest = version
  for (let at = 0; at < 12; at++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25)
  const bits = (version << 12) | rest
  for (let at = 0; at < 18; at++) {
    const [a, b] = [size - 11 + (at % 3), Math.floor(at / 3)]
    set(a, b, ((bits >> at) & 1) === 1)
    set(b, a, ((bits >> at) & 1) === 1)
  }
}

/** How hard a code is to read: long runs and squares of one colour. */
function penaltyOf(code: readonly (readonly boolean[])[]): number {
  let penalty = 0
  const runs = (at: (one: number, other: number) => boolean): void => {
    for (let one = 0; one < code.length; one++) {
      for (let other = 1, run = 1; other < code.length; other++) {
        run = at(one, other) === at(one, other - 1) ? run + 1 : 1
        if (run >= 5) penalty += run === 5 ? 3 : 1
      }
    }
  }
  runs((y, x) => code[y]![x]!)
  runs((x, y) => code[y]![x]!)
  for (let y = 1; y < code.length; y++) {
    for (let x = 1; x < code.length; x++) {
      const dark = code[y]![x]
      if (dark === code[y - 1]![x] && dark === code[y]![x - 1] && dark === code[y - 1]![x - 1]) penalty += 3
    }
  }
  return penalty
}
