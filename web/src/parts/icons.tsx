/** Icons of one stroke, drawn on 20 × 20. They stand beside text and are hidden from who listens. */
const paths = {
  hosts: 'M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.01M6 13.5h.01',
  containers: 'M10 2l7 4v8l-7 4-7-4V6zM3 6l7 4 7-4M10 10v8',
  stacks: 'M10 3l7 3.5-7 3.5-7-3.5zM3 10l7 3.5 7-3.5M3 13.5L10 17l7-3.5',
  events: 'M3 10h3l2-6 4 12 2-6h3',
  logs: 'M4 4h12M4 8h8M4 12h12M4 16h6',
  up: 'M5 12.5l5-5 5 5',
  down: 'M5 7.5l5 5 5-5',
  search: 'M9 3a6 6 0 100 12A6 6 0 009 3zM13.5 13.5L17 17',
  settings: 'M4 6h7M15 6h1M4 10h1M9 10h7M4 14h5M13 14h3M13 4v4M7 8v4M11 12v4',
  warn: 'M10 3l8 14H2zM10 8v4M10 14.5h.01',
  sun: 'M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M16 4l-1.4 1.4M5.4 14.6L4 16',
  start: 'M6 4l10 6-10 6z',
  stop: 'M5 5h10v10H5z',
  restart: 'M16 10a6 6 0 11-2-4.5M16 3v3.5h-3.5',
  update: 'M10 3v10M6 9l4 4 4-4M4 17h12',
  close: 'M5 5l10 10M15 5L5 15',
  check: 'M4 10.5l4 4 8-9',
  menu: 'M3 6h14M3 10h14M3 14h14',
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
)
