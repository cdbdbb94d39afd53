/** One number per day, as an area. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { dayOfUtc } from '../format.js'
import { onTheme } from '../theme.js'

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly value: number
}

export interface ChartProps {
  readonly label: string
  readonly points: readonly Point[]
  readonly format: (value: number) => string
  /** For the axis. */
  readonly short: (value: number) => string
  /** More about the day under the pointer. */
  readonly note?: (at: number) => string
}

interface Hover {
  readonly at: number
  readonly left: number
  readonly top: number
}

const height = 250
const halfTip = 105
const tipHeight = 46

export function Chart({ label, points, format, short, note }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [hover, setHover] = useState<Hover>()
  const [look, setLook] = useState(0)
  useEffect(() => onTheme(() => setLook((look) => look + 1)), [])
  const data = useMemo<uPlot.AlignedData>(() => [points.map(({ at }) => at / 1000), points.map(({ value }) => value)], [points])

  const newest = useRef(data)
  newest.current = data

  // A canvas is drawn anew in other colours.
  useEffect(() => {
    const parent = box.current
    if (!parent) return
    const made = new uPlot(
      optionsOf(parent, short, (plot) => setHover(hoverOf(plot))),
      newest.current,
      parent,
    )
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }))
    resized.observe(parent)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = null
      setHover(undefined)
    }
  }, [short, look])
  useEffect(() => plot.current?.setData(data), [data])

  const point = hover && points[hover.at]
  return (
    <figure class="chart">
      <div ref={box} class="chart-box" aria-hidden="true" />
      {hover && point && (
        <div class="tip" style={{ left: `${hover.left}px`, top: `${hover.top}px` }}>
          <span>{dayOfUtc(point.at)}</span>
          <strong>{format(point.value)}</strong>
          {note && <small>{note(point.at)}</small>}
        </div>
      )}
      <table class="unseen">
        <caption>{label}</caption>
        <tbody>
          {points.map(({ at, value }) => (
            <tr key={at}>
              <th scope="row">{dayOfUtc(at)}</th>
              <td>{format(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

function hoverOf(plot: uPlot): Hover | undefined {
  const { idx, left = -1 } = plot.cursor
  if (idx === null || idx === undefined || left < 0) return undefined
  const ratio = devicePixelRatio
  const value = plot.data[1]?.[idx] ?? 0
  const x = plot.valToPos(plot.data[0][idx] ?? 0, 'x') + plot.bbox.left / ratio
  // The tip is in the middle over the point, and must not leave the chart.
  const y = plot.valToPos(value, 'y') + plot.bbox.top / ratio
  return { at: idx, left: Math.min(Math.max(x, halfTip), plot.width - halfTip), top: Math.max(y, tipHeight) }
}

/** The line stands at a day, never between two. Left of the chart is where it stands when nobody points at it. */
const snapped: uPlot.Cursor.MousePosRefiner = (plot, left, top) =>
  left < 0 ? [left, top] : [plot.valToPos(plot.data[0][plot.posToIdx(left)] ?? 0, 'x'), top]

function optionsOf(parent: HTMLElement, short: (value: number) => string, moved: (plot: uPlot) => void): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const font = '12px system-ui, sans-serif'
  const axis = { stroke: colour('--muted'), font, ticks: { show: false } }
  return {
    width: parent.clientWidth,
    height,
    padding: [16, 8, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 9, width: 2, stroke: colour('--surface'), fill: colour('--accent') },
      move: snapped,
    },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 34,
        gap: 10,
        space: 72,
        values: (_, marks) => marks.map((at) => dayOfUtc(at * 1000)),
      },
      {
        ...axis,
        // Small amounts have many figures.
        size: (_, marks) => Math.max(56, ...(marks ?? []).map((mark) => 14 + 7 * mark.length)),
        grid: { stroke: colour('--line'), width: 1 },
        values: (_, marks) => marks.map(short),
      },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        width: 2,
        ...(uPlot.paths.spline && { paths: uPlot.paths.spline() }),
        points: { show: false },
        fill: (plot) => {
          const { top, height } = plot.bbox
          const fade = plot.ctx.createLinearGradient(0, top, 0, top + height)
          fade.addColorStop(0, colour('--area-high'))
          fade.addColorStop(1, colour('--area-low'))
          return fade
        },
      },
    ],
    hooks: { setCursor: [moved] },
  }
}

/** The same without axes, to be seen at a glance. */
export function Spark({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(...values, 0)
  if (values.length < 2 || most === 0) return <svg class="spark" viewBox="0 0 100 24" aria-hidden="true" />
  const points = values.map(
    (value, at) => `${((at / (values.length - 1)) * 100).toFixed(1)},${(22 - (value / most) * 20).toFixed(1)}`,
  )
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  )
}
