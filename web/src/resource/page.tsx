// The pages of any resource: /plural, /plural/new, /plural/KEY; of one that has one row only, its form. Pages of their
// own build on the same parts (pages/extensions.tsx).
import { ActionIcon, Button, Menu, Paper, Tooltip } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import { useSchema } from '@/api/hooks';
import { useMay } from '@/api/session';
import type { Changed, Row, SchemaResource } from '@/api/types';
import { useI18n } from '@/i18n';
import { navItems } from '@/shell/nav';
import { Icon } from '@/ui/icons';
import { BackLink, Confirm, Failed, Loading, Nothing, PageHead, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { ChangeList, useChanges } from './changes';
import { ResourceForm, type FormProps } from './form';
import { ResourceList, type ListProps } from './list';
import { resourceHelp, resourceName, rowTitle, useSchemaText } from './text';
import { useUndo } from './undo';

export interface ResourcePageProps {
	plural: string;
	rowKey?: string | undefined;
	list?: Partial<Omit<ListProps, 'resource'>>;
	form?: Partial<Pick<FormProps, 'without' | 'start' | 'onSaved' | 'inputs' | 'below' | 'aside'>>;
	/** Beside the form of a row that exists. */
	aside?: (row: Row, resource: SchemaResource) => ReactNode;
	actions?: (row: Row, resource: SchemaResource) => ReactNode;
}

export default function ResourcePage(p: ResourcePageProps) {
	const schema = useSchema();
	const may = useMay();
	if (schema.isPending) return <Loading />;
	if (schema.isError) return <Failed error={schema.error} retry={() => void schema.refetch()} />;
	const r = schema.data.resources.find((x) => x.plural === p.plural);
	if (!r || !may(r.read)) return <NotFound />;
	if (r.only) return <OneRow {...p} key={r.name} resource={r} rowKey={r.only} />;
	if (!p.rowKey)
		return (
			<ResourceList
				key={r.name}
				icon={navItems.find((i) => i.resource === r.plural)?.icon ?? 'table'}
				{...p.list}
				resource={r}
			/>
		);
	if (p.rowKey === 'new') return <NewRow {...p} resource={r} />;
	return <OneRow {...p} key={p.rowKey} resource={r} rowKey={p.rowKey} />;
}

export function NotFound() {
	const { t } = useI18n();
	const [, go] = useLocation();
	return (
		<>
			<PageHead title={t('err.notFound')} />
			<Paper>
				<Nothing icon="search" title={t('err.notFound')} text={t('err.notFoundText')}>
					<Button variant="default" onClick={() => go('/')}>
						{t('nav.home')}
					</Button>
				</Nothing>
			</Paper>
		</>
	);
}

type One = ResourcePageProps & { resource: SchemaResource };

function NewRow(p: One) {
	const { resource: r } = p;
	const { t } = useI18n();
	const text = useSchemaText();
	const [, go] = useLocation();
	return (
		<>
			<BackLink href={`/${r.plural}`} onClick={() => go(`/${r.plural}`)}>
				{resourceName(text, r, 2)}
			</BackLink>
			<PageHead title={t('row.new', { what: resourceName(text, r, 1) })} text={resourceHelp(text, r)} />
			<div style={p.form?.aside ? {} : { maxWidth: 860 }}>
				<ResourceForm
					resource={r}
					onSaved={(row) => go(`/${r.plural}/${part(String(row[r.key]))}`, { replace: true })}
					{...p.form}
				/>
			</div>
		</>
	);
}

function OneRow(p: One & { rowKey: string }) {
	const { resource: r, rowKey } = p;
	const { t } = useI18n();
	const text = useSchemaText();
	const [, go] = useLocation();
	const client = useQueryClient();
	const path = `${r.plural}/${part(rowKey)}`;
	const one = useQuery({
		queryKey: ['rows', r.plural, 'one', rowKey],
		queryFn: ({ signal }) => api.request<Row>('GET', path, { signal }),
	});
	const refresh = async () => {
		const a = await api.request<Row>('GET', path);
		client.setQueryData(['rows', r.plural, 'one', rowKey], a);
		return a;
	};
	const back = !r.only && (
		<BackLink href={`/${r.plural}`} onClick={() => go(`/${r.plural}`)}>
			{resourceName(text, r, 2)}
		</BackLink>
	);
	const name = resourceName(text, r, 1);
	if (one.isPending) return <Loading />;
	if (!one.data) {
		if (!(one.error instanceof ApiError && one.error.status === 404))
			return <Failed error={one.error} retry={() => void one.refetch()} />;
		return (
			<>
				{back}
				<PageHead title={name} />
				<Paper>
					<Nothing icon="search" title={t('row.gone', { what: name, key: rowKey })} text={t('row.goneText')}>
						<Button variant="default" onClick={() => go(`/${r.plural}`)}>
							{t('row.toList')}
						</Button>
					</Nothing>
				</Paper>
			</>
		);
	}
	const row = one.data.data;
	return (
		<>
			{back}
			<PageHead
				title={r.only ? resourceName(text, r, 2) : rowTitle(r, row)}
				text={r.only ? resourceHelp(text, r) : name}
			>
				{p.actions?.(row, r)}
				{!r.only && <RowMenu resource={r} row={row} etag={one.data.etag} />}
			</PageHead>
			<ResourceForm
				key={rowKey}
				resource={r}
				row={row}
				etag={one.data.etag}
				refresh={refresh}
				{...p.form}
				aside={
					<>
						{p.aside?.(row, r)}
						<RowChanges resource={r} rowKey={rowKey} />
					</>
				}
			/>
		</>
	);
}

function RowChanges({ resource: r, rowKey }: { resource: SchemaResource; rowKey: string }) {
	const { t } = useI18n();
	const may = useMay();
	const q = useChanges({ resource: r.name, key: rowKey }, 5);
	if (!may('read_only')) return null;
	return (
		<Paper component="section" aria-label={t('hist.title')} style={{ overflow: 'hidden' }}>
			<div className="section-head" style={{ borderBottom: 0 }}>
				<h2>{t('hist.title')}</h2>
			</div>
			<ChangeList q={q} of={{ resource: r.name, key: rowKey }} empty={t('hist.rowNone')} />
		</Paper>
	);
}

function RowMenu({ resource: r, row, etag }: { resource: SchemaResource; row: Row; etag: string | undefined }) {
	const { t } = useI18n();
	const text = useSchemaText();
	const may = useMay();
	const [, go] = useLocation();
	const toast = useToast();
	const say = useErrorText();
	const undo = useUndo();
	const client = useQueryClient();
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);
	if (!may(r.write)) return null;
	const key = String(row[r.key]);
	const what = { what: resourceName(text, r, 1), key };
	const remove = async () => {
		setBusy(true);
		try {
			const c = await api.delete<Changed>(`${r.plural}/${part(key)}`, { ifMatch: etag });
			toast(t('row.removed', what), undo(c.change_id));
			client.removeQueries({ queryKey: ['rows', r.plural, 'one', key] });
			void client.invalidateQueries({ queryKey: ['rows', r.plural, 'list'] });
			void client.invalidateQueries({ queryKey: ['history'] });
			go(`/${r.plural}`);
		} catch (e) {
			toast(say(e));
			setAsking(false);
		} finally {
			setBusy(false);
		}
	};
	return (
		<>
			<Menu position="bottom-end" shadow="lg">
				<Menu.Target>
					<Tooltip label={t('list.actions')}>
						<ActionIcon variant="default" size={36} aria-label={t('list.actions')}>
							<Icon name="dots" />
						</ActionIcon>
					</Tooltip>
				</Menu.Target>
				<Menu.Dropdown>
					<Menu.Item c="var(--bad)" leftSection={<Icon name="trash" size={17} />} onClick={() => setAsking(true)}>
						{t('row.remove')}
					</Menu.Item>
				</Menu.Dropdown>
			</Menu>
			<Confirm
				opened={asking}
				danger
				busy={busy}
				title={t('row.removeTitle', what)}
				action={t('row.remove')}
				onConfirm={() => void remove()}
				onClose={() => setAsking(false)}
			>
				{t('row.removeText')}
			</Confirm>
		</>
	);
}
