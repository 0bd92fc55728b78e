import { useEffect, useRef } from 'preact/hooks'
import { to } from '../app/router.ts'
import type { Container } from '../data/containers.ts'
import type { Operation, Stack } from '../data/stacks.ts'
import { Icon } from '../parts/icons.tsx'
import { State } from '../parts/state.tsx'
import { duration, shortImage, visible } from '../parts/text.ts'
import { readCompose } from './compose.ts'
import type { Deployment } from './deployment.ts'
import type { Names, Step } from './progress.ts'

const kinds = { busy: 'warn', good: 'good', bad: 'bad', idle: 'idle' } as const

/** The services of a stack with their containers; while it is deployed, how far each is. */
export function Services({ stack, names, deployment }: { stack: Stack | undefined; names: Names; deployment: Deployment }) {
  const own = new Map<string, Container[]>(names.services.map(service => [service, []]))
  for (const container of stack?.containers ?? []) own.get(container.service || container.name)?.push(container)
  const { operation, progress } = deployment
  const stepOf = (service: string): Step | undefined =>
    operation?.state === 'running' || operation?.state === 'failed' ? progress.steps.get(service) : undefined
  return (
    <section class="panel services">
      <h2>
        Services <small>{stack && stack.services > 0 ? `${stack.running} of ${stack.services} running` : ''}</small>
      </h2>
      <ul>
        {[...own].map(([service, containers]) => {
          const step = stepOf(service)
          return (
            <li key={service}>
              <b>{visible(service)}</b>
              {step ? (
                <span class={'state ' + kinds[step.kind]}>{visible(step.word)}</span>
              ) : containers[0] ? (
                <State state={stack!.connected ? worst(containers).state : 'unknown'} health={worst(containers).health} />
              ) : (
                <span class="state idle">no container</span>
              )}
              {containers.length > 0 && (
                <p>
                  {containers.map(container => (
                    <a key={container.id} href={to('containers', container.host_id, container.id)}>
                      {visible(container.name)}
                    </a>
                  ))}
                  <small>{shortImage(visible(containers[0]!.image))}</small>
                </p>
              )}
            </li>
          )
        })}
      </ul>
      {own.size === 0 && <p class="quiet">None yet.</p>}
    </section>
  )
}

/** The container that needs attention most. */
const worst = (containers: readonly Container[]): Container =>
  containers.find(container => container.health === 'unhealthy') ?? containers.find(container => container.state !== 'running') ?? containers[0]!

const doing: Record<string, [now: string, done: string, failed: string]> = {
  deploy: ['Deploying', 'Deployed', 'The deployment failed'],
  down: ['Taking it down', 'Taken down', 'It could not be taken down'],
  remove: ['Taking it down', 'Taken down and removed', 'It could not be taken down'],
}

/** How the newest deployment is going, or how it ended; what compose says is shown as it says it. */
export function DeploymentPanel({ deployment, connected }: { deployment: Deployment; connected: boolean }) {
  const { operation, progress } = deployment
  const panel = useRef<HTMLElement>(null)
  // On a phone it is above what one deploys with.
  useEffect(() => panel.current?.scrollIntoView({ block: 'nearest' }), [operation?.id, operation?.state])
  if (!operation) return null
  const [now, done, failed] = doing[operation.kind] ?? doing['deploy']!
  const stage = (progress.stage || operation.stage).replaceAll('_', ' ')
  return (
    <section ref={panel} class={'panel deployment ' + operation.state} role="status" aria-label="deployment">
      {operation.state === 'running' ? (
        <>
          <h2>
            <span class="spinner" aria-hidden="true" /> {now}… <small>{visible(stage)}</small>
          </h2>
          <p class="quiet">{connected ? visible(progress.message || operation.message || 'The agent begins.') : lost}</p>
        </>
      ) : operation.state === 'succeeded' ? (
        <p>
          <span class="state good">{done}</span> <small>{ago(operation)}</small>
        </p>
      ) : (
        <>
          <h2 class="problem">
            <Icon name="warn" /> {failed} <small>{ago(operation)}</small>
          </h2>
          <pre tabIndex={0} aria-label="what went wrong">
            {(operation.error || operation.message || 'The agent does not say why.').split('\n').map(visible).join('\n')}
          </pre>
        </>
      )}
    </section>
  )
}

const lost = 'The host went offline. It goes on there, and how it ends is told when the host is back.'

function ago(operation: Operation): string {
  const seconds = (Date.now() - Date.parse(operation.changed_at)) / 1000
  return seconds < 60 ? 'just now' : duration(seconds) + ' ago'
}

/** The names by which what compose says is told of services: those of the file, and those of the containers that are there. */
export function namesOf(project: string, compose: string, stack: Stack | undefined): Names {
  const { services } = readCompose(compose)
  const containers = new Map<string, string>()
  const images = new Map<string, string[]>()
  for (const [service, values] of services) {
    if (typeof values['container_name'] === 'string') containers.set(values['container_name'], service)
    if (typeof values['image'] === 'string') images.set(values['image'], [...(images.get(values['image']) ?? []), service])
  }
  for (const container of stack?.containers ?? []) if (container.service) containers.set(container.name, container.service)
  const known = new Set([...services.keys(), ...(stack?.containers.map(container => container.service || container.name) ?? [])])
  return { project, services: [...known], containers, images }
}

/** Services that have containers, and whether one of them runs. */
export function runningServices(stack: Stack | undefined): ReadonlyMap<string, boolean> {
  const services = new Map<string, boolean>()
  for (const container of stack?.containers ?? []) {
    services.set(container.service, (services.get(container.service) ?? false) || container.state === 'running')
  }
  return services
}
