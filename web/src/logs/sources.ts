/** At most so many logs in one stream, as the hub has it. */
export const MOST_LOGS = 50

/** How the address names the log of a container. */
export const keyOfLog = (row: { host_id: string; name: string }): string => row.host_id + ':' + row.name

/** Reads the containers of an address, each once. */
export const readKeys = (text: string): string[] => [...new Set(text.split(',').filter(key => /^[^:]+:./.test(key)))].slice(0, MOST_LOGS)

/** The address of the logs of some containers. */
export const logsOf = (rows: readonly { host_id: string; name: string }[]): string =>
  '/logs?' + new URLSearchParams({ c: rows.slice(0, MOST_LOGS).map(keyOfLog).join(',') }).toString()
