// Routes to the outside and rules for calls that come in: in their order, which is changed by dragging (mouse, finger)
// or by the arrow keys; the editor says what a pattern means; a box says what would happen to a call.
import { Button, Paper, Text } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { api, part } from '@/api/client';
import { useSchema } from '@/api/hooks';
import { useMay } from '@/api/session';
import type { Import, Page, Row, SchemaResource } from '@/api/types';
import { useI18n } from '@/i18n';
import { TargetInput, TargetWords } from '@/resource/inputs';
import type { FormProps } from '@/resource/form';
import ResourcePage from '@/resource/page';
import { resourceHelp, resourceName, useSchemaText } from '@/resource/text';
import { useUndo } from '@/resource/undo';
import { Icon } from '@/ui/icons';
import { Failed, Loading, Nothing, PageHead, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { ExplainBox } from './explain';
import { PatternHelp } from './pattern-help';

type Plural = 'routes_out' | 'routes_in';

const forms: Record<Plural, Pick<FormProps, 'below' | 'inputs'>> = {
	routes_out: {
		below: {
			pattern: (v) => <PatternHelp text={String(v['pattern'] ?? '')} />,
			extensions: (v) => <PatternHelp text={String(v['extensions'] ?? '')} />,
		},
	},
	routes_in: {
		inputs: { target: (p) => <TargetInput {...p} incoming /> },
		below: {
			target: (v) => <TargetWords target={String(v['target'] ?? '')} link />,
			numbers: (v) => <PatternHelp text={String(v['numbers'] ?? '')} />,
			callers: (v) => <PatternHelp text={String(v['callers'] ?? '')} words={['anonymous']} />,
		},
	},
};

export default function Routes({ plural, rowKey }: { plural: Plural; rowKey?: string | undefined }) {
	if (rowKey)
		return (
			<ResourcePage
				plural={plural}
				rowKey={rowKey}
				form={forms[plural]}
				aside={() => <ExplainBox incoming={plural === 'routes_in'} stale />}
			/>
		);
	return <Ordered plural={plural} key={plural} />;
}

function Ordered({ plural }: { plural: Plural }) {
	const schema = useSchema();
	const may = useMay();
	const r = schema.data?.resources.find((x) => x.plural === plural);
	const rows = useQuery({
		queryKey: ['rows', plural, 'ordered'],
		queryFn: ({ signal }) => api.get<Page<Row>>(plural, { query: { sort: 'order', limit: 1000 }, signal }),
		placeholderData: keepPreviousData,
	});
	if (!r || rows.isPending) return <Loading />;
	if (!may(r.read)) return <ResourcePage plural={plural} />;
	if (!rows.data) return <Failed error={rows.error} retry={() => void rows.refetch()} />;
	return <OrderedPage r={r} plural={plural} items={inOrder(rows.data.items)} />;
}

/** As the server looks at them: by order, then by name. */
export function inOrder(list: Row[]): Row[] {
	return [...list].sort(
		(a, b) => Number(a['order']) - Number(b['order']) || (String(a['name']) < String(b['name']) ? -1 : 1),
	);
}

/** One moved to another place. */
export function moved<T>(list: T[], from: number, to: number): T[] {
	const out = [...list];
	const [x] = out.splice(from, 1);
	if (x !== undefined) out.splice(to, 0, x);
	return out;
}

/** New numbers for a new order, with room between them; only of the rows whose number must be another. */
export function renumber(list: Row[]): { name: string; order: number }[] {
	const step = Math.max(1, Math.min(10, Math.floor(9999 / Math.max(1, list.length))));
	return list
		.map((row, i) => ({ name: String(row['name']), order: (i + 1) * step, was: Number(row['order']) }))
		.filter((x) => x.order !== x.was)
		.map(({ name, order }) => ({ name, order }));
}

function OrderedPage({ r, plural, items }: { r: SchemaResource; plural: Plural; items: Row[] }) {
	const { t } = useI18n();
	const text = useSchemaText();
	const may = useMay();
	const [, go] = useLocation();
	const writes = may(r.write);
	const title = resourceName(text, r, 2);
	return (
		<>
			<PageHead title={title} text={resourceHelp(text, r)}>
				{writes && (
					<Button leftSection={<Icon name="plus" size={17} />} onClick={() => go(`/${plural}/new`)}>
						{t('list.new')}
					</Button>
				)}
			</PageHead>
			<div className="columns">
				<div style={{ display: 'grid', gap: 16 }}>
					<Paper style={{ overflow: 'hidden' }}>
						{items.length ? (
							<Sortable plural={plural} items={items} writes={writes} />
						) : (
							<Nothing icon="route" title={t(`rt.${plural}.empty`)} text={t(`rt.${plural}.emptyText`)}>
								{writes && (
									<Button onClick={() => go(`/${plural}/new`)}>
										{t('row.new', { what: resourceName(text, r, 1) })}
									</Button>
								)}
							</Nothing>
						)}
					</Paper>
					<Text size="sm" c="dimmed" px={4}>
						{t(`rt.${plural}.after`)}
					</Text>
				</div>
				<aside style={{ display: 'grid', gap: 16 }}>
					<ExplainBox incoming={plural === 'routes_in'} />
				</aside>
			</div>
		</>
	);
}

function Summary({ plural, row }: { plural: Plural; row: Row }) {
	const { t } = useI18n();
	const s = (f: string) => String(row[f] ?? '');
	const bits: string[] = [];
	if (plural === 'routes_out') {
		bits.push(t('rt.by', { trunks: s('trunks').split(' ').join(t('rt.then')) }));
		if (s('extensions')) bits.push(t('rt.for', { who: s('extensions') }));
		if (row['pin']) bits.push(t('rt.pin'));
	} else {
		bits.push(`→ ${s('target')}`);
		if (s('callers')) bits.push(t('rt.from', { who: s('callers') }));
		if (s('trunks')) bits.push(t('rt.by', { trunks: s('trunks') }));
	}
	if (s('hours')) bits.push(s('hours'));
	return <small>{bits.join(' · ')}</small>;
}

function Sortable({ plural, items, writes }: { plural: Plural; items: Row[]; writes: boolean }) {
	const { t } = useI18n();
	const toast = useToast();
	const undo = useUndo();
	const say = useErrorText();
	const client = useQueryClient();
	const [order, setOrder] = useState<Row[] | null>(null);
	const [drag, setDrag] = useState<{ name: string; dy: number } | null>(null);
	const [spoken, setSpoken] = useState('');
	const list = useRef<HTMLOListElement>(null);
	const start = useRef({ y: 0, at: 0, tops: [] as number[] });
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const shown = order ?? items;
	const latest = useRef(shown);
	latest.current = shown;
	useEffect(() => () => clearTimeout(timer.current), []);
	// what others change is taken over when nothing is being moved here
	useEffect(() => {
		if (!drag && !timer.current) setOrder(null);
	}, [items, drag]);

	const save = async () => {
		timer.current = undefined;
		const change = renumber(latest.current);
		if (!change.length) return;
		try {
			const body = `name,order\n${change.map((c) => `${c.name},${c.order}`).join('\n')}\n`;
			const a = await api.request<Import>('PUT', plural, { body, ctype: 'text/csv' });
			await client.invalidateQueries({ queryKey: ['rows', plural] });
			void client.invalidateQueries({ queryKey: ['history'] });
			void client.invalidateQueries({ queryKey: ['rows', 'explain'] });
			toast(t('rt.saved'), undo(a.data.change_id));
		} catch (e) {
			toast(say(e));
		} finally {
			if (!timer.current) setOrder(null);
		}
	};
	const later = (ms: number) => {
		clearTimeout(timer.current);
		timer.current = setTimeout(() => void save(), ms);
	};
	const place = (from: number, to: number) => {
		if (to < 0 || to >= shown.length || from === to) return;
		const next = moved(shown, from, to);
		setOrder(next);
		latest.current = next;
		setSpoken(t('rt.moved', { name: String(next[to]!['name']), n: to + 1, all: next.length }));
	};
	const down = (e: PointerEvent<HTMLButtonElement>, at: number) => {
		if (e.button) return;
		e.currentTarget.setPointerCapture(e.pointerId);
		clearTimeout(timer.current);
		timer.current = undefined;
		const tops = [...(list.current?.children ?? [])].map((c) => c.getBoundingClientRect().top + window.scrollY);
		start.current = { y: e.pageY, at, tops };
		setOrder(shown);
		setDrag({ name: String(shown[at]!['name']), dy: 0 });
	};
	const move = (e: PointerEvent<HTMLButtonElement>) => {
		if (!drag) return;
		const { tops, at } = start.current;
		const now = shown.findIndex((x) => x['name'] === drag.name);
		const y = (tops[at] ?? 0) + e.pageY - start.current.y;
		// the place whose top is nearest
		let to = 0;
		for (let i = 0; i < tops.length; i++) if (Math.abs(tops[i]! - y) < Math.abs(tops[to]! - y)) to = i;
		if (to !== now) place(now, to);
		setDrag({ name: drag.name, dy: y - (tops[to] ?? 0) });
		// near the edge of the window the page goes along
		if (e.clientY > window.innerHeight - 90) window.scrollBy(0, 12);
		else if (e.clientY < 90) window.scrollBy(0, -12);
	};
	const up = () => {
		if (!drag) return;
		setDrag(null);
		later(0);
	};
	const keys = (e: KeyboardEvent, at: number) => {
		const to =
			e.key === 'ArrowUp'
				? at - 1
				: e.key === 'ArrowDown'
					? at + 1
					: e.key === 'Home'
						? 0
						: e.key === 'End'
							? shown.length - 1
							: null;
		if (to === null) return;
		e.preventDefault();
		place(at, to);
		later(900);
	};
	return (
		<>
			<div className="visually-hidden" aria-live="assertive">
				{spoken}
			</div>
			<ol className="ordered" ref={list} data-dragging={drag !== null}>
				{shown.map((row, i) => {
					const name = String(row['name']);
					const own = drag?.name === name;
					return (
						<li key={name} data-own={own} style={own ? { transform: `translateY(${drag.dy}px)` } : undefined}>
							{writes && shown.length > 1 ? (
								<button
									type="button"
									className="grip"
									aria-label={t('rt.move', { name })}
									aria-describedby={`${plural}-move-help`}
									title={t('rt.moveHelp')}
									onPointerDown={(e) => down(e, i)}
									onPointerMove={move}
									onPointerUp={up}
									onPointerCancel={up}
									onKeyDown={(e) => keys(e, i)}
								>
									<Icon name="grip" size={18} />
								</button>
							) : (
								<span className="rank num">{i + 1}</span>
							)}
							<Link href={`/${plural}/${part(name)}`} draggable={false}>
								<span>
									<b>{name}</b>
									{plural === 'routes_out' ? (
										<code>{String(row['pattern'])}</code>
									) : (
										row['numbers'] && <code>{String(row['numbers'])}</code>
									)}
									<Summary plural={plural} row={row} />
								</span>
								{row['enabled'] === false && <State tone="off">{t('field.off')}</State>}
								<Icon name="right" size={16} style={{ color: 'var(--quiet)' }} />
							</Link>
						</li>
					);
				})}
			</ol>
			{writes && shown.length > 1 && (
				<p className="order-help" id={`${plural}-move-help`}>
					{t('rt.moveHelp')}
				</p>
			)}
		</>
	);
}
