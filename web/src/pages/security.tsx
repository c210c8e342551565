// Security: who is kept out and why, who guesses passwords, what is never banned, how strict the guard is.
import '@/system.css';
import { Button, Modal, NativeSelect, Paper, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Link } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import { useMay } from '@/api/session';
import type { Page } from '@/api/types';
import { useI18n, type Key } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Confirm, Failed, Loading, Nothing, PageHead, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

interface Failures {
	failures: number;
	wait_s: number;
}
interface SecurityState {
	watched: number;
	bans: number;
	dropped: { banned: number; busy: number; scans: number };
	sign_in: {
		names: (Failures & { name: string })[];
		addresses: (Failures & { address: string })[];
		unknown_names: number;
	};
}
interface Ban {
	address: string;
	port: number;
	user: string;
	reason: string;
	since_ms: number;
	left_s: number;
	dropped: number;
	times: number;
	by_hand: boolean;
}

/** Nothing tells the page of bans: it asks, as long as somebody looks. */
const every = 5000;

function useSecurity() {
	return useQuery({
		queryKey: ['security'],
		queryFn: () => api.get<SecurityState>('security'),
		refetchInterval: every,
	});
}

export default function Security() {
	const { t, number } = useI18n();
	const may = useMay();
	const q = useSecurity();
	const [adding, setAdding] = useState(false);
	return (
		<>
			<PageHead title={t('nav.security')} text={t('sec.text')}>
				{may('administrator') && (
					<Button leftSection={<Icon name="plus" size={17} />} onClick={() => setAdding(true)}>
						{t('sec.ban')}
					</Button>
				)}
			</PageHead>
			{q.data && (
				<div className="figures" style={{ marginBottom: 18 }}>
					<Figure value={number(q.data.bans)} label={t('sec.banned')} />
					<Figure value={number(q.data.dropped.banned)} label={t('sec.droppedBanned')} />
					<Figure value={number(q.data.dropped.scans)} label={t('sec.droppedScans')} />
					<Figure value={number(q.data.dropped.busy)} label={t('sec.droppedBusy')} />
				</div>
			)}
			<div className="columns">
				<div style={{ display: 'grid', gap: 16 }}>
					<Bans />
					<SignIns q={q} />
				</div>
				<div style={{ display: 'grid', gap: 16 }}>
					<Leads path="/allowed_networks" icon="check" title={t('nav.allowed')} text={t('sec.allowedText')} />
					<Leads path="/security_limits" icon="sliders" title={t('nav.limits')} text={t('sec.limitsText')} />
					<Leads path="/brakes" icon="shield" title={t('nav.brakes')} text={t('sec.brakesText')} />
					<Paper component="section" aria-label={t('sec.how')} style={{ padding: '16px 20px' }}>
						<h2 style={{ margin: 0, fontSize: '1rem' }}>{t('sec.how')}</h2>
						<p style={{ margin: '6px 0 0', fontSize: 14, color: 'var(--mantine-color-dimmed)' }}>{t('sec.howText')}</p>
					</Paper>
				</div>
			</div>
			{adding && <NewBan onClose={() => setAdding(false)} />}
		</>
	);
}

function Figure({ value, label }: { value: string; label: string }) {
	return (
		<Paper>
			<div className="figure">
				<b>{value}</b>
				<span>{label}</span>
			</div>
		</Paper>
	);
}

function Leads(p: { path: string; icon: 'check' | 'sliders' | 'shield'; title: string; text: string }) {
	return (
		<Paper>
			<Link href={p.path} className="leads">
				<Icon name={p.icon} />
				<span>
					<b>{p.title}</b>
					<small>{p.text}</small>
				</span>
				<Icon name="right" size={16} />
			</Link>
		</Paper>
	);
}

