// The curves of a call: MOS on the left, loss and jitter on the right, one picture for each leg.
import { SegmentedControl } from '@mantine/core';
import { Suspense, useState } from 'react';
import { useI18n } from '@/i18n';
import { lazyPage } from '@/ui/lazy';
import { Loading } from '@/ui/parts';
import type { LegPoints } from './over-time';

const Plot = lazyPage(() => import('@/ui/plot'));

export function SoundOverTime({ legs, name }: { legs: LegPoints[]; name: (l: LegPoints) => string }) {
	const { t, number, date } = useI18n();
	const list = legs.filter((l) => l.points.length);
	const [chosen, setChosen] = useState('0');
	const leg = list[Number(chosen)] ?? list[0];
	if (!leg) return null;
	const one = (v: number) => number(v, { maximumFractionDigits: 1 });
	return (
		<div style={{ padding: '12px 16px' }}>
			{list.length > 1 && (
				<SegmentedControl
					size="xs"
					aria-label={t('sound.whose')}
					value={chosen}
					onChange={setChosen}
					data={list.map((l, i) => ({ value: String(i), label: name(l) }))}
					mb={8}
				/>
			)}
			<Suspense fallback={<Loading height={220} />}>
				<Plot
					label={t('sound.label', { who: name(leg) })}
					height={220}
					x={leg.points.map((p) => p.at_ms / 1000)}
					range={{ y: [1, 4.5] }}
					rows={30}
					moment={(s) => date(s * 1000, { timeStyle: 'medium' })}
					series={[
						{ label: 'MOS', color: '--plot-1', values: leg.points.map((p) => p.mos), format: one, fill: true },
						{
							label: t('sound.loss'),
							color: '--plot-3',
							side: 'r',
							values: leg.points.map((p) => p.lost_percent),
							format: (v) => `${one(v)} %`,
						},
						{
							label: t('sound.jitter'),
							color: '--plot-2',
							side: 'r',
							values: leg.points.map((p) => p.jitter_ms),
							format: (v) => `${one(v)} ms`,
						},
					]}
				/>
			</Suspense>
			<p className="quiet small" style={{ margin: '6px 0 0' }}>
				{t('sound.help')}
			</p>
		</div>
	);
}
