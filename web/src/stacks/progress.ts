/** How far a service is within a deployment. */
export interface Step {
  word: string
  kind: 'busy' | 'good' | 'bad' | 'idle'
}

/** What the agent has told of a deployment. */
export interface Progress {
  stage: string
  message: string
  steps: ReadonlyMap<string, Step>
}

export const nothingYet: Progress = { stage: '', message: '', steps: new Map() }

/** `deploy_progress` of an agent; other agents may tell less. */
export interface ProgressEvent {
  stage?: string
  message?: string
  services?: { name?: string; status?: string; message?: string }[]
}

/** `deploy_complete` of an agent. */
export interface EndEvent {
  action?: string
  success?: boolean
  services?: Record<string, { status?: string; error?: string }>
  failed_services?: string[]
  error?: string
}

/** Which service a container or an image belongs to. */
export interface Names {
  project: string
  services: readonly string[]
  /** Services by the name of a container. */
  containers: ReadonlyMap<string, string>
  /** Services by their image. */
  images: ReadonlyMap<string, readonly string[]>
}

/** Takes in what the agent tells while it works: compose names containers and images, and this finds their services. */
export function takeProgress(progress: Progress, event: ProgressEvent, names: Names): Progress {
  const message = event.message ?? ''
  const steps = new Map(progress.steps)
  const container = /^Container "?([^"\s]+?)"?:? ([A-Za-z]+)$/.exec(message.trim())
  if (container) {
    const service = serviceOf(container[1]!, names)
    if (service) steps.set(service, { word: container[2]!.toLowerCase(), kind: kindOf(container[2]!.toLowerCase()) })
  }
  const pull = /^(?:Image )?(\S+) (Pulling|Pulled)$/.exec(message.trim())
  if (pull) {
    const word = pull[2]!.toLowerCase()
    const services = names.services.includes(pull[1]!) ? [pull[1]!] : (names.images.get(pull[1]!) ?? [])
    for (const service of services) steps.set(service, { word, kind: kindOf(word) })
  }
  for (const { name, status } of event.services ?? []) {
    if (name && status) steps.set(name, { word: status, kind: kindOf(status) })
  }
  return { stage: event.stage || progress.stage, message: message || progress.message, steps }
}

/** Takes in how it ended. */
export function takeEnd(progress: Progress, event: EndEvent): Progress {
  const steps = new Map(progress.steps)
  for (const [name, service] of Object.entries(event.services ?? {})) {
    if (service.error) steps.set(name, { word: service.error, kind: 'bad' })
    else if (service.status) steps.set(name, { word: service.status, kind: kindOf(service.status.toLowerCase()) })
  }
  for (const name of event.failed_services ?? []) if (steps.get(name)?.kind !== 'bad') steps.set(name, { word: 'does not run', kind: 'bad' })
  if (!event.success) for (const [name, step] of steps) if (step.kind === 'busy') steps.set(name, { word: step.word, kind: 'idle' })
  return { ...progress, steps }
}

function serviceOf(container: string, { project, services, containers }: Names): string | undefined {
  const known = containers.get(container)
  if (known) return known
  // project-service-1, with an underscore from version 1; while one is made anew its name has an id in front.
  const match = /^(?:[0-9a-f]{12}_)?(.+)[-_]\d+$/.exec(container)
  const name = match?.[1]
  return name !== undefined && (name.startsWith(project + '-') || name.startsWith(project + '_'))
    ? services.find(service => service === name.slice(project.length + 1))
    : undefined
}

function kindOf(word: string): Step['kind'] {
  if (/unhealthy|^exited|^dead|error|fail/.test(word)) return 'bad'
  if (/^(started|running|healthy|up\b)/.test(word)) return /starting|restarting/.test(word) ? 'busy' : 'good'
  if (/^(stopped|removed|exited)/.test(word)) return 'idle'
  return 'busy'
}
