import { to } from '../app/router.ts'
import { containers, version } from '../data/containers.ts'
import { pulls, type Operation } from '../data/operations.ts'
import { now } from '../parts/age.tsx'
import { Icon } from '../parts/icons.tsx'
import { bytes, duration, visible } from '../parts/text.ts'
import { outcomeOf, stepsOf, type Step } from './steps.ts'

/** How an operation is going or went, in a word. */
export function Outcome({ operation }: { operation: Operation }) {
  const [word, kind] = outcomeOf(operation)
  return kind === 'busy' ? (
    <span class="outcome">
      <span class="spinner" aria-hidden="true" /> {word}
    </span>
  ) : (
    <span class={'state ' + kind}>{word}</span>
  )
}

/** An update of a container, step by step, with the layers of its pull and the way back. */
export function Progress({ operation }: { operation: Operation }) {
  const running = operation.state === 'running'
  const steps = stepsOf(operation, running ? now.value : Date.now())
  void version.value
  const successor = operation.result
    ? [...containers.values()].find(item => item.host_id === operation.host_id && item.id.startsWith(operation.result))
    : undefined
  return (
    <div class="progress">
      <ol class="steps" aria-label={'steps of the update of ' + operation.name}>
        {steps.map(step => (
          <li key={step.title} class={step.state} aria-current={step.state === 'now' ? 'step' : undefined}>
            <Mark state={step.state} />
            <span class="what">{step.title}</span>
            <small class="long">{step.seconds !== undefined && step.state !== 'waiting' ? (step.seconds < 1 ? '' : duration(step.seconds)) : ''}</small>
            {step.message && (step.state === 'now' || step.state === 'failed') && <small class="message">{visible(step.message)}</small>}
            {step.state === 'now' && step === steps[0] && <Layers operation={operation} />}
          </li>
        ))}
      </ol>
      <div role="status" aria-live="polite">
        {operation.state === 'failed' && (
          <div class="end bad">
            <p>
              <Icon name="warn" /> <b>{visible(operation.error || operation.message)}</b>
            </p>
            {operation.stage !== 'lost' && (
              <p>{operation.steps.some(step => step.stage === 'rollback') ? visible(operation.message) : 'Nothing was changed: the container is as it was.'}</p>
            )}
          </div>
        )}
        {operation.state === 'succeeded' && (
          <div class="end good">
            <p>
              <Icon name="check" />{' '}
              <b>
                {visible(operation.name)} runs {visible(operation.image)} now
              </b>
            </p>
            <p>
              {visible(operation.message)}
              {successor && (
                <>
                  {'. '}
                  <a href={to('containers', operation.host_id, successor.id)}>Look at it</a>
                </>
              )}
            </p>
          </div>
        )}
      </div>
    </div>
  )
}

const words: Record<Step['state'], string> = { done: 'done: ', now: 'now: ', failed: 'failed: ', waiting: '', skipped: 'not done: ' }

const Mark = ({ state }: { state: Step['state'] }) => (
  <span class="mark">
    <span class="hidden">{words[state]}</span>
    {state === 'now' ? (
      <span class="spinner" aria-hidden="true" />
    ) : state === 'done' ? (
      <Icon name="check" />
    ) : state === 'failed' ? (
      <Icon name="close" />
    ) : null}
  </span>
)

const MOST_LAYERS = 8

function Layers({ operation }: { operation: Operation }) {
  const pull = pulls.value.get(operation.host_id + ':' + operation.subject)
  if (!pull) return null
  const shown = pull.layers.slice(0, MOST_LAYERS)
  const more = pull.total_layers - shown.length
  return (
    <div class="pull">
      <p class="overall">
        <span class="meter" role="progressbar" aria-label="pull of the image" aria-valuemin={0} aria-valuemax={100} aria-valuenow={pull.overall_progress}>
          <span style={{ width: pull.overall_progress + '%' }} />
        </span>
        <span>
          {pull.overall_progress} %{pull.speed_mbps > 0 && `, ${pull.speed_mbps} MB/s`}
        </span>
      </p>
      <ul>
        {shown.map(layer => (
          <li key={layer.id}>
            <code>{visible(layer.id)}</code>
            <span>{visible(layer.status)}</span>
            <span class="meter" aria-hidden="true">
              <span style={{ width: layer.percent + '%' }} />
            </span>
            <span class="size">{layer.total > 0 ? `${bytes(layer.current)} of ${bytes(layer.total)}` : ''}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <small>and {more} more {more === 1 ? 'layer' : 'layers'}</small>}
    </div>
  )
}
