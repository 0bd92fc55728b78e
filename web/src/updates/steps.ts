import type { Operation } from '../data/operations.ts'

/** A step of an update as people see it. */
export interface Step {
  title: string
  state: 'done' | 'now' | 'failed' | 'waiting' | 'skipped'
  /** What the agent said last in it. */
  message: string
  /** Seconds that it took, or takes so far. */
  seconds: number | undefined
}

const parts: readonly { title: string; stages: readonly string[] }[] = [
  { title: 'Pull the image', stages: ['pulling'] },
  { title: 'Create the new container', stages: ['configuring', 'backup', 'creating'] },
  { title: 'Stop the old one, start the new one', stages: ['starting'] },
  { title: 'Wait until it is healthy', stages: ['health_check'] },
  { title: 'Clean up', stages: ['dependents', 'cleanup'] },
]

/** The way of an update so far, and what lies before it. When it fails, the way back comes after the step that failed. */
export function stepsOf(operation: Operation, now: number): Step[] {
  const told = operation.steps
  const at = (time: string): number => Date.parse(time) / 1000
  const ended = operation.state !== 'running'
  const backAt = told.findIndex(step => step.stage === 'rollback')
  const partOf = (stage: string): number => parts.findIndex(part => part.stages.includes(stage))
  const reached = Math.max(-1, ...told.map(step => partOf(step.stage)))
  const failed = operation.state === 'failed' || backAt >= 0
  const steps = parts.map((part, index): Step => {
    const own = told.filter(step => part.stages.includes(step.stage))
    const first = own[0]
    const next = first && told[told.findLastIndex(step => part.stages.includes(step.stage)) + 1]
    const state =
      operation.state === 'succeeded'
        ? 'done'
        : index < reached
          ? 'done'
          : index > reached
            ? failed
              ? 'skipped'
              : index === 0
                ? 'now'
                : 'waiting'
            : failed
              ? 'failed'
              : 'now'
    return {
      title: part.title,
      state,
      message: own.at(-1)?.message ?? '',
      seconds: first && (next ? at(next.at) - at(first.at) : ended ? undefined : Math.max(0, now / 1000 - at(first.at))),
    }
  })
  if (backAt >= 0) {
    const back = told.filter(step => step.stage === 'rollback')
    const end = ended ? at(operation.changed_at) : now / 1000
    steps.splice(reached + 1, 0, {
      title: 'Bring the old container back',
      state: ended ? 'done' : 'now',
      message: back.at(-1)!.message,
      seconds: Math.max(0, end - at(back[0]!.at)),
    })
  }
  return steps
}

/** How an operation ended, or how far it is, in a few words. */
export function outcomeOf(operation: Operation): [word: string, kind: 'good' | 'bad' | 'warn' | 'busy'] {
  if (operation.state === 'succeeded') return operation.message.startsWith('not brought over') ? ['done, but ' + operation.message, 'warn'] : ['done', 'good']
  if (operation.state === 'failed') {
    if (operation.stage === 'lost') return ['lost: nobody knows', 'warn']
    return [
      operation.kind !== 'update' ? 'failed' : operation.steps.some(step => step.stage === 'rollback') ? 'rolled back' : 'failed, nothing was changed',
      'bad',
    ]
  }
  const words: Record<string, string> = { '': 'waiting for the agent', health_check: 'waiting until healthy', rollback: 'going back' }
  return [words[operation.stage] ?? operation.stage, operation.stage === 'rollback' ? 'warn' : 'busy']
}
