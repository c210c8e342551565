// Steps of the guide about phones: the first of them in a table, a card for each, and a try.
import { ActionIcon, Button, Modal, Text, TextInput, Tooltip } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Suspense, useCallback, useMemo, useState } from 'react';
import { renderSVG } from 'uqr';
import { api, ApiError } from '@/api/client';
import { useRegistrations, useResource, useStatus } from '@/api/hooks';
import type { LiveEvent } from '@/api/events';
import { useEvents } from '@/api/live';
import type { Import, Page, Registration, Row } from '@/api/types';
import { useI18n, type Key } from '@/i18n';
import { strongPassword } from '@/resource/field';
import { Icon } from '@/ui/icons';
import { lazyPage } from '@/ui/lazy';
import { CopyButton, copyText, Failed, Loading, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { Fault } from './welcome-outside';
import type { StepProps } from './welcome';

const CsvImport = lazyPage(() => import('@/resource/csv'));

const useFew = () =>
	useQuery({
		queryKey: ['rows', 'extensions', 'guide'],
		queryFn: ({ signal }) => api.get<Page<Row>>('extensions', { query: { limit: 50, secrets: 1 }, signal }),
		gcTime: 0,
	});

/** Where phones must go: the host by which this page was reached when the server listens everywhere. */
function serverOf(sip: string | undefined) {
	const m = /^(.*):(\d+)$/.exec(sip ?? '');
	const host = m?.[1] ?? sip ?? '';
	const any = /^(0\.0\.0\.0|\[?::\]?)$/.test(host);
	return { host: any ? window.location.hostname : host, port: m?.[2] ?? '5060' };
}
const addressOf = (s: { host: string; port: string }) => (s.port === '5060' ? s.host : `${s.host}:${s.port}`);

interface New {
	number: string;
	name: string;
	password: string;
}
/** The first number behind those that are taken. */
export function nextNumber(taken: string[]): string {
	const numbers = taken.filter((n) => /^\d{2,6}$/.test(n)).map(Number);
	let n = numbers.length ? Math.max(...numbers) + 1 : 100;
	while (taken.includes(String(n))) n++;
	return String(n);
}
const quote = (s: string) => (/[",\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s);

export function PhonesStep({ bar }: StepProps) {
	const { t, n } = useI18n();
	const say = useErrorText();
	const client = useQueryClient();
	const q = useFew();
	const regs = useRegistrations();
	const resource = useResource('extensions');
	const [names, setNames] = useState<Record<string, string>>({});
	const [list, setList] = useState<New[]>([]);
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [importing, setImporting] = useState(false);
	const [busy, setBusy] = useState(false);
	if (q.isPending) return <Loading />;
	if (!q.data) return <Failed error={q.error} retry={() => void q.refetch()} />;
	const rows = q.data.items;
	const taken = rows.map((r) => String(r['number']));
	const renamed = rows.filter((r) => {
		const v = names[String(r['number'])];
		return v !== undefined && v.trim() !== String(r['name'] ?? '');
	});
	const given = list.map((x, i) => ({ ...x, i })).filter((x) => x.number.trim() || x.name.trim());
	const dirty = renamed.length > 0 || given.length > 0;
	const set = (i: number, x: Partial<New>) => {
		setList(list.map((o, k) => (k === i ? { ...o, ...x } : o)));
		setErrors({});
	};
	const save = async () => {
		if (!dirty) return true;
		const bad: Record<string, string> = {};
		for (const x of given) {
			const num = x.number.trim();
			if (!num) bad[x.i] = t('field.required');
			else if (!/^\d{2,15}$/.test(num)) bad[x.i] = t('w.phones.numberBad');
			else if (taken.includes(num) || given.some((o) => o.i < x.i && o.number.trim() === num))
				bad[x.i] = t('w.phones.twice', { n: num });
		}
		setErrors(bad);
		if (Object.keys(bad).length) return false;
		setBusy(true);
		try {
			if (renamed.length) {
				const body = `number,name\n${renamed
					.map((r) => `${String(r['number'])},${quote(names[String(r['number'])]!.trim())}`)
					.join('\n')}\n`;
				await api.request<Import>('PUT', 'extensions', { body, ctype: 'text/csv' });
			}
			if (given.length) {
				const body = `number,name,password\n${given
					.map((x) => `${x.number.trim()},${quote(x.name.trim())},${x.password}`)
					.join('\n')}\n`;
				await api.request<Import>('POST', 'extensions', { body, ctype: 'text/csv' });
			}
			setList([]);
			setNames({});
			await client.invalidateQueries({ queryKey: ['rows', 'extensions'] });
			return true;
		} catch (e) {
			const faults =
				e instanceof ApiError && Array.isArray(e.body['fields'])
					? (e.body['fields'] as { line?: number; message: string }[])
					: [];
			const out: Record<string, string> = {};
			for (const f of faults) {
				const x = given[(f.line ?? 2) - 2];
				out[x ? x.i : 'form'] = f.message;
			}
			setErrors(Object.keys(out).length ? out : { form: say(e) });
			return false;
		} finally {
			setBusy(false);
		}
	};
	const add = () =>
		setList([
			...list,
			{ number: nextNumber([...taken, ...list.map((x) => x.number)]), name: '', password: strongPassword(16) },
		]);
	const here = rows.filter((r) => regs.data?.items.some((x) => x.extension === r['number'])).length;
	return (
		<>
			<div className="table-wrap">
				<table className="table edit" aria-label={t('w.phones.title')}>
					<thead>
						<tr>
							<th scope="col">{t('w.phones.number')}</th>
							<th scope="col">{t('w.phones.name')}</th>
							<th scope="col">
								<span className="visually-hidden">{t('row.remove')}</span>
							</th>
						</tr>
					</thead>
					<tbody>
						{rows.map((r) => {
							const num = String(r['number']);
							return (
								<tr key={num}>
									<td className="num">
										<b>{num}</b>
									</td>
									<td>
										<TextInput
											aria-label={t('w.phones.nameOf', { n: num })}
											value={names[num] ?? String(r['name'] ?? '')}
											maxLength={80}
											onChange={(e) => setNames({ ...names, [num]: e.currentTarget.value })}
										/>
									</td>
									<td />
								</tr>
							);
						})}
						{list.map((x, i) => (
							<tr key={`new-${i}`}>
								<td style={{ verticalAlign: 'top' }}>
									<TextInput
										aria-label={t('w.phones.number')}
										inputMode="numeric"
										value={x.number}
										error={errors[i]}
										onChange={(e) => set(i, { number: e.currentTarget.value })}
									/>
								</td>
								<td style={{ verticalAlign: 'top' }}>
									<TextInput
										aria-label={t('w.phones.nameOf', { n: x.number })}
										placeholder={t('w.phones.nameExample')}
										maxLength={80}
										autoFocus={i === list.length - 1}
										value={x.name}
										onChange={(e) => set(i, { name: e.currentTarget.value })}
										onKeyDown={(e) => {
											if (e.key !== 'Enter' || e.nativeEvent.isComposing) return;
											e.preventDefault();
											add();
										}}
									/>
								</td>
								<td style={{ verticalAlign: 'top' }}>
									<ActionIcon
										variant="subtle"
										color="gray"
										size={36}
										aria-label={`${t('row.remove')}: ${x.number}`}
										onClick={() => setList(list.filter((_, k) => k !== i))}
									>
										<Icon name="x" size={16} />
									</ActionIcon>
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<div style={{ display: 'flex', gap: 8, flexWrap: 'wrap', marginTop: 12 }}>
				<Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={add}>
					{t('w.phones.add')}
				</Button>
				<Button variant="subtle" leftSection={<Icon name="upload" size={16} />} onClick={() => setImporting(true)}>
					{t('w.phones.csv')}
				</Button>
				<span style={{ flex: 1 }} />
				{dirty && (
					<Button loading={busy} onClick={() => void save()}>
						{t('w.phones.save')}
					</Button>
				)}
			</div>
			<Fault text={errors['form']} />
			<div style={{ display: 'flex', gap: 12, alignItems: 'baseline', margin: '28px 0 12px', flexWrap: 'wrap' }}>
				<h3 style={{ margin: 0, fontSize: '1rem' }}>{t('w.phones.connect')}</h3>
				<Text size="sm" c="dimmed" aria-live="polite">
					{n('w.phones.here', here, { all: rows.length })}
				</Text>
			</div>
			<div className="phone-cards">
				{rows.map((r) => (
					<PhoneCard
						key={String(r['number'])}
						row={r}
						reg={regs.data?.items.find((x) => x.extension === r['number'])}
					/>
				))}
			</div>
			{importing && resource && (
				<Suspense fallback={null}>
					<CsvImport resource={resource} onClose={() => setImporting(false)} />
				</Suspense>
			)}
			{bar(dirty ? save : undefined)}
		</>
	);
}

function PhoneCard({ row, reg }: { row: Row; reg: Registration | undefined }) {
	const { t } = useI18n();
	const toast = useToast();
	const status = useStatus();
	const [qr, setQr] = useState(false);
	const s = serverOf(status.data?.sip_address);
	const server = addressOf(s);
	const number = String(row['number']);
	const password = String(row['password'] ?? '');
	const title = row['name'] ? `${number} · ${String(row['name'])}` : number;
	const all = `${t('ext.server')}: ${server}\n${t('ext.user')}: ${number}\n${t('ext.password')}: ${password}`;
	const line = (label: Key, value: string) => (
		<>
			<dt>{t(label)}</dt>
			<dd>
				<span className="mono">{value}</span>
				<CopyButton text={value} label={t('ext.copy', { what: `${t(label)} (${number})` })} />
			</dd>
		</>
	);
	return (
		<section className="phone-card" data-here={Boolean(reg)} aria-label={title}>
			<header>
				<b>{title}</b>
				{reg ? (
					<span className="tick" role="status">
						<Icon name="check" size={16} />
						{t('w.phones.isHere')}
					</span>
				) : (
					<State tone="off">{t('w.phones.waiting')}</State>
				)}
			</header>
			<dl className="pairs">
				{line('ext.server', server)}
				{line('ext.user', number)}
				{line('ext.password', password)}
			</dl>
			<footer>
				<Button
					size="xs"
					variant="default"
					leftSection={<Icon name="copy" size={15} />}
					onClick={() => void copyText(all).then((ok) => ok && toast(t('copied')))}
				>
					{t('w.phones.copyAll')}
				</Button>
				<Tooltip label={t('ext.qrText')}>
					<Button
						size="xs"
						variant="default"
						leftSection={<Icon name="qr" size={15} />}
						aria-label={`${t('ext.qr')}: ${number}`}
						onClick={() => setQr(true)}
					>
						{t('ext.qr')}
					</Button>
				</Tooltip>
			</footer>
			{reg && (
				<Text size="xs" c="dimmed" mt={8}>
					{reg.user_agent || reg.contact} · {reg.source}
				</Text>
			)}
			<Modal
				opened={qr}
				onClose={() => setQr(false)}
				size="sm"
				title={`${t('ext.qr')} · ${title}`}
				closeButtonProps={{ 'aria-label': t('close') }}
			>
				{qr && (
					<img
						className="qr"
						alt={t('ext.qr')}
						src={`data:image/svg+xml,${encodeURIComponent(
							renderSVG(`SIP server: ${server}\nUser: ${number}\nPassword: ${password}`, { border: 1 }),
						)}`}
					/>
				)}
				<Text size="sm" c="dimmed" mt="md" ta="center">
					{t('ext.qrText')}
				</Text>
			</Modal>
		</section>
	);
}

/* ------------------------------------------------------------------ try it */

interface Seen {
	echo: boolean;
	inside: boolean;
	outside: boolean;
}
/** What a call that is up proves. */
export function proves(to: string, extensions: string[]): keyof Seen {
	if (to === '*43') return 'echo';
	return extensions.includes(to) ? 'inside' : 'outside';
}

export function TryStep({ bar }: StepProps) {
	const { t } = useI18n();
	const say = useErrorText();
	const toast = useToast();
	const q = useQuery({
		queryKey: ['rows', 'extensions', 'few'],
		queryFn: ({ signal }) => api.get<Page<Row>>('extensions', { query: { limit: 50 }, signal }),
	});
	const regs = useRegistrations();
	const [seen, setSeen] = useState<Seen>({ echo: false, inside: false, outside: false });
	const [now, setNow] = useState('');
	const numbers = useMemo(() => (q.data?.items ?? []).map((r) => String(r['number'])), [q.data]);
	useEvents(
		'call',
		useCallback(
			(e: LiveEvent) => {
				const to = String(e.data['to'] ?? '');
				const from = String(e.data['from'] ?? '');
				if (e.data['state'] === 'ended') return setNow('');
				setNow(t(e.data['state'] === 'up' ? 'w.try.talks' : 'w.try.rings', { a: from, b: to }));
				if (e.data['state'] === 'up') setSeen((s) => ({ ...s, [proves(to, numbers)]: true }));
			},
			[numbers, t],
		),
	);
	const here = numbers.filter((x) => regs.data?.items.some((g) => g.extension === x));
	const [a, b] = here;
	const call = async (from: string, to: string) => {
		try {
			await api.post('calls', { from, to });
			toast(t('w.try.picking', { n: from }));
		} catch (e) {
			toast(say(e));
		}
	};
	const item = (key: keyof Seen, title: string, text: string, button?: { label: string; run: () => void }) => (
		<li data-done={seen[key]}>
			<span className="mark" aria-hidden="true">
				{seen[key] ? <Icon name="check" size={18} /> : <Icon name="call" size={18} />}
			</span>
			<div style={{ flex: 1 }}>
				<b>{title}</b>
				{seen[key] && <span className="visually-hidden"> ({t('w.done')})</span>}
				<Text size="sm" c="dimmed">
					{seen[key] ? t('w.try.works') : text}
				</Text>
			</div>
			{button && !seen[key] && (
				<Button variant="default" onClick={button.run}>
					{button.label}
				</Button>
			)}
		</li>
	);
	return (
		<>
			{!here.length && (
				<Text mb="md" style={{ display: 'flex', gap: 8 }}>
					<Icon name="info" size={18} style={{ flex: 'none', marginTop: 2 }} />
					{t('w.try.nobody')}
				</Text>
			)}
			<ul className="tries">
				{item(
					'echo',
					t('w.try.echo'),
					t('w.try.echoText'),
					a ? { label: t('w.try.ring', { n: a }), run: () => void call(a, '*43') } : undefined,
				)}
				{item(
					'inside',
					t('w.try.inside'),
					a && b ? t('w.try.insideText', { a, b }) : t('w.try.insideTwo'),
					a && b ? { label: t('w.try.call', { a, b }), run: () => void call(a, b) } : undefined,
				)}
				{item('outside', t('w.try.outside'), t('w.try.outsideText'))}
			</ul>
			<Text size="sm" mt="md" role="status" aria-live="polite" mih={22}>
				{now}
			</Text>
			{bar(undefined, t('w.finish'))}
		</>
	);
}
