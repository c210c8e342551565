// What trunks show in several places: their state in words, the check now, and making one by a template.
import { Alert, Button, Loader, Paper, PasswordInput, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';
import { api, ApiError, part } from '@/api/client';
import { useLiveOpen } from '@/api/live';
import { useMay } from '@/api/session';
import type { Changed, Page, Row, TrunkStatus as ShortStatus } from '@/api/types';
import { useI18n, type Key } from '@/i18n';
import { Icon, type IconName } from '@/ui/icons';
import { Failed, Loading, State, useErrorText } from '@/ui/parts';

export interface TrunkEvent {
	at_ms: number;
	what: string;
	code: number;
	rtt_ms: number;
	text: string;
}
export interface TrunkStatus extends ShortStatus {
	proven: boolean;
	channels_in: number;
	channels_out: number;
	registered_until_ms?: number;
	checking?: boolean;
	messages?: { new: number; old: number };
	history: TrunkEvent[];
}

export function useTrunkStatus() {
	const refetchInterval = useLiveOpen() ? 30_000 : 4000;
	return useQuery({
		queryKey: ['trunk-status'],
		queryFn: ({ signal }) => api.get<Page<TrunkStatus>>('trunk-status', { signal }),
		refetchInterval,
	});
}

const tones = { up: 'good', starting: 'off', degraded: 'warn', down: 'bad', off: 'off' } as const;

export function TrunkState({ s }: { s: TrunkStatus | undefined }) {
	const { t } = useI18n();
	if (!s) return <State tone="off">…</State>;
	return <State tone={tones[s.state]}>{t(`tr.${s.state}`)}</State>;
}

/** Where the words of a trunk's state name a known fault, what can be done about it. */
export function adviceFor(words: string): Key | null {
	const w = words.toLowerCase();
	if (/refuses the password|\(401\)|\(407\)/.test(w)) return 'tr.do.password';
	if (/refuses user|closed the account|\(403\)/.test(w)) return 'tr.do.account';
	if (/does not know user|\(404\)/.test(w)) return 'tr.do.user';
	if (/no such host/.test(w)) return 'tr.do.host';
	if (/name servers did not answer/.test(w)) return 'tr.do.dns';
	if (/certificate|signed by nobody/.test(w)) return 'tr.do.certificate';
	if (/refuses the connection/.test(w)) return 'tr.do.refused';
	if (/does not answer|no answer/.test(w)) return 'tr.do.silent';
	if (/sends us elsewhere/.test(w)) return 'tr.do.elsewhere';
	if (/trouble of its own|cannot work now/.test(w)) return 'tr.do.later';
	return null;
}

/** The state of one trunk now, the check, and what happened. */
export function TrunkLive({ name, auto, bare }: { name: string; auto?: boolean; bare?: boolean }) {
	const { t, when, date } = useI18n();
	const may = useMay();
	const say = useErrorText();
	const client = useQueryClient();
	const q = useTrunkStatus();
	const s = q.data?.items.find((x) => x.name === name);
	const test = useMutation({
		mutationFn: () => api.post<TrunkStatus>(`trunks/${part(name)}/test`),
		onSettled: () => client.invalidateQueries({ queryKey: ['trunk-status'] }),
	});
	const { mutate } = test;
	useEffect(() => {
		if (auto) mutate();
	}, [auto, mutate, name]);
	const busy = test.isPending || Boolean(s?.checking);
	// a check that is on its way ends by an event; ask as well, in case the live line is slow
	useEffect(() => {
		if (!busy) return;
		const timer = setInterval(() => void client.invalidateQueries({ queryKey: ['trunk-status'] }), 1000);
		return () => clearInterval(timer);
	}, [busy, client]);
	// a registration without an answer is given up after half a minute: what is known already is said before
	const newest = s?.history.reduce<TrunkEvent | null>((a, e) => (a && a.at_ms > e.at_ms ? a : e), null);
	const sofar = s?.state === 'starting' && newest && (newest.code < 200 || newest.code >= 300) ? newest.text : '';
	const advice =
		s && (s.state === 'down' || s.state === 'degraded') ? adviceFor(s.words) : sofar ? adviceFor(sofar) : null;
	const body = q.isPending ? (
		<Loading height={100} />
	) : !s ? (
		q.isError ? (
			<Failed error={q.error} retry={() => void q.refetch()} />
		) : (
			<Loading height={100} />
		)
	) : (
		<div style={{ padding: '16px 20px', display: 'grid', gap: 12 }}>
			<div role="status" aria-live="polite">
				<div style={{ display: 'flex', gap: 10, alignItems: 'center', fontWeight: 600 }}>
					<TrunkState s={s} />
					{busy && <Loader size={14} role="img" aria-label={t('tr.checking')} />}
				</div>
				<Text size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
					{s.words.charAt(0).toUpperCase() + s.words.slice(1)}
				</Text>
				{sofar && (
					<Text size="sm" mt={4}>
						{t('tr.sofar', { words: sofar })}
					</Text>
				)}
				{advice && (
					<Text size="sm" mt={6} style={{ display: 'flex', gap: 8 }}>
						<Icon name="info" size={17} style={{ flex: 'none', marginTop: 2, color: 'var(--warn)' }} />
						<span>{t(advice)}</span>
					</Text>
				)}
			</div>
			{!bare && (
				<dl className="pairs">
					{s.server && (
						<>
							<dt>{t('tr.server')}</dt>
							<dd>{s.server}</dd>
						</>
					)}
					{(s.rtt_ms ?? 0) > 0 && (
						<>
							<dt>{t('tr.rtt')}</dt>
							<dd className="num">{t('tr.ms', { n: s.rtt_ms! })}</dd>
						</>
					)}
					{(s.registered_until_ms ?? 0) > 0 && (
						<>
							<dt>{t('tr.registered')}</dt>
							<dd>{date(s.registered_until_ms!, { timeStyle: 'short' })}</dd>
						</>
					)}
					<dt>{t('tr.calls')}</dt>
					<dd className="num">
						{t('tr.callsNow', { i: s.calls_in, o: s.calls_out })}
						{s.channels ? ` · ${t('tr.atMost', { n: s.channels })}` : ''}
					</dd>
					{s.messages && (
						<>
							<dt>{t('tr.messages')}</dt>
							<dd className="num">{s.messages.new}</dd>
						</>
					)}
				</dl>
			)}
			{may('administrator') && s.state !== 'off' && (
				<div>
					<Button
						variant="default"
						leftSection={<Icon name="refresh" size={16} />}
						loading={busy}
						onClick={() => test.mutate()}
					>
						{t('tr.test')}
					</Button>
				</div>
			)}
			<div role="alert">
				{test.isError && (
					<Text size="sm" c="var(--bad)">
						{say(test.error)}
					</Text>
				)}
			</div>
		</div>
	);
	const history = s && s.history.length > 0 && (
		<ul className="events" aria-label={t('tr.history')}>
			{[...s.history]
				.sort((a, b) => b.at_ms - a.at_ms)
				.slice(0, bare ? 4 : 12)
				.map((e, i) => (
					<li key={`${e.at_ms}-${i}`}>
						<time dateTime={new Date(e.at_ms).toISOString()} title={date(e.at_ms)}>
							{when(e.at_ms)}
						</time>
						<span>{e.text}</span>
					</li>
				))}
		</ul>
	);
	if (bare)
		return (
			<>
				{body}
				{history}
			</>
		);
	return (
		<Paper component="section" aria-label={t('tr.howIs')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('tr.howIs')}</h2>
			</div>
			{body}
			{history}
		</Paper>
	);
}

/* ------------------------------------------------------------------ templates */

type Field = 'name' | 'server' | 'user' | 'password' | 'addresses' | 'password_in' | 'caller_id';
export interface Template {
	id: 'account' | 'address' | 'system' | 'name';
	icon: IconName;
	fields: Field[];
	optional?: Field[];
	set: Row;
	suggest: string;
}
export const templates: Template[] = [
	{
		id: 'account',
		icon: 'key',
		fields: ['server', 'user', 'password', 'caller_id', 'name'],
		optional: ['caller_id'],
		set: { register: true },
		suggest: 'provider',
	},
	{
		id: 'address',
		icon: 'globe',
		fields: ['server', 'addresses', 'caller_id', 'name'],
		optional: ['addresses', 'caller_id'],
		set: { register: false },
		suggest: 'provider',
	},
	{
		id: 'system',
		icon: 'phone',
		fields: ['server', 'name', 'user', 'password', 'password_in'],
		set: { register: false },
		suggest: 'branch',
	},
	{
		id: 'name',
		icon: 'search',
		fields: ['server', 'user', 'password', 'caller_id', 'name'],
		optional: ['caller_id'],
		set: { register: true, transport: 'auto' },
		suggest: 'provider',
	},
];

/** A name that a trunk may have, of what was typed as its server: "sip.example.com" -> "example". */
export function suggestName(server: string, fallback: string): string {
	const host =
		server
			.trim()
			.replace(/^sips?:/, '')
			.split(/[:;,\s]/)[0] ?? '';
	if (!/[a-z]/i.test(host)) return fallback;
	const parts = host.toLowerCase().split('.').filter(Boolean);
	const label = parts.length > 1 ? parts[parts.length - 2]! : (parts[0] ?? '');
	const name = label.replace(/[^a-z0-9_-]/g, '');
	return /^[a-z]/.test(name) ? name.slice(0, 32) : fallback;
}

const secretFields = new Set<Field>(['password', 'password_in']);

/** Choose a kind, say what it needs and no more, make the trunk. */
export function TrunkAdd({ onMade, onAll }: { onMade: (name: string) => void; onAll?: () => void }) {
	const { t } = useI18n();
	const [kind, setKind] = useState<Template | null>(null);
	if (kind) return <TemplateForm key={kind.id} kind={kind} onBack={() => setKind(null)} onMade={onMade} />;
	return (
		<>
			<div className="tiles">
				{templates.map((k) => (
					<button key={k.id} type="button" className="tile" onClick={() => setKind(k)}>
						<Icon name={k.icon} size={22} />
						<span>
							<b>{t(`tr.kind.${k.id}`)}</b>
							<small>{t(`tr.kind.${k.id}Text`)}</small>
						</span>
					</button>
				))}
			</div>
			{onAll && (
				<Text size="sm" c="dimmed" mt="md">
					{t('tr.allText')}{' '}
					<button type="button" className="link" onClick={onAll}>
						{t('tr.all')}
					</button>
				</Text>
			)}
		</>
	);
}

function TemplateForm({
	kind,
	onBack,
	onMade,
}: {
	kind: Template;
	onBack: () => void;
	onMade: (name: string) => void;
}) {
	const { t } = useI18n();
	const say = useErrorText();
	const client = useQueryClient();
	const [values, setValues] = useState<Partial<Record<Field, string>>>({});
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [busy, setBusy] = useState(false);
	const name = values.name ?? suggestName(kind.id === 'system' ? '' : (values.server ?? ''), kind.suggest);
	const value = (f: Field) => (f === 'name' ? name : (values[f] ?? ''));
	const submit = async (e: FormEvent) => {
		e.preventDefault();
		const bad: Record<string, string> = {};
		for (const f of kind.fields) if (!value(f).trim() && !kind.optional?.includes(f)) bad[f] = t('field.required');
		if (!bad['name'] && !/^[a-z][a-z0-9_-]*$/.test(name)) bad['name'] = t('tr.nameBad');
		setErrors(bad);
		const first = kind.fields.find((f) => bad[f]);
		if (first) {
			document.querySelector<HTMLInputElement>(`[name="trunk-${first}"]`)?.focus();
			return;
		}
		setBusy(true);
		try {
			const body: Row = { ...kind.set };
			for (const f of kind.fields) if (value(f).trim()) body[f] = secretFields.has(f) ? value(f) : value(f).trim();
			if (kind.id === 'name') body['server'] = String(body['server']).replace(/:\d+$/, '');
			await api.post<Row & Changed>('trunks', body);
			void client.invalidateQueries({ queryKey: ['rows', 'trunks'] });
			void client.invalidateQueries({ queryKey: ['trunk-status'] });
			onMade(name);
		} catch (err) {
			const list = err instanceof ApiError ? err.fields : [];
			const known = list.filter((x) => (kind.fields as string[]).includes(x.field));
			if (known.length) setErrors(Object.fromEntries(known.map((x) => [x.field, x.message])));
			else setErrors({ form: say(err) });
		} finally {
			setBusy(false);
		}
	};
	return (
		<form onSubmit={(e) => void submit(e)} noValidate autoComplete="off">
			<button
				type="button"
				className="link"
				style={{ display: 'inline-flex', gap: 4, marginBottom: 12 }}
				onClick={onBack}
			>
				<Icon name="left" size={16} />
				{t('tr.otherKind')}
			</button>
			<Text fw={600}>{t(`tr.kind.${kind.id}`)}</Text>
			<Text size="sm" c="dimmed" mb="md">
				{t(`tr.kind.${kind.id}Text`)}
			</Text>
			<div role="alert">
				{errors['form'] && (
					<Alert color="red" mb="md">
						{errors['form']}
					</Alert>
				)}
			</div>
			<div style={{ display: 'grid', gap: 16, maxWidth: 520 }}>
				{kind.fields.map((f) => {
					const own = `tr.f.${kind.id}.${f}` as Key;
					const common = {
						name: `trunk-${f}`,
						label: t(`tr.f.${f}`) + (kind.optional?.includes(f) ? ` (${t('optional')})` : ''),
						description: t(
							kind.id === 'system' && (f === 'user' || f === 'password' || f === 'name') ? own : `tr.f.${f}Help`,
						),
						error: errors[f],
						value: value(f),
						spellCheck: false,
					};
					return secretFields.has(f) ? (
						<PasswordInput
							key={f}
							{...common}
							autoComplete="new-password"
							visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
							onChange={(e) => setValues({ ...values, [f]: e.currentTarget.value })}
						/>
					) : (
						<TextInput
							key={f}
							{...common}
							autoComplete="off"
							onChange={(e) => setValues({ ...values, [f]: e.currentTarget.value })}
						/>
					);
				})}
				<div>
					<Button type="submit" loading={busy}>
						{t('tr.makeAndTest')}
					</Button>
				</div>
			</div>
		</form>
	);
}
