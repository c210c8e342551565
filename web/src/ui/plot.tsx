// Curves and bars by uPlot, in the page's colours; fetched when the first one is shown. What they say stands beside
// them as a table for those who cannot see them.
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useI18n } from '@/i18n';

export interface Series {
	label: string;
	/** A variable of app.css, or a colour. */
	color: string;
	values: (number | null)[];
	/** 'y' on the left if not given; 'r' on the right. */
	side?: 'y' | 'r';
	bars?: boolean;
	/** A bar that stands on the next series' bar: together they are the whole. */
	base?: boolean;
	fill?: boolean;
	/** Show each point, as between hours without any. */
	points?: boolean;
	format?: (v: number) => string;
}
export interface PlotProps {
	/** What it shows, in a sentence. */
	label: string;
	/** Moments, s. */
	x: number[];
	series: Series[];
	height?: number;
	range?: { y?: [number, number]; r?: [number, number] };
	/** How a moment is written in the table. */
	moment?: (s: number) => string;
	/** Rows of the table for screen readers; as many as there are points if not given. */
	rows?: number;
}

/** What is drawn: a bar with `base` is as high as it and the next one. */
const drawn = (list: Series[]) =>
	list.map((s, i) => (s.base ? s.values.map((v, k) => (v ?? 0) + (list[i + 1]?.values[k] ?? 0)) : s.values));

const resolve = (el: Element, color: string) =>
	color.startsWith('--') ? getComputedStyle(el).getPropertyValue(color).trim() : color;

export default function Plot(p: PlotProps) {
	const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
	const { lang, date, t } = useI18n();
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const height = p.height ?? 200;
	const shape = p.series.map((s) => `${s.label}/${s.color}/${s.side}/${s.bars}`).join();
	const latest = useRef(p);
	latest.current = p;
	useEffect(() => {
		const el = box.current;
		if (!el) return;
		const now = latest.current;
		const css = (name: string) => resolve(el, name);
		const quiet = css('--quiet');
		const grid = { stroke: css('--line'), width: 1 };
		const axis = { stroke: quiet, grid, ticks: { show: false }, font: '12px system-ui, sans-serif' };
		const hour = (s: number) => date(s * 1000, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
		const right = now.series.some((s) => s.side === 'r');
		const range = (fixed: [number, number] | undefined) =>
			fixed
				? { range: fixed }
				: { range: (_: uPlot, __: number, max: number): [number, number] => [0, Math.max(1, max * 1.1)] };
		const wide = () => Math.max(200, el.clientWidth);
		const u = new uPlot(
			{
				width: wide(),
				height,
				legend: { show: now.series.length > 1 },
				cursor: { y: false, points: { size: 7 } },
				padding: [10, right ? 0 : 12, 0, 0],
				scales: {
					x: {
						time: true,
						...(now.series.some((s) => s.bars)
							? {
									range: (u: uPlot): [number, number] => {
										const x = u.data[0];
										const half = x.length > 1 ? (x[1]! - x[0]!) / 2 : 1800;
										return [(x[0] ?? 0) - half, (x.at(-1) ?? 1) + half];
									},
								}
							: {}),
					},
					y: range(now.range?.y),
					...(right ? { r: range(now.range?.r) } : {}),
				},
				axes: [
					{
						...axis,
						space: 70,
						size: 30,
						values: (_, list) => {
							const span = (list.at(-1) ?? 0) - (list[0] ?? 0);
							const day = (s: number) => date(s * 1000, { weekday: 'short', day: 'numeric' });
							const second = (s: number) => date(s * 1000, { timeStyle: 'medium', hourCycle: 'h23' });
							return list.map(span > 2 * 86400 ? day : span < 900 ? second : hour);
						},
					},
					{ ...axis, size: 44 },
					...(right ? [{ ...axis, scale: 'r', side: 1, grid: { show: false }, size: 48 }] : []),
				],
				series: [
					{
						label: t('cdr.when'),
						value: (_, s) =>
							s === null
								? ''
								: date(s * 1000, { weekday: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' }),
					},
					...now.series.map((s): uPlot.Series => {
						const color = css(s.color);
						return {
							label: s.label,
							scale: s.side ?? 'y',
							stroke: color,
							width: s.bars ? 0 : 2,
							points: { show: s.bars ? false : s.points === true || now.x.length < 3, size: 6 },
							value: (_, __, i, at) => {
								const v = at === null ? null : latest.current.series[i - 1]?.values[at];
								return v === null || v === undefined ? '—' : s.format ? s.format(v) : String(v);
							},
							...(s.bars
								? { paths: uPlot.paths.bars!({ size: [0.7, 60], radius: 0.15 }), fill: color }
								: s.fill
									? { fill: `color-mix(in srgb, ${color} 14%, transparent)` }
									: {}),
						};
					}),
				],
			},
			[now.x, ...drawn(now.series)],
			el,
		);
		plot.current = u;
		const size = new ResizeObserver(() => u.setSize({ width: wide(), height }));
		size.observe(el);
		return () => {
			size.disconnect();
			u.destroy();
			plot.current = null;
		};
	}, [scheme, lang, shape, height, date, t]);
	useEffect(() => plot.current?.setData([p.x, ...drawn(p.series)]), [p.x, p.series]);

	const step = Math.max(1, Math.ceil(p.x.length / (p.rows ?? p.x.length)));
	const moment = p.moment ?? ((s: number) => date(s * 1000));
	return (
		<figure className="plot" aria-label={p.label}>
			<div ref={box} aria-hidden="true" style={{ minHeight: height }} />
			<table className="visually-hidden">
				<caption>{p.label}</caption>
				<thead>
					<tr>
						<td />
						{p.series.map((s) => (
							<th key={s.label} scope="col">
								{s.label}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{p.x.map((x, i) =>
						i % step ? null : (
							<tr key={x}>
								<th scope="row">{moment(x)}</th>
								{p.series.map((s) => {
									const v = s.values[i];
									return <td key={s.label}>{v === null || v === undefined ? '—' : s.format ? s.format(v) : v}</td>;
								})}
							</tr>
						),
					)}
				</tbody>
			</table>
		</figure>
	);
}
