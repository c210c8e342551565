// A small curve without axes: how a figure went in the last minutes.
export function Spark({ values, max, label }: { values: number[]; max?: number; label: string }) {
	const w = 120;
	const h = 32;
	const top = Math.max(max ?? 0, ...values, 1e-9);
	const list = values.slice(-60);
	const at = (v: number, i: number) =>
		`${((i + 60 - list.length) * (w / 59)).toFixed(1)},${(h - 2 - (h - 4) * (v / top)).toFixed(1)}`;
	if (list.length < 2) return <svg className="spark" viewBox={`0 0 ${w} ${h}`} aria-hidden="true" />;
	const points = list.map(at);
	const first = points[0]!.split(',')[0];
	return (
		<svg className="spark" viewBox={`0 0 ${w} ${h}`} preserveAspectRatio="none" role="img" aria-label={label}>
			<polygon points={`${first},${h} ${points.join(' ')} ${w},${h}`} />
			<polyline points={points.join(' ')} />
		</svg>
	);
}
