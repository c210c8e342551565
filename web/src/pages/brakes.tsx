// The brakes against fraud: what is open, limits, and what was used of them.
import { Paper, Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, part } from '@/api/client';
import type { Page } from '@/api/types';
import { useI18n } from '@/i18n';
import { CountriesInput } from '@/resource/inputs';
import ResourcePage from '@/resource/page';
import { Failed, Loading, State } from '@/ui/parts';

interface Use {
	what: string;
	name: string;
	calls: number;
	last_minute: number;
	last_minute_in?: number;
	minutes_today: number;
	calls_max: number;
	per_minute_max: number;
	minutes_max: number;
}

export default function Brakes() {
	return (
		<ResourcePage
			plural="brakes"
			form={{ inputs: { countries: (p) => <CountriesInput {...p} /> } }}
			aside={() => <InUse />}
		/>
	);
}
/** How full the fullest of its limits is, 0 to 1. */
export function fullness(u: Use): number {
	const part = (n: number, max: number) => (max ? n / max : 0);
	return Math.max(
		part(u.calls, u.calls_max),
		part(u.last_minute, u.per_minute_max),
		part(u.minutes_today, u.minutes_max),
	);
}

function InUse() {
	const { t, number } = useI18n();
	const q = useQuery({
		queryKey: ['brakes-use'],
		queryFn: ({ signal }) => api.get<Page<Use>>('brakes/use', { signal }),
		refetchInterval: 5000,
	});
	const list = (q.data?.items ?? [])
		.filter((u) => u.calls || u.last_minute || u.minutes_today || u.last_minute_in)
		.sort((a, b) => fullness(b) - fullness(a))
		.slice(0, 20);
	const of = (n: number, max: number) => (max ? t('tr.nOf', { n: number(n), max: number(max) }) : number(n));
	return (
		<Paper component="section" aria-label={t('br.use')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('br.use')}</h2>
				<p>{t('br.useText')}</p>
			</div>
			{q.isPending ? (
				<Loading height={80} />
			) : !q.data ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !list.length ? (
				<div style={{ padding: '18px 20px' }}>
					<State tone="off">{t('br.none')}</State>
				</div>
			) : (
				<ul className="cards">
					{list.map((u) => {
						const f = fullness(u);
						return (
							<li key={`${u.what} ${u.name}`} style={{ padding: '12px 20px' }}>
								<Link href={`/${u.what === 'trunk' ? 'trunks' : 'extensions'}/${part(u.name)}`} style={{ padding: 0 }}>
									<span>
										<b>{u.what === 'trunk' ? t('br.trunk', { n: u.name }) : t('br.ext', { n: u.name })}</b>
										<small>
											{t('br.line', {
												calls: of(u.calls, u.calls_max),
												minute: of(u.last_minute, u.per_minute_max),
												day: of(u.minutes_today, u.minutes_max),
											})}
										</small>
									</span>
								</Link>
								<Progress
									mt={6}
									size="sm"
									value={Math.min(100, f * 100)}
									color={f >= 1 ? 'red' : f > 0.8 ? 'orange' : 'sea'}
									aria-label={t('br.full', { n: Math.round(f * 100) })}
								/>
							</li>
						);
					})}
				</ul>
			)}
		</Paper>
	);
}
