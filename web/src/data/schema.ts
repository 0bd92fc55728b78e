import type { components } from '../../generated/api.ts'

/** A type of the hub's API, as docs/openapi.json describes it. `npm run types` makes them; nothing of them is in what the browser loads. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]
