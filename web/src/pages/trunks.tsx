// Trunks: how each is in words, the form by groups, the check, and making one by a template.
import { Button, Paper, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { part } from '@/api/client';
import { useMay } from '@/api/session';
import type { Row } from '@/api/types';
import { useI18n } from '@/i18n';
import { CountryInput } from '@/resource/inputs';
import type { ExtraColumn } from '@/resource/list';
import ResourcePage, { NotFound } from '@/resource/page';
import { BackLink, PageHead } from '@/ui/parts';
import { TrunkAdd, TrunkLive, TrunkState, useTrunkStatus } from './trunk-parts';

function useOne(row: Row) {
	return useTrunkStatus().data?.items.find((x) => x.name === row['name']);
}
function StateCell({ row }: { row: Row }) {
	return <TrunkState s={useOne(row)} />;
}
function WordsCell({ row }: { row: Row }) {
	const s = useOne(row);
	return <span title={s?.words}>{s?.words ?? ''}</span>;
}
function CallsCell({ row }: { row: Row }) {
	const { t } = useI18n();
	const s = useOne(row);
	if (!s) return null;
	const n = s.calls_in + s.calls_out;
	return <span className="num">{s.channels ? t('tr.nOf', { n, max: s.channels }) : n}</span>;
}

export default function Trunks({ rowKey }: { rowKey?: string | undefined }) {
	const { t } = useI18n();
	const extra = useMemo<ExtraColumn[]>(
		() => [
			{ id: 'state', header: t('tr.state'), small: true, cell: (row) => <StateCell row={row} /> },
			{ id: 'words', header: t('tr.howIs'), cell: (row) => <WordsCell row={row} /> },
			{ id: 'calls', header: t('tr.calls'), cell: (row) => <CallsCell row={row} /> },
		],
		[t],
	);
	if (rowKey === 'new') return <NewTrunk />;
	return (
		<ResourcePage
			plural="trunks"
			rowKey={rowKey}
			list={{
				extra,
				columns: ['name', 'server'],
				empty: { title: t('tr.empty'), text: t('tr.emptyText') },
			}}
			form={{ inputs: { country: (p) => <CountryInput {...p} empty={t('in.countryOwn')} /> } }}
			aside={(row) => <TrunkLive name={String(row['name'])} />}
		/>
	);
}

function NewTrunk() {
	const { t } = useI18n();
	const may = useMay();
	const [, go] = useLocation();
	const [all, setAll] = useState(false);
	const [made, setMade] = useState('');
	if (!may('administrator')) return <NotFound />;
	if (all)
		return (
			<ResourcePage
				plural="trunks"
				rowKey="new"
				form={{ inputs: { country: (p) => <CountryInput {...p} empty={t('in.countryOwn')} /> } }}
			/>
		);
	return (
		<>
			<BackLink href="/trunks" onClick={() => go('/trunks')}>
				{t('nav.trunks')}
			</BackLink>
			<PageHead
				title={made ? t('tr.made', { name: made }) : t('tr.new')}
				text={t(made ? 'tr.madeText' : 'tr.newText')}
			/>
			<Paper p="lg" maw={860}>
				{made ? (
					<>
						<TrunkLive name={made} auto bare />
						<div style={{ display: 'flex', gap: 8, marginTop: 16, flexWrap: 'wrap' }}>
							<Button onClick={() => go(`/trunks/${part(made)}`)}>{t('tr.open')}</Button>
							<Button variant="default" onClick={() => go('/routes_out')}>
								{t('tr.toRoutes')}
							</Button>
						</div>
						<Text size="sm" c="dimmed" mt="md">
							{t('tr.next')}
						</Text>
					</>
				) : (
					<TrunkAdd onMade={setMade} onAll={() => setAll(true)} />
				)}
			</Paper>
		</>
	);
}
