import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { query, setQuery, to } from '../app/router.ts'
import { dark } from '../app/theme.ts'
import { memoryLimit } from '../data/hosts.ts'
import { get, reason } from '../data/http.ts'
import { bytes, percent } from '../parts/text.ts'
import { breakGaps, byteSteps, ranges, tickLabels } from './time-axis.ts'

interface Spread {
  min: number
  avg: number
  max: number
}
interface Point {
  time: string
  samples: number
  [metric: string]: Spread | string | number | undefined
}
interface History {
  tier: string
  step_seconds: number
  from: string
  to: string
  points: Point[]
}

interface Line {
  metric: string
  title: string
}
interface Chart {
  title: string
  lines: Line[]
  show: (value: number) => string
  top?: number
  /** The axis reaches to here at least. */
  least?: number
  /** What is shown is bytes: the lines behind them are powers of two apart. */
  bytes?: true
}

const containerCharts: readonly Chart[] = [
  { title: 'CPU, 100 % is one core', lines: [{ metric: 'cpu_percent', title: 'CPU' }], show: percent },
  {
    title: 'Memory',
    lines: [
      { metric: 'memory_usage', title: 'used' },
      { metric: 'memory_limit', title: 'limit' },
    ],
    show: bytes,
    least: 1024,
    bytes: true,
  },
  {
    title: 'Network',
    lines: [
      { metric: 'network_rx_bytes_per_sec', title: 'received' },
      { metric: 'network_tx_bytes_per_sec', title: 'sent' },
    ],
    show: value => bytes(value) + '/s',
    least: 1024,
    bytes: true,
  },
  {
    title: 'Disk',
    lines: [
      { metric: 'disk_read_bytes_per_sec', title: 'read' },
      { metric: 'disk_write_bytes_per_sec', title: 'written' },
    ],
    show: value => bytes(value) + '/s',
    least: 1024,
    bytes: true,
  },
]

const hostCharts: readonly Chart[] = [
  { title: 'CPU of all cores', lines: [{ metric: 'cpu_percent', title: 'CPU' }], show: percent, top: 100 },
  { title: 'Memory', lines: [{ metric: 'mem_percent', title: 'used' }], show: percent, top: 100 },
  { title: 'Network', lines: [{ metric: 'net_bytes_per_sec', title: 'sent and received' }], show: value => bytes(value) + '/s', least: 1024, bytes: true },
]

