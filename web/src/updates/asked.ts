import { signal } from '@preact/signals'

/** What the update dialog is open for: containers by `HOST:CONTAINER` that are to be updated, or updates that were begun. */
export interface Asked {
  keys: readonly string[]
  operations: readonly string[]
}

export const asked = signal<Asked | undefined>(undefined)

/** Opens the dialog for containers. */
export const askUpdate = (keys: readonly string[]): void => {
  asked.value = { keys, operations: [] }
}

/** Opens the dialog again for updates that were begun. */
export const showUpdate = (operation: string): void => {
  asked.value = { keys: [], operations: [operation] }
}

export const closeUpdate = (): void => {
  asked.value = undefined
}
