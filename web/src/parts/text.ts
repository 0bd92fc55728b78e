import type { Schema } from '../data/schema.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Bytes with the unit that reads best: `1.5 GiB`. */
export function bytes(value: number): string {
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** So many of something, in words: 1 line, 1,200 lines. */
export const count = (number: number, word: string): string => `${number.toLocaleString()} ${word}${number === 1 ? '' : 's'}`

/** Percent, without decimals from 10 on. */
export const percent = (value: number): string => `${value >= 10 ? Math.round(value) : value.toFixed(1)} %`

const steps: readonly [number, string][] = [
  [86_400 * 365, 'y'],
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** A length of time in its largest unit: `3 h`. Under a second is `now`. */
export function duration(seconds: number): string {
  for (const [length, unit] of steps) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`
  }
  return 'now'
}

/** What the hub says in the middle of a sentence, as one of its own: with a capital letter and a full stop. */
export const sentence = (text: string): string => text && text[0]!.toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.')

/** A container's ports as `8080→80, 53→53/udp`: published ones only, each once although it is published for IPv4 and IPv6. */
export const publishedPorts = (ports: readonly Schema<'PublishedPort'>[]): string =>
  [
    ...new Set(ports.filter(port => port.public_port).map(port => `${port.public_port}→${port.private_port}${port.type === 'tcp' ? '' : '/' + port.type}`)),
  ].join(', ')

/** An image name as people say it, without registry host and digest. */
export function shortImage(image: string): string {
  const name = image.replace(/@sha256:[0-9a-f]+$/, '')
  if (/^sha256:[0-9a-f]{64}$/.test(name)) return name.slice(7, 19)
  const parts = name.split('/')
  return parts.length > 1 && /[.:]|^localhost$/.test(parts[0]!) ? parts.slice(1).join('/') : name
}

/**
 * Names from containers and hosts, safe to show: control characters and those that change the direction of text become visible.
 * They could make one name look like another.
 */
export const visible = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '�')