/** Charts of a container by its name, or of a host without one; from five minutes to 400 days. */
export default function Charts({ hostId, name }: { hostId: string; name?: string }) {
  const range = ranges.find(item => item.name === query('range')) ?? ranges[1]!
  // A part that was chosen by dragging: it stands still.
  const [partFrom, partTo] = [Date.parse(query('from')), Date.parse(query('to'))]
  const part = partFrom < partTo
  const [history, setHistory] = useState<History>()
  const [problem, setProblem] = useState('')

  useEffect(() => {
    const stop = new AbortController()
    let timer = 0
    const read = async (): Promise<void> => {
      try {
        const from = new Date(part ? partFrom : Date.now() - range.seconds * 1000).toISOString() + (part ? '&to=' + new Date(partTo).toISOString() : '')
        const series = name === undefined ? '' : '&container_name=' + encodeURIComponent(name)
        setHistory(await get<History>(`/api${to('hosts', hostId, 'stats', 'history')}?from=${from}&step=1${series}`, stop.signal))
        setProblem('')
      } catch (error) {
        if (!stop.signal.aborted) setProblem(reason(error))
      }
      if (!stop.signal.aborted && !part) timer = window.setTimeout(() => void read(), range.every * 1000)
    }
    void read()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [hostId, name, range.name, part && partFrom, part && partTo])
  const move = (by: number): void => choosePart(partFrom + (partTo - partFrom) * by, partTo + (partTo - partFrom) * by)
  // Closer around the middle of a part; of a time that goes on to its end. What dragging does, without a mouse.
  const closer = (): void => {
    const length = part ? partTo - partFrom : range.seconds * 1000
    const end = part ? partTo - length / 4 : Date.now()
    choosePart(end - length / 2, end)
  }
  const wider = (): void => choosePart(partFrom - (partTo - partFrom) / 2, partTo + (partTo - partFrom) / 2)

  return (
    <section class="charts" aria-label="charts">
      <div class="ranges" role="group" aria-label="time">
        {ranges.map(item => (
          <button
            key={item.name}
            type="button"
            aria-pressed={!part && item === range}
            onClick={() => setQuery({ range: item === ranges[1] ? '' : item.name, from: '', to: '' })}
          >
            {item.name}
          </button>
        ))}
        <button type="button" aria-label="closer" disabled={part && partTo - partFrom < 2 * LEAST} onClick={closer}>
          +
        </button>
        {part && (
          <>
            <button type="button" aria-label="wider" disabled={partTo - partFrom > MOST} onClick={wider}>
              −
            </button>
            <button type="button" aria-label="earlier" onClick={() => move(-0.5)}>
              ←
            </button>
            <button type="button" aria-label="later" onClick={() => move(0.5)}>
              →
            </button>
            <span class="quiet">
              {new Date(partFrom).toLocaleString()} to {new Date(partTo).toLocaleString()}
            </span>
          </>
        )}
        {history && <span class="quiet">one point is {history.step_seconds >= 60 ? history.step_seconds / 60 + ' min' : history.step_seconds + ' s'}</span>}
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {history && history.points.length === 0 && <p class="quiet">There are no samples of this time.</p>}
      {history && history.points.length > 0 && (
        <div class="chart-grid">
          {(name === undefined ? hostCharts : containerCharts)
            .filter(chart => history.points.some(point => point[chart.lines[0]!.metric] !== undefined))
            .map(chart => (
              <Figure key={chart.title} hostId={hostId} chart={chart} history={history} />
            ))}
        </div>
      )}
    </section>
  )
}

/** How short and how long a part of the time can be, in milliseconds. */
const LEAST = 10_000
const MOST = ranges.at(-1)!.seconds * 1000

/** Shows a part of the time; what would be in the future is moved to before now. */
function choosePart(from: number, to: number): void {
  const over = Math.max(0, to - Date.now())
  setQuery({ from: new Date(from - over).toISOString(), to: new Date(to - over).toISOString() })
}

const leavePart = (): void => setQuery({ from: '', to: '' })

const colours = ['--accent', '--good', '--warn']

function Figure({ hostId, chart, history }: { hostId: string; chart: Chart; history: History }) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  // The time that was asked for, however much of it has samples.
  const span = useRef<[number, number]>([0, 0])
  span.current = [Date.parse(history.from) / 1000, Date.parse(history.to) / 1000]
  const most = (metric: string): number => history.points.reduce((top, point) => Math.max(top, (point[metric] as Spread | undefined)?.max ?? 0), 0)
  const limit = chart.lines.some(line => line.metric === 'memory_limit') ? memoryLimit(hostId, most('memory_limit')) : 0
  // A limit far above what is used would press the line of what is used to the ground.
  const lines = chart.lines.filter(
    (line, index) =>
      history.points.some(point => point[line.metric] !== undefined) &&
      (line.metric !== 'memory_limit' || limit > 0) &&
      (index === 0 || !line.metric.endsWith('_limit') || most(line.metric) < 3 * most(chart.lines[0]!.metric)),
  )
  const data = breakGaps(
    history.points.map(point => Date.parse(point.time) / 1000),
    history.step_seconds,
    lines.map(line => history.points.map(point => (point[line.metric] as Spread | undefined)?.avg ?? null)),
  )

  useEffect(() => {
    const element = place.current!
    const style = getComputedStyle(document.documentElement)
    // uPlot paints on a canvas, which does not know custom properties and light-dark().
    const colour = (name: string): string => {
      const probe = document.createElement('i')
      probe.style.color = `var(${name})`
      element.append(probe)
      const value = getComputedStyle(probe).color
      probe.remove()
      return value
    }
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '12px ' + style.fontFamily }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: 180,
        cursor: { y: false, sync: { key: 'charts' }, drag: { x: true, y: false, setScale: false } },
        hooks: {
          setSelect: [
            plotted => {
              const { left, width } = plotted.select
              if (width >= 5) choosePart(plotted.posToVal(left, 'x') * 1000, plotted.posToVal(left + width, 'x') * 1000)
              plotted.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
        legend: { show: true, live: true },
        scales: { x: { range: () => span.current }, y: { range: (_, low, high) => [Math.min(0, low), chart.top ?? Math.max(high * 1.08, chart.least ?? 1)] } },
        axes: [
          { ...axis, space: 72, values: (_, values) => tickLabels(values) },
          { ...axis, size: 78, values: (_, values) => values.map(chart.show), ...(chart.bytes ? { incrs: byteSteps } : {}) },
        ],
        series: [
          { value: (_, value) => (value === null ? '' : new Date(value * 1000).toLocaleString()) },
          ...lines.map((line, index) => ({
            label: line.title,
            stroke: colour(colours[index]!),
            width: 1.6,
            points: { show: false },
            ...(index === 0 ? { fill: colour(colours[index]!).replace(/rgb\((.*)\)/, 'rgba($1, .12)') } : {}),
            value: (_: uPlot, value: number | null) => (value === null ? '–' : chart.show(value)),
          })),
        ],
      },
      data as uPlot.AlignedData,
      element,
    )
    plot.current = made
    made.over.addEventListener('dblclick', leavePart)
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: 180 }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [lines.map(line => line.metric).join(), chart.title, dark.value])
  useEffect(() => {
    plot.current?.setData(data as uPlot.AlignedData)
  }, [history])

  return (
    <figure>
      <figcaption>
        {chart.title} {limit > 0 && <small>limit {chart.show(limit)}</small>}
      </figcaption>
      <div ref={place} aria-hidden="true" title="Drag to look closer; double click to go back" />
      <details>
        <summary>as a table</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={chart.title + ' as a table'}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {lines.map(line => (
                  <th key={line.metric} scope="col">
                    {line.title}, average (least to most)
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {history.points
                .slice(-60)
                .toReversed()
                .map(point => (
                  <tr key={point.time}>
                    <td>{new Date(point.time).toLocaleString()}</td>
                    {lines.map(line => {
                      const value = point[line.metric] as Spread | undefined
                      return <td key={line.metric}>{value ? `${chart.show(value.avg)} (${chart.show(value.min)} to ${chart.show(value.max)})` : '–'}</td>
                    })}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}
