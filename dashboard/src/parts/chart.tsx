/** Charts as inline SVG: areas on top of each other, lines, bars. No chart is the only place of a number. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { clockTime } from '../format/numbers';

/** The width of an element, as it changes. */
export function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** A round number that is not below, so that its half is one too. */
export function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (STEPS.find((factor) => factor * power >= value) ?? 10) * power;
}

export interface Layer {
  name: string;
  /** Of the colour, as in the style sheet. */
  tone: string;
  values: number[];
}

const point = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** The outline of each layer, on top of those before. */
function outlines(layers: Layer[], x: (index: number) => number, y: (value: number) => number): string[] {
  const floor = layers[0]?.values.map(() => 0) ?? [];
  return layers.map(({ values }) => {
    const low = floor.map((value, index) => point(x(index), y(value)));
    for (const [index, value] of values.entries()) floor[index] = (floor[index] ?? 0) + value;
    const high = floor.map((value, index) => point(x(index), y(value)));
    return `M${high.join('L')}L${low.reverse().join('L')}Z`;
  });
}

const LEFT = 44;
const BOTTOM = 20;
const TOP = 8;
const WINDOW_MS = 300_000;

interface Scale {
  x: (at: number) => number;
  y: (value: number) => number;
}

function scaleOf(width: number, height: number, end: number, low: number, high: number): Scale {
  const begin = end - WINDOW_MS;
  return {
    x: (at) => LEFT + ((Math.max(at, begin) - begin) / WINDOW_MS) * (width - LEFT - 1),
    y: (value) => TOP + (1 - (value - low) / (high - low)) * (height - BOTTOM - TOP),
  };
}

interface AxesProps {
  width: number;
  height: number;
  scale: Scale;
  marks: number[];
  end: number;
  format: (value: number) => string;
}

/** The last five minutes, now at the right; times without samples stay empty. */
function Axes({ width, height, scale, marks, end, format }: AxesProps) {
  const minutes = [0, 1, 2, 3, 4, 5].filter((minute) => width > 480 || minute % 2 === 1);
  return (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line class="rule" x1={LEFT} x2={width} y1={scale.y(mark)} y2={scale.y(mark)} />
          <text class="tick" x={LEFT - 8} y={scale.y(mark) + 4} text-anchor="end">
            {format(mark)}
          </text>
        </g>
      ))}
      {minutes.map((minute) => (
        <text
          key={minute}
          class="tick"
          x={scale.x(end - minute * 60_000)}
          y={height - 4}
          text-anchor={minute === 0 ? 'end' : minute === 5 ? 'start' : 'middle'}
        >
          {minute === 0 ? clockTime(end) : `−${minute} min`}
        </text>
      ))}
    </>
  );
}

interface TimeProps {
  label: string;
  at: number[];
  layers: Layer[];
  format: (value: number) => string;
  height?: number;
}

/** Values on top of each other. */
export function Stacked({ label, at, layers, format, height = 240 }: TimeProps) {
  const { ref, width } = useWidth();
  const end = at.at(-1) ?? Date.now();
  const sums = at.map((_, index) => layers.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const top = niceTop(Math.max(...sums, 0) * 1.02);
  const scale = scaleOf(width, height, end, 0, top);
  const shapes = outlines(layers, (index) => scale.x(at[index] ?? 0), scale.y);
  return (
    <div class="chart" ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          <Axes {...{ width, height, scale, end, format }} marks={[0, top / 2, top]} />
          {at.length > 1 &&
            shapes.map((shape, index) => (
              <path key={layers[index]?.name} class={`fill ${layers[index]?.tone}`} d={shape} />
            ))}
        </svg>
      )}
    </div>
  );
}

/** Where a scale up to one begins, so that its middle is a round number too. */
const lowOf = (least: number): number => (least > 0.985 ? 0.98 : Math.max(0, Math.floor((least - 0.005) * 10) / 10));

/** Shares of one as lines, with their names; the scale begins a little below the least of them. */
export function Lines({ label, at, layers, format, height = 240 }: TimeProps) {
  const { ref, width } = useWidth();
  const end = at.at(-1) ?? Date.now();
  const least = Math.min(...layers.flatMap(({ values }) => values.filter(Number.isFinite)), 1);
  const low = lowOf(least);
  const scale = scaleOf(width, height, end, low, 1);
  return (
    <div class="chart" ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          <Axes {...{ width, height, scale, end, format }} marks={[low, (low + 1) / 2, 1]} />
          {layers.map(({ name, tone, values }) => {
            const known = values.flatMap((value, index) =>
              Number.isFinite(value) ? [point(scale.x(at[index] ?? 0), scale.y(value))] : [],
            );
            if (known.length < 2) return null;
            return (
              <g key={name}>
                <path class={`line ${tone}`} d={`M${known.join('L')}`} />
                <text
                  class="tick"
                  x={width - 2}
                  y={scale.y(Math.max(...values.slice(-25).filter(Number.isFinite))) - 8}
                  text-anchor="end"
                >
                  {name}
                </text>
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}

interface SparkProps {
  values: number[];
  tone?: string;
}

/** A line without words beside a number that says how much it is. */
export function Spark({ values, tone = 'muted' }: SparkProps) {
  const top = Math.max(...values, 1e-9);
  const shown = values.slice(-90);
  const start = 90 - shown.length;
  const line = shown.map((value, index) => point(start + index, 27 - (value / top) * 25)).join('L');
  return (
    <svg class="spark" viewBox="0 0 89 28" preserveAspectRatio="none" aria-hidden="true">
      {shown.length > 1 && <path class={`line ${tone}`} d={`M${line}`} />}
    </svg>
  );
}

interface Part {
  name: string;
  tone: string;
  value: number;
}

/** Shares of a whole, side by side. */
export function Shares({ parts, label }: { parts: Part[]; label: string }) {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  let left = 0;
  return (
    <svg class="shares" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="fill sunken" x="0" y="0" width="1000" height="10" />
      {parts.map(({ name, tone, value }) => {
        const width = whole === 0 ? 0 : (value / whole) * 1000;
        left += width;
        return <rect key={name} class={`fill ${tone}`} x={left - width} y="0" width={width} height="10" />;
      })}
    </svg>
  );
}

/** How far something is from its bound. */
export function Meter({ value, most, label }: { value: number; most: number; label: string }) {
  const share = most > 0 ? Math.min(value / most, 1) : 0;
  return (
    <svg class="meter" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="fill sunken" x="0" y="0" width="1000" height="10" />
      <rect class="fill l1" x="0" y="0" width={share * 1000} height="10" />
    </svg>
  );
}
