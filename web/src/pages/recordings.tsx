// Recordings: found by number and day, heard with their waveform, kept as files, removed.
import '@/system.css';
import { Button, Paper, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import type { Page } from '@/api/types';
import { useI18n } from '@/i18n';
import { dayAfter, startOfDay } from '@/recordings/days';
import { RecordingList, RecordingRow } from '@/recordings/list';
import type { Recording } from '@/recordings/types';
import { BackLink, Failed, Loading, Nothing, PageHead } from '@/ui/parts';

export default function Recordings({ id }: { id?: string | undefined }) {
	return id ? <One id={id} /> : <All />;
}

function All() {
	const { t } = useI18n();
	const [params, setParams] = useSearchParams();
	const get = (name: string) => params.get(name) ?? '';
	const [number, setNumber] = useState(get('number'));
	const set = (name: string, v: string) =>
		setParams(
			(old) => {
				const n = new URLSearchParams(old);
				if (v) n.set(name, v);
				else n.delete(name);
				return n;
			},
			{ replace: true },
		);
	const later = useDebouncedCallback((v: string) => set('number', v), 300);
	const filtered = Boolean(get('number') || get('since') || get('until'));
	return (
		<>
			<PageHead title={t('nav.recordings')} text={t('rec.text')} />
			<Paper style={{ overflow: 'hidden' }}>
				<div className="filters" role="search" aria-label={t('nav.recordings')}>
					<TextInput
						label={t('rec.number')}
						placeholder={t('rec.numberHint')}
						inputMode="tel"
						value={number}
						onChange={(e) => {
							setNumber(e.currentTarget.value);
							later(e.currentTarget.value.trim());
						}}
						w={220}
					/>
					<TextInput
						type="date"
						label={t('rec.since')}
						value={get('since')}
						max={get('until')}
						onChange={(e) => set('since', e.currentTarget.value)}
						w={160}
					/>
					<TextInput
						type="date"
						label={t('rec.until')}
						value={get('until')}
						min={get('since')}
						onChange={(e) => set('until', e.currentTarget.value)}
						w={160}
					/>
					{filtered && (
						<Button
							variant="subtle"
							color="gray"
							onClick={() => {
								setNumber('');
								setParams(new URLSearchParams(), { replace: true });
							}}
						>
							{t('list.clear')}
						</Button>
					)}
				</div>
				<RecordingList
					path="recordings"
					query={{ number: get('number'), since: startOfDay(get('since')), until: dayAfter(get('until')) }}
					empty={
						filtered ? (
							<Nothing icon="search" title={t('list.noMatch')} text={t('rec.noMatchText')} />
						) : (
							<Nothing icon="wave" title={t('rec.none')} text={t('rec.noneText')} />
						)
					}
				/>
			</Paper>
		</>
	);
}

/** One, or all of a call: where links from calls lead. */
function One({ id }: { id: string }) {
	const { t } = useI18n();
	const [, go] = useLocation();
	const q = useQuery({
		queryKey: ['recordings', 'one', id],
		queryFn: () => api.get<Page<Recording>>(`recordings/${part(id)}`),
	});
	const gone = q.error instanceof ApiError && q.error.status === 404;
	return (
		<>
			<BackLink href="/recordings" onClick={() => go('/recordings')}>
				{t('nav.recordings')}
			</BackLink>
			<PageHead title={t('rec.one')} />
			<Paper style={{ overflow: 'hidden' }}>
				{q.isPending ? (
					<Loading height={160} />
				) : gone ? (
					<Nothing icon="search" title={t('rec.gone')} text={t('rec.goneText')} />
				) : q.isError ? (
					<Failed error={q.error} retry={() => void q.refetch()} />
				) : (
					<ul className="rec-list">
						{q.data.items.map((r) => (
							<RecordingRow key={r.id} r={r} path="recordings" open onRemoved={() => go('/recordings')} />
						))}
					</ul>
				)}
			</Paper>
		</>
	);
}