function Section({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
	return (
		<Paper component="section" aria-label={title} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{title}</h2>
				{text && <p>{text}</p>}
			</div>
			{children}
		</Paper>
	);
}

/** "wrong password, 12 times" of the server in the language of the page; what people wrote stays as it is. */
function useReason() {
	const { t } = useI18n();
	const known: Record<string, Key> = {
		'wrong password or unknown user': 'sec.why.password',
		'wrong password': 'sec.why.password',
		'unknown user': 'sec.why.user',
		'by hand': 'sec.why.hand',
		'wrong code': 'sec.why.code',
		'wrong token': 'sec.why.token',
	};
	return (b: Ban) => {
		const m = /^(.*?)(?:, (\d+) times)?$/.exec(b.reason);
		const key = known[m?.[1] ?? ''];
		const text = key ? t(key) : (m?.[1] ?? b.reason);
		return m?.[2] ? t('sec.times', { what: text, n: m[2] }) : text;
	};
}

function Bans() {
	const { t, when, date, duration, number } = useI18n();
	const may = useMay();
	const reason = useReason();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const [asking, setAsking] = useState<Ban | null>(null);
	const [busy, setBusy] = useState(false);
	const q = useQuery({
		queryKey: ['bans'],
		queryFn: () => api.get<Page<Ban>>('security/bans'),
		refetchInterval: every,
	});
	const lift = async (b: Ban) => {
		setBusy(true);
		try {
			await api.delete(`security/bans/${part(b.address)}`);
			toast(t('sec.lifted', { address: b.address }));
			void client.invalidateQueries({ queryKey: ['bans'] });
			void client.invalidateQueries({ queryKey: ['security'] });
		} catch (e) {
			toast(say(e));
		} finally {
			setBusy(false);
			setAsking(null);
		}
	};
	return (
		<Section title={t('sec.bans')} text={t('sec.bansText')}>
			{q.isPending ? (
				<Loading height={120} />
			) : q.isError && !q.data ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !q.data.items.length ? (
				<Nothing icon="shield" title={t('sec.none')} text={t('sec.noneText')} />
			) : (
				<ul className="cards">
					{q.data.items.map((b) => (
						<li key={`${b.address}:${b.port}:${b.user}`} className="rec-head">
							<span className="grow">
								<b className="mono">
									{b.address}
									{b.port ? `:${b.port}` : ''}
								</b>
								{b.user && <small>{t('sec.asUser', { user: b.user })}</small>}
								<small style={{ whiteSpace: 'normal' }}>{reason(b)}</small>
								<small style={{ whiteSpace: 'normal' }}>
									<time dateTime={new Date(b.since_ms).toISOString()} title={date(b.since_ms)}>
										{when(b.since_ms)}
									</time>
									{' · '}
									{t('sec.left', { time: duration(b.left_s) })}
									{b.dropped > 0 ? ` · ${t('sec.dropped', { n: number(b.dropped) })}` : ''}
									{b.times > 1 ? ` · ${t('sec.again', { n: number(b.times) })}` : ''}
								</small>
							</span>
							{may('administrator') && (
								<Button
									variant="default"
									size="compact-sm"
									aria-label={`${t('sec.lift')}: ${b.address}`}
									onClick={() => setAsking(b)}
								>
									{t('sec.lift')}
								</Button>
							)}
						</li>
					))}
				</ul>
			)}
			<Confirm
				opened={asking !== null}
				busy={busy}
				title={t('sec.liftTitle', { address: asking?.address ?? '' })}
				action={t('sec.lift')}
				onConfirm={() => asking && void lift(asking)}
				onClose={() => setAsking(null)}
			>
				{asking && <p style={{ margin: '0 0 6px', fontWeight: 550 }}>{reason(asking)}</p>}
				{t('sec.liftText')}
			</Confirm>
		</Section>
	);
}

function SignIns({ q }: { q: ReturnType<typeof useSecurity> }) {
	const { t, n, duration } = useI18n();
	const s = q.data?.sign_in;
	const rows = s
		? [
				...s.names.map((x) => ({ ...x, who: x.name, kind: t('sec.user') })),
				...s.addresses.map((x) => ({ ...x, who: x.address, kind: t('sec.fromAddress') })),
			].sort((a, b) => b.wait_s - a.wait_s || b.failures - a.failures)
		: [];
	return (
		<Section title={t('sec.signin')} text={t('sec.signinText')}>
			{q.isPending ? (
				<Loading height={80} />
			) : !s ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !rows.length && !s.unknown_names ? (
				<div className="nothing" style={{ padding: '22px 20px' }}>
					<State tone="good">{t('sec.signinNone')}</State>
				</div>
			) : (
				<ul className="cards">
					{rows.map((r) => (
						<li key={`${r.kind} ${r.who}`} className="rec-head">
							<span className="grow">
								<b className="mono">{r.who}</b>
								<small>
									{r.kind} · {n('sec.failures', r.failures)}
								</small>
							</span>
							{r.wait_s > 0 ? (
								<State tone="warn">{t('sec.waits', { time: duration(r.wait_s) })}</State>
							) : (
								<State tone="off">{t('sec.waitsNot')}</State>
							)}
						</li>
					))}
					{s.unknown_names > 0 && (
						<li className="rec-head">
							<span className="grow">
								<small style={{ whiteSpace: 'normal' }}>{n('sec.unknown', s.unknown_names)}</small>
							</span>
						</li>
					)}
				</ul>
			)}
		</Section>
	);
}

const lengths: [string, Key][] = [
	['0', 'sec.asOthers'],
	['3600', 'sec.hour'],
	['86400', 'sec.day'],
	['604800', 'sec.week'],
	['2592000', 'sec.month'],
	['31536000', 'sec.year'],
];

function NewBan({ onClose }: { onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const [address, setAddress] = useState('');
	const [seconds, setSeconds] = useState('0');
	const [reason, setReason] = useState('');
	const [error, setError] = useState<{ field: string; text: string } | null>(null);
	const [busy, setBusy] = useState(false);
	const submit = async (e: FormEvent) => {
		e.preventDefault();
		if (!address.trim()) return setError({ field: 'address', text: t('field.required') });
		setError(null);
		setBusy(true);
		try {
			await api.post('security/bans', {
				address: address.trim(),
				...(seconds !== '0' ? { seconds: Number(seconds) } : {}),
				...(reason.trim() ? { reason: reason.trim() } : {}),
			});
			toast(t('sec.wasBanned', { address: address.trim() }));
			void client.invalidateQueries({ queryKey: ['bans'] });
			void client.invalidateQueries({ queryKey: ['security'] });
			onClose();
		} catch (err) {
			setError({ field: err instanceof ApiError ? (err.fields[0]?.field ?? '') : '', text: say(err) });
		} finally {
			setBusy(false);
		}
	};
	const at = (f: string) => (error?.field === f ? error.text : undefined);
	return (
		<Modal opened onClose={onClose} title={t('sec.ban')} closeButtonProps={{ 'aria-label': t('close') }}>
			<form onSubmit={(e) => void submit(e)} noValidate style={{ display: 'grid', gap: 14 }}>
				<TextInput
					label={t('sec.address')}
					description={t('sec.addressHelp')}
					value={address}
					onChange={(e) => setAddress(e.currentTarget.value)}
					error={at('address')}
					data-autofocus
					spellCheck={false}
					autoComplete="off"
				/>
				<NativeSelect
					label={t('sec.howLong')}
					data={lengths.map(([value, k]) => ({ value, label: t(k) }))}
					value={seconds}
					onChange={(e) => setSeconds(e.currentTarget.value)}
					error={at('seconds')}
				/>
				<TextInput
					label={t('sec.reason')}
					description={t('sec.reasonHelp')}
					maxLength={90}
					value={reason}
					onChange={(e) => setReason(e.currentTarget.value)}
					error={at('reason')}
				/>
				<div role="alert">
					{error && !['address', 'seconds', 'reason'].includes(error.field) && (
						<p style={{ margin: 0, color: 'var(--bad)', fontSize: 14 }}>{error.text}</p>
					)}
				</div>
				<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end' }}>
					<Button variant="default" onClick={onClose}>
						{t('cancel')}
					</Button>
					<Button type="submit" loading={busy}>
						{t('sec.banDo')}
					</Button>
				</div>
			</form>
		</Modal>
	);
}
