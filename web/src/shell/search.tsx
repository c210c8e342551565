// One box for everything: pages, and rows of all resources that this person may see.
import { Loader, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import { useLocation } from 'wouter';
import { api, part } from '@/api/client';
import { useSchema } from '@/api/hooks';
import { useMay } from '@/api/session';
import type { Page, Row, SchemaResource } from '@/api/types';
import { useI18n } from '@/i18n';
import { resourceName, rowTitle, useSchemaText } from '@/resource/text';
import { Icon, type IconName } from '@/ui/icons';
import { navItems } from './nav';
import { useNavigation } from './shell';

interface Hit {
	id: string;
	path: string;
	icon: IconName;
	title: string;
	kind: string;
}

/** Pages whose name holds the words, best first. */
export function matches(text: string, q: string): boolean {
	return q
		.toLowerCase()
		.split(/\s+/)
		.every((w) => text.toLowerCase().includes(w));
}

async function searchRows(list: SchemaResource[], q: string, signal: AbortSignal): Promise<[SchemaResource, Row[]][]> {
	const found = await Promise.all(
		list.map(async (r): Promise<[SchemaResource, Row[]]> => {
			try {
				return [r, (await api.get<Page<Row>>(r.plural, { query: { q, limit: 5 }, signal })).items];
			} catch {
				return [r, []];
			}
		}),
	);
	return found.filter(([, rows]) => rows.length);
}

export function SearchBox({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	const { t } = useI18n();
	return (
		<Modal.Root opened={opened} onClose={onClose} size={580} yOffset="12vh" centered={false}>
			<Modal.Overlay />
			<Modal.Content aria-label={t('search.title')}>
				<Search onClose={onClose} />
			</Modal.Content>
		</Modal.Root>
	);
}

function Search({ onClose }: { onClose: () => void }) {
	const { t } = useI18n();
	const [, go] = useLocation();
	const may = useMay();
	const text = useSchemaText();
	const nav = useNavigation();
	const schema = useSchema().data;
	const [q, setQ] = useState('');
	const [slow] = useDebouncedValue(q.trim(), 180);
	const [at, setAt] = useState(0);
	const id = useId();
	const resources = (schema?.resources ?? []).filter((r) => may(r.read) && !r.only);
	const rows = useQuery({
		queryKey: ['search', slow],
		queryFn: ({ signal }) => searchRows(resources, slow, signal),
		enabled: slow.length > 0,
		staleTime: 5000,
		placeholderData: (p) => p,
	});
	useEffect(() => setAt(0), [slow]);

	const pages: Hit[] = nav
		.flatMap((g) => g.items)
		.filter((i) => !q.trim() || matches(t(i.label), q.trim()))
		.map((i) => ({ id: i.path, path: i.path, icon: i.icon, title: t(i.label), kind: t('search.page') }));
	const found: Hit[] = (q.trim() ? (rows.data ?? []) : []).flatMap(([r, list]) =>
		list.map((row) => ({
			id: `${r.plural}/${row[r.key]}`,
			path: `/${r.plural}/${part(String(row[r.key]))}`,
			icon: navItems.find((i) => i.resource === r.plural)?.icon ?? 'table',
			title: rowTitle(r, row),
			kind: resourceName(text, r, 1),
		})),
	);
	const hits = q.trim() ? [...found, ...pages] : pages;
	const open = (h: Hit | undefined) => {
		if (!h) return;
		onClose();
		go(h.path);
	};
	return (
		<>
			<TextInput
				data-autofocus
				variant="unstyled"
				size="md"
				px="md"
				py={6}
				role="combobox"
				aria-expanded
				aria-controls={`${id}-hits`}
				aria-activedescendant={hits[at] ? `${id}-${at}` : undefined}
				aria-autocomplete="list"
				aria-label={t('search.title')}
				placeholder={t('search.placeholder')}
				leftSection={<Icon name="search" size={18} />}
				rightSection={rows.isFetching ? <Loader size={16} /> : <kbd className="key">Esc</kbd>}
				rightSectionWidth={56}
				value={q}
				onChange={(e) => setQ(e.currentTarget.value)}
				onKeyDown={(e) => {
					if (e.nativeEvent.isComposing) return;
					if (e.key === 'ArrowDown') setAt((i) => Math.min(hits.length - 1, i + 1));
					else if (e.key === 'ArrowUp') setAt((i) => Math.max(0, i - 1));
					else if (e.key === 'Enter') open(hits[at]);
					else return;
					e.preventDefault();
				}}
				styles={{ wrapper: { borderBottom: '1px solid var(--line)' } }}
			/>
			<div className="hits" role="listbox" id={`${id}-hits`} aria-label={t('search.title')}>
				{hits.map((h, i) => (
					<div
						key={h.id}
						id={`${id}-${i}`}
						className="hit"
						role="option"
						aria-selected={i === at}
						onMouseMove={() => setAt(i)}
						onClick={() => open(h)}
						ref={i === at ? (e) => e?.scrollIntoView({ block: 'nearest' }) : undefined}
					>
						<Icon name={h.icon} size={18} />
						<span>{h.title}</span>
						<small>{h.kind}</small>
					</div>
				))}
				{q.trim() && !hits.length && !rows.isFetching && (
					<div style={{ padding: '22px 14px' }} role="status">
						{t('search.none', { q: q.trim() })}
					</div>
				)}
			</div>
			<div style={{ padding: '8px 16px', borderTop: '1px solid var(--line)', fontSize: 12.5, color: 'var(--quiet)' }}>
				{t('search.hint')}
			</div>
		</>
	);
}
