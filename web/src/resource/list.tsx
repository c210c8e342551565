// The list of a resource: search, filters, sorting and pages are asked of the server, and stand in the address, so that
// going back finds the list as it was.
import { ActionIcon, Button, Checkbox, Loader, Menu, Paper, Popover, Select, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedCallback, useMediaQuery } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import {
	flexRender,
	getCoreRowModel,
	useReactTable,
	type ColumnDef,
	type VisibilityState,
} from '@tanstack/react-table';
import { Suspense, useEffect, useMemo, useState, type ReactNode } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { api, part } from '@/api/client';
import { useMay } from '@/api/session';
import type { Page, Row, SchemaField, SchemaResource } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon, type IconName } from '@/ui/icons';
import { lazyPage } from '@/ui/lazy';
import { Failed, Loading, Nothing, PageHead, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import {
	isHidden,
	keyField,
	nameField,
	resourceHelp,
	resourceName,
	rowTitle,
	useSchemaText,
	useValueText,
	type SchemaText,
} from './text';

const CsvImport = lazyPage(() => import('./csv'));

export interface ExtraColumn {
	id: string;
	header: string;
	cell: (row: Row) => ReactNode;
	/** Also on small screens, beside the name. */
	small?: boolean;
}
export interface ListProps {
	resource: SchemaResource;
	icon: IconName;
	/** Fields that are shown first; the others can be added. */
	columns?: string[];
	extra?: ExtraColumn[];
	empty?: { title: string; text?: string };
	/** More to do, beside "New". */
	actions?: ReactNode;
	/** Ask for the live state of the rows as well. */
	live?: boolean;
}

/** Fields of a table when nobody has chosen: the key, the name, then what tells rows apart, at most six. */
export function usualColumns(r: SchemaResource): string[] {
	const key = r.key;
	const name = nameField(r)?.name;
	const rest = r.fields.filter(
		(f) => f.name !== key && f.name !== name && !isHidden(f) && f.type !== 'time' && f.name !== 'enabled',
	);
	const out = [key, ...(name && name !== key ? [name] : []), ...rest.slice(0, 4).map((f) => f.name)];
	if (r.fields.some((f) => f.name === 'enabled')) out.push('enabled');
	return out;
}

function stored(plural: string): string[] | null {
	try {
		const v: unknown = JSON.parse(localStorage.getItem(`offhook.columns.${plural}`) ?? 'null');
		return Array.isArray(v) ? v.filter((x): x is string => typeof x === 'string') : null;
	} catch {
		return null;
	}
}

const sizes = ['25', '50', '100', '200'];

export function ResourceList(p: ListProps) {
	const { resource: r } = p;
	const { t } = useI18n();
	const text = useSchemaText();
	const may = useMay();
	const [, go] = useLocation();
	const [params, setParams] = useSearchParams();
	const [importing, setImporting] = useState(false);
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	const q = params.get('q') ?? '';
	const sort = params.get('sort') ?? '';
	const after = params.get('after') ?? '';
	const page = Number(params.get('page') ?? '1') || 1;
	const limit = sizes.includes(params.get('limit') ?? '') ? params.get('limit')! : '50';
	const filterable = r.fields.filter((f) => f.type === 'choice' || f.type === 'boolean');
	const filters = Object.fromEntries(
		filterable.flatMap((f) => (params.get(f.name) !== null ? [[f.name, params.get(f.name)!]] : [])),
	);
	const change = (set: Record<string, string | null>, keepPage = false) =>
		setParams(
			(old) => {
				const n = new URLSearchParams(old);
				if (!keepPage) for (const k of ['after', 'page', 'back']) n.delete(k);
				for (const [k, v] of Object.entries(set))
					if (v === null || v === '') n.delete(k);
					else n.set(k, v);
				return n;
			},
			{ replace: !keepPage },
		);
	const query = { q, sort, limit, after, ...filters, ...(p.live ? { live: 1 } : {}) };
	const rows = useQuery({
		queryKey: ['rows', r.plural, 'list', query],
		queryFn: ({ signal }) => api.get<Page<Row>>(r.plural, { query, signal }),
		placeholderData: keepPreviousData,
	});
	const [visible, setVisible] = useState<string[]>(() => stored(r.plural) ?? p.columns ?? usualColumns(r));
	const filtered = Boolean(q) || Object.keys(filters).length > 0;
	const items = rows.data?.items ?? [];
	const writes = may(r.write);
	const title = resourceName(text, r, 2);
	return (
		<>
			<PageHead title={title} text={resourceHelp(text, r)}>
				<ListMenu
					resource={r}
					query={{ q, sort, ...filters }}
					onImport={writes ? () => setImporting(true) : undefined}
				/>
				{p.actions}
				{writes && (
					<Button leftSection={<Icon name="plus" size={17} />} onClick={() => go(`/${r.plural}/new`)}>
						{t('list.new')}
					</Button>
				)}
			</PageHead>
			<Paper style={{ overflow: 'hidden' }}>
				{(items.length > 0 || filtered || after) && (
					<Tools
						resource={r}
						q={q}
						filters={filters}
						filterable={filterable}
						visible={visible}
						fetching={rows.isFetching}
						small={small}
						onSearch={(v) => change({ q: v })}
						onFilter={(f, v) => change({ [f]: v })}
						onClear={() => change(Object.fromEntries(filterable.map((f) => [f.name, null])))}
						onVisible={(v) => {
							setVisible(v);
							try {
								localStorage.setItem(`offhook.columns.${r.plural}`, JSON.stringify(v));
							} catch {
								/* for this visit only */
							}
						}}
					/>
				)}
				{rows.isPending ? (
					<Loading />
				) : rows.isError && !rows.data ? (
					<Failed error={rows.error} retry={() => void rows.refetch()} />
				) : !items.length ? (
					filtered ? (
						<Nothing icon="search" title={t('list.noMatch')} text={t('list.noMatchText')} />
					) : (
						<Nothing
							icon={p.icon}
							title={p.empty?.title ?? t('list.empty')}
							text={p.empty?.text ?? resourceHelp(text, r)}
						>
							{writes && (
								<div style={{ display: 'flex', gap: 8, marginTop: 6, flexWrap: 'wrap', justifyContent: 'center' }}>
									<Button onClick={() => go(`/${r.plural}/new`)}>
										{t('row.new', { what: resourceName(text, r, 1) })}
									</Button>
									<Button variant="default" onClick={() => setImporting(true)}>
										{t('list.import')}
									</Button>
								</div>
							)}
						</Nothing>
					)
				) : small ? (
					<Cards {...p} items={items} />
				) : (
					<Table {...p} items={items} visible={visible} sort={sort} onSort={(s) => change({ sort: s })} text={text} />
				)}
				{(after || rows.data?.next) && (
					<Pager
						page={page}
						limit={limit}
						next={rows.data?.next ?? null}
						onLimit={(v) => change({ limit: v })}
						onNext={(next) => change({ after: next, page: String(page + 1) }, true)}
						onPrevious={() => history.back()}
					/>
				)}
			</Paper>
			{importing && (
				<Suspense fallback={null}>
					<CsvImport resource={r} onClose={() => setImporting(false)} />
				</Suspense>
			)}
		</>
	);
}

function ListMenu({
	resource: r,
	query,
	onImport,
}: {
	resource: SchemaResource;
	query: Record<string, string>;
	onImport: (() => void) | undefined;
}) {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const save = async () => {
		try {
			const text = await api.get<string>(r.plural, { query, accept: 'text/csv' });
			const a = document.createElement('a');
			a.href = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv' }));
			a.download = `${r.plural}.csv`;
			a.click();
			setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
		} catch (e) {
			toast(say(e));
		}
	};
	return (
		<Menu position="bottom-end" shadow="lg">
			<Menu.Target>
				<Tooltip label={t('list.actions')}>
					<ActionIcon variant="default" size={36} aria-label={t('list.actions')}>
						<Icon name="dots" />
					</ActionIcon>
				</Tooltip>
			</Menu.Target>
			<Menu.Dropdown>
				<Menu.Item leftSection={<Icon name="download" size={17} />} onClick={() => void save()}>
					{t('list.export')}
				</Menu.Item>
				{onImport && (
					<Menu.Item leftSection={<Icon name="upload" size={17} />} onClick={onImport}>
						{t('list.import')}
					</Menu.Item>
				)}
			</Menu.Dropdown>
		</Menu>
	);
}

interface ToolsProps {
	resource: SchemaResource;
	q: string;
	filters: Record<string, string>;
	filterable: SchemaField[];
	visible: string[];
	fetching: boolean;
	small: boolean | undefined;
	onSearch: (q: string) => void;
	onFilter: (field: string, v: string | null) => void;
	onClear: () => void;
	onVisible: (v: string[]) => void;
}

function Tools(p: ToolsProps) {
	const { t } = useI18n();
	const text = useSchemaText();
	const [typed, setTyped] = useState(p.q);
	const search = useDebouncedCallback(p.onSearch, 250);
	useEffect(() => setTyped(p.q), [p.q]);
	const count = Object.keys(p.filters).length;
	const choices = (f: SchemaField) =>
		f.type === 'boolean'
			? [
					{ value: 'true', label: t('field.on') },
					{ value: 'false', label: t('field.off') },
				]
			: (f.choices ?? []).map((c) => ({ value: c, label: text.choice(p.resource, f, c) }));
	return (
		<div
			style={{
				display: 'flex',
				gap: 8,
				padding: 12,
				borderBottom: '1px solid var(--line)',
				alignItems: 'center',
				flexWrap: 'wrap',
			}}
		>
			<TextInput
				type="search"
				aria-label={t('list.search')}
				placeholder={t('list.search')}
				leftSection={<Icon name="search" size={16} />}
				rightSection={p.fetching ? <Loader size={14} aria-label={t('list.refreshing')} /> : null}
				style={{ flex: '1 1 160px', maxWidth: 320 }}
				value={typed}
				onChange={(e) => {
					setTyped(e.currentTarget.value);
					search(e.currentTarget.value.trim());
				}}
			/>
			{p.filterable.length > 0 && (
				<Popover position="bottom-start" width={300} shadow="lg" radius="lg" trapFocus>
					<Popover.Target>
						<Button variant={count ? 'light' : 'default'} leftSection={<Icon name="filter" size={16} />}>
							{t('list.filter')}
							{count ? ` (${count})` : ''}
						</Button>
					</Popover.Target>
					<Popover.Dropdown aria-label={t('list.filter')}>
						<div style={{ display: 'grid', gap: 12, maxHeight: '60vh', overflowY: 'auto' }}>
							{p.filterable.map((f) => (
								<Select
									key={f.name}
									label={text.label(p.resource, f)}
									placeholder={t('list.any')}
									clearable
									comboboxProps={{ withinPortal: false }}
									data={choices(f)}
									value={p.filters[f.name] ?? null}
									onChange={(v) => p.onFilter(f.name, v)}
								/>
							))}
							{count > 0 && (
								<Button variant="subtle" onClick={p.onClear}>
									{t('list.clear')}
								</Button>
							)}
						</div>
					</Popover.Dropdown>
				</Popover>
			)}
			<span style={{ flex: 1 }} />
			{!p.small && (
				<Popover position="bottom-end" width={260} shadow="lg" radius="lg" trapFocus>
					<Popover.Target>
						<Tooltip label={t('list.columns')}>
							<ActionIcon variant="default" size={36} aria-label={t('list.columns')}>
								<Icon name="columns" size={17} />
							</ActionIcon>
						</Tooltip>
					</Popover.Target>
					<Popover.Dropdown aria-label={t('list.columns')}>
						<div style={{ display: 'grid', gap: 10, maxHeight: '60vh', overflowY: 'auto', padding: 2 }}>
							{p.resource.fields
								.filter((f) => !isHidden(f) && f.name !== p.resource.key)
								.map((f) => (
									<Checkbox
										key={f.name}
										size="sm"
										label={text.label(p.resource, f)}
										checked={p.visible.includes(f.name)}
										onChange={(e) =>
											p.onVisible(
												e.currentTarget.checked ? [...p.visible, f.name] : p.visible.filter((x) => x !== f.name),
											)
										}
									/>
								))}
						</div>
					</Popover.Dropdown>
				</Popover>
			)}
		</div>
	);
}

function Cell({ r, f, row }: { r: SchemaResource; f: SchemaField; row: Row }) {
	const { t } = useI18n();
	const value = useValueText();
	const v = row[f.name];
	if (f.name === 'enabled') return <State tone={v ? 'good' : 'off'}>{v ? t('field.on') : t('field.off')}</State>;
	const s = value(r, f, v);
	return s || <span style={{ color: 'var(--quiet)' }}>—</span>;
}

function Table(
	p: ListProps & { items: Row[]; visible: string[]; sort: string; onSort: (s: string) => void; text: SchemaText },
) {
	const { resource: r, text } = p;
	const { t } = useI18n();
	const [, go] = useLocation();
	const columns = useMemo<ColumnDef<Row>[]>(
		() => [
			...r.fields
				.filter((f) => !isHidden(f))
				.map((f): ColumnDef<Row> => ({
					id: f.name,
					header: text.label(r, f),
					cell: ({ row }) => <Cell r={r} f={f} row={row.original} />,
				})),
			...(p.extra ?? []).map((e): ColumnDef<Row> => ({
				id: `+${e.id}`,
				header: e.header,
				cell: ({ row }) => e.cell(row.original),
			})),
		],
		[r, p.extra, text],
	);
	const columnVisibility: VisibilityState = Object.fromEntries(
		r.fields.map((f) => [f.name, f.name === r.key || p.visible.includes(f.name)]),
	);
	const name = nameField(r)?.name;
	const front = [r.key, ...(name && name !== r.key ? [name] : []), ...(p.extra ?? []).map((e) => `+${e.id}`)];
	const back = r.fields.some((f) => f.name === 'enabled') ? ['enabled'] : [];
	const columnOrder = [
		...front,
		...r.fields.map((f) => f.name).filter((n) => !front.includes(n) && !back.includes(n)),
		...back,
	];
	const table = useReactTable({
		data: p.items,
		columns,
		state: { columnVisibility, columnOrder },
		getCoreRowModel: getCoreRowModel(),
		getRowId: (row) => String(row[r.key]),
		manualSorting: true,
		manualPagination: true,
	});
	const by = p.sort.replace(/^-/, '');
	const numeric = (id: string) => r.fields.find((f) => f.name === id)?.type === 'integer' || undefined;
	return (
		<div className="table-wrap" tabIndex={0} role="region" aria-label={resourceName(text, r, 2)}>
			<table className="table">
				<thead>
					<tr>
						{table.getFlatHeaders().map((h) => {
							const field = !h.id.startsWith('+');
							const label = String(h.column.columnDef.header);
							const down = p.sort.startsWith('-');
							const on = by === h.id || (!by && h.id === r.key);
							return (
								<th
									key={h.id}
									scope="col"
									data-right={numeric(h.id)}
									aria-sort={field ? (on ? (down ? 'descending' : 'ascending') : 'none') : undefined}
								>
									{field ? (
										<button
											type="button"
											title={t('list.sortBy', { name: label })}
											onClick={() => p.onSort(on && !down ? `-${h.id}` : h.id)}
										>
											{label}
											{on && <Icon name={down ? 'down' : 'up'} size={14} />}
										</button>
									) : (
										label
									)}
								</th>
							);
						})}
					</tr>
				</thead>
				<tbody>
					{table.getRowModel().rows.map((row) => {
						const path = `/${r.plural}/${part(row.id)}`;
						return (
							<tr
								key={row.id}
								data-link
								onClick={(e) => {
									const el = e.target as HTMLElement;
									if (!el.closest('a,button,input') && !window.getSelection()?.toString()) go(path);
								}}
							>
								{row.getVisibleCells().map((c) => (
									<td key={c.id} data-right={numeric(c.column.id)} className={numeric(c.column.id) && 'num'}>
										{c.column.id === r.key ? (
											<Link href={path} title={rowTitle(r, row.original)}>
												{row.id}
											</Link>
										) : (
											flexRender(c.column.columnDef.cell, c.getContext())
										)}
									</td>
								))}
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

/** On small screens: a line with what people know a row by. */
function Cards(p: ListProps & { items: Row[] }) {
	const { resource: r } = p;
	const { t } = useI18n();
	const value = useValueText();
	const key = keyField(r).name;
	const name = nameField(r)?.name;
	const second = r.fields
		.filter((f) => f.name !== key && f.name !== name && !isHidden(f) && f.type !== 'boolean')
		.slice(0, 2);
	return (
		<ul className="cards">
			{p.items.map((row) => {
				const title = name && name !== key && row[name] ? String(row[name]) : '';
				const rest = title
					? ''
					: second
							.map((f) => value(r, f, row[f.name]))
							.filter(Boolean)
							.join(' · ');
				return (
					<li key={String(row[key])}>
						<Link href={`/${r.plural}/${part(String(row[key]))}`}>
							<span>
								<b>{String(row[key])}</b>
								<small>{title || rest}</small>
							</span>
							{p.extra
								?.filter((e) => e.small)
								.map((e) => (
									<span key={e.id}>{e.cell(row)}</span>
								))}
							{!p.extra?.some((e) => e.small) && row['enabled'] === false && <State tone="off">{t('field.off')}</State>}
							<Icon name="right" size={16} style={{ color: 'var(--quiet)' }} />
						</Link>
					</li>
				);
			})}
		</ul>
	);
}

interface PagerProps {
	page: number;
	limit: string;
	next: string | null;
	onLimit: (v: string) => void;
	onNext: (next: string) => void;
	onPrevious: () => void;
}

function Pager(p: PagerProps) {
	const { t } = useI18n();
	return (
		<nav
			aria-label={t('list.page', { n: p.page })}
			style={{
				display: 'flex',
				gap: 8,
				padding: 10,
				alignItems: 'center',
				borderTop: '1px solid var(--line)',
				flexWrap: 'wrap',
			}}
		>
			<Select
				aria-label={t('list.perPage')}
				data={sizes.map((s) => ({ value: s, label: s }))}
				value={p.limit}
				onChange={(v) => v && p.onLimit(v)}
				allowDeselect={false}
				w={84}
				size="xs"
			/>
			<span style={{ fontSize: 13, color: 'var(--quiet)' }}>{t('list.perPage')}</span>
			<span style={{ flex: 1 }} />
			<span style={{ fontSize: 13.5, color: 'var(--quiet)' }} aria-live="polite">
				{t('list.page', { n: p.page })}
			</span>
			<Button variant="default" size="xs" disabled={p.page <= 1} onClick={p.onPrevious}>
				{t('list.previous')}
			</Button>
			<Button variant="default" size="xs" disabled={!p.next} onClick={() => p.next && p.onNext(p.next)}>
				{t('list.next')}
			</Button>
		</nav>
	);
}
