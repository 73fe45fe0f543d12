// What a line chart shows, and the ECharts option it becomes.
import type { EChartsOption } from './echarts.ts';

export interface Line {
  name: string;
  values: readonly (number | null)[];
  /** The likely range around each value: drawn as a soft band. */
  low?: readonly (number | null)[];
  high?: readonly (number | null)[];
  tone: 'series' | 'past' | 'macro';
}
export interface LineChart {
  /** One a point: under the axis, and at the head of the tip. */
  ticks: readonly string[];
  heads: readonly string[];
  lines: readonly Line[];
  /** Points from here on are not over yet: hatched, and their line dashed. */
  unripeFrom?: number | undefined;
  /** Counts: the axis has no fractions. */
  whole: boolean;
  axis: (value: number) => string;
  tip: (line: Line, at: number) => string;
}
export interface Colours {
  series: string;
  past: string;
  macro: string;
  line: string;
  ink: string;
  faint: string;
  card: string;
  hatch: CanvasPattern | HTMLCanvasElement;
}

const colourOf = (c: Colours, tone: Line['tone']) => c[tone];

export function lineOption(chart: LineChart, c: Colours, tipOf: (at: number) => HTMLElement): EChartsOption {
  const last = chart.ticks.length - 1;
  const unripe = chart.unripeFrom !== undefined && chart.unripeFrom <= last ? chart.unripeFrom : undefined;
  const series: NonNullable<EChartsOption['series']> = [];
  const one = last === 0;

  chart.lines.forEach((line, i) => {
    const colour = colourOf(c, line.tone);
    if (line.low && line.high) {
      // Two stacked lines without strokes: the lower edge, and the height of the band above it.
      const { low, high } = line;
      const shared = { type: 'line' as const, stack: `band${i}`, silent: true, symbol: 'none', lineStyle: { opacity: 0 }, z: 1, stackStrategy: 'all' as const };
      series.push(
        { ...shared, data: low.map((v) => v ?? '-'), areaStyle: { opacity: 0 } },
        { ...shared, data: high.map((v, k) => (v === null || low[k] === null ? '-' : v - low[k]!)), areaStyle: { color: colour, opacity: 0.16 } },
      );
    }
    const past = line.tone === 'past';
    const ripe = unripe === undefined || past ? line.values : line.values.map((v, k) => (k < unripe ? v : null));
    const main = {
      type: 'line' as const,
      name: line.name,
      symbol: 'circle',
      symbolSize: one ? 7 : 5,
      showSymbol: one,
      z: past ? 2 : 4,
      connectNulls: false,
      itemStyle: { color: colour },
      emphasis: { disabled: false, scale: false },
    };
    series.push({
      ...main,
      data: ripe.map((v) => v ?? '-'),
      lineStyle: { color: colour, width: past ? 1.25 : 2, type: 'solid', cap: 'round', join: 'round' },
      ...(past || line.low ? {} : { areaStyle: { color: colour, opacity: 0.07 } }),
      ...(unripe !== undefined && !past
        ? {
            markArea: {
              silent: true,
              itemStyle: { color: { image: c.hatch as HTMLCanvasElement, repeat: 'repeat' as const }, opacity: 1 },
              data: [[{ xAxis: Math.max(0, unripe - (unripe > 0 ? 1 : 0)) }, { xAxis: last }]],
            },
          }
        : {}),
    });
    if (unripe !== undefined && !past) {
      series.push({
        ...main,
        data: line.values.map((v, k) => (k >= unripe - 1 ? (v ?? '-') : '-')),
        showSymbol: unripe === 0,
        lineStyle: { color: colour, width: 2, type: [2, 4], cap: 'round' },
      });
    }
  });

  return {
    animation: false,
    grid: { left: 4, right: 12, top: 14, bottom: 2, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: 'category',
      data: [...chart.ticks],
      boundaryGap: one,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: c.line } },
      axisLabel: { color: c.faint, fontSize: 12, margin: 10, hideOverlap: true, alignMaxLabel: 'right', alignMinLabel: 'left' },
      axisPointer: { lineStyle: { color: c.faint, type: 'solid', width: 1 } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitNumber: 4,
      ...(chart.whole ? { minInterval: 1 } : {}),
      axisLabel: { color: c.faint, fontSize: 12, formatter: (v: number) => chart.axis(v) },
      splitLine: { lineStyle: { color: c.line } },
    },
    tooltip: {
      trigger: 'axis',
      transitionDuration: 0,
      confine: true,
      padding: 0,
      borderWidth: 0,
      backgroundColor: 'transparent',
      extraCssText: 'box-shadow:none',
      formatter: (params) => {
        const first = Array.isArray(params) ? params[0] : params;
        return tipOf(first?.dataIndex ?? 0);
      },
    },
    series,
    textStyle: { fontFamily: 'inherit' },
  };
}
