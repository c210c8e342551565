// Phones that are signed on at this moment.
import { Badge, Loader, Paper, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, part } from '@/api/client';
import { useLiveOpen } from '@/api/live';
import type { Page, Registration } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Failed, Loading, Nothing, PageHead } from '@/ui/parts';

/** Has a row all the words, in any of what it shows? */
export function fits(r: Registration, q: string): boolean {
	const text = `${r.extension} ${r.name} ${r.user_agent} ${r.source} ${r.transport}`.toLowerCase();
	return q
		.toLowerCase()
		.split(/\s+/)
		.every((w) => text.includes(w));
}

const limit = 500;

function usePhones(q: string) {
	const open = useLiveOpen();
	return useQuery({
		queryKey: ['registrations', 'all'],
		queryFn: ({ signal }) => api.get<Page<Registration>>('registrations', { query: { limit }, signal }),
		placeholderData: keepPreviousData,
		refetchInterval: open ? 60_000 : 10_000,
		enabled: q !== undefined,
	});
}

export default function Registrations() {
	const { t } = useI18n();
	const [typed, setTyped] = useState('');
	const [q] = useDebouncedValue(typed.trim(), 150);
	const all = usePhones(q);
	// in a list that is too long to have here, the server finds an extension
	const far = useQuery({
		queryKey: ['registrations', 'of', q],
		queryFn: ({ signal }) =>
			api.get<Page<Registration>>('registrations', { query: { extension: q, limit: 50 }, signal }),
		enabled: Boolean(all.data?.next) && /^[\d*#+]+$/.test(q),
	});
	const near = (all.data?.items ?? []).filter((r) => !q || fits(r, q));
	const more = (far.data?.items ?? []).filter(
		(r) => !near.some((x) => x.extension === r.extension && x.contact === r.contact),
	);
	const list = [...more, ...near].sort((a, b) => a.extension.localeCompare(b.extension, undefined, { numeric: true }));
	const total = all.data?.items.length ?? 0;
	return (
		<>
			<PageHead title={t('reg.title')} text={t('reg.text')} />
			<Paper style={{ overflow: 'hidden' }}>
				{total > 0 && (
					<div className="tools">
						<TextInput
							type="search"
							aria-label={t('list.filter')}
							placeholder={t('reg.filter')}
							leftSection={<Icon name="filter" size={16} />}
							rightSection={all.isFetching ? <Loader size={14} aria-label={t('list.refreshing')} /> : null}
							style={{ flex: '1 1 200px', maxWidth: 380 }}
							value={typed}
							onChange={(e) => setTyped(e.currentTarget.value)}
						/>
					</div>
				)}
				{all.isPending ? (
					<Loading />
				) : !all.data ? (
					<Failed error={all.error} retry={() => void all.refetch()} />
				) : !total ? (
					<Nothing icon="phone" title={t('reg.none')} text={t('reg.noneText')}>
						<Link href="/extensions">{t('next.toExtensions')}</Link>
					</Nothing>
				) : !list.length ? (
					<Nothing icon="search" title={t('list.noMatch')} text={t('list.noMatchText')} />
				) : (
					<Phones list={list} />
				)}
				{all.data?.next && <p className="list-foot">{t('reg.first', { n: limit })}</p>}
			</Paper>
		</>
	);
}

function Nat({ on }: { on: boolean }) {
	const { t } = useI18n();
	if (!on) return null;
	return (
		<Tooltip label={t('reg.natHelp')}>
			<Badge color="gray" tabIndex={0}>
				{t('reg.nat')}
			</Badge>
		</Tooltip>
	);
}

function Phones({ list }: { list: Registration[] }) {
	const { t, when, duration } = useI18n();
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	const key = (r: Registration) => `${r.extension} ${r.contact}`;
	const path = (r: Registration) => `/extensions/${part(r.extension)}`;
	if (small)
		return (
			<ul className="cards">
				{list.map((r) => (
					<li key={key(r)}>
						<Link href={path(r)}>
							<span>
								<b>
									{r.extension}
									{r.name ? ` · ${r.name}` : ''}
								</b>
								<small>{r.user_agent || t('reg.unknown')}</small>
								<small className="mono">
									{r.transport} {r.source}
								</small>
							</span>
							<Nat on={r.natted} />
						</Link>
					</li>
				))}
			</ul>
		);
	return (
		<div className="table-wrap" tabIndex={0} role="region" aria-label={t('reg.title')}>
			<table className="table">
				<thead>
					<tr>
						<th scope="col">{t('reg.extension')}</th>
						<th scope="col">{t('reg.phone')}</th>
						<th scope="col">{t('reg.address')}</th>
						<th scope="col">{t('reg.since')}</th>
						<th scope="col">{t('reg.expires')}</th>
					</tr>
				</thead>
				<tbody>
					{list.map((r) => (
						<tr key={key(r)}>
							<td>
								<Link href={path(r)}>{r.extension}</Link> {r.name}
							</td>
							<td>{r.user_agent || <span className="quiet">{t('reg.unknown')}</span>}</td>
							<td>
								<span style={{ display: 'inline-flex', gap: 8, alignItems: 'center' }}>
									<span className="mono">{r.source}</span>
									<span className="quiet">{r.transport.toUpperCase()}</span>
									<Nat on={r.natted} />
								</span>
							</td>
							<td>{when(r.since_ms)}</td>
							<td className="num">{t('reg.in', { time: duration(Math.max(0, r.expires_in_s)) })}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
