/** A line of the last values. What it shows is beside it as text: it is an ornament for who cannot see it. */
export function Spark({ values, top, length = 60 }: { values: readonly number[]; top?: number; length?: number }) {
  const [width, height] = [120, 28]
  const most = top ?? Math.max(1, ...values)
  const x = (index: number): number => width - (values.length - 1 - index) * (width / (length - 1))
  const y = (value: number): number => height - 1.5 - Math.min(1, value / most) * (height - 3)
  const line = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {values.length > 1 && (
        <>
          <polygon points={`${x(0).toFixed(1)},${height} ${line} ${width},${height}`} />
          <polyline points={line} />
        </>
      )}
    </svg>
  )
}

/** A bar of 0 to 100 percent. */
export function Meter({ value, label }: { value: number; label: string }) {
  const level = value >= 90 ? 'bad' : value >= 75 ? 'warn' : 'good'
  return (
    <span class="meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(value)}>
      <span class={level} style={{ width: `${Math.min(100, Math.max(0, value))}%` }} />
    </span>
  )
}
