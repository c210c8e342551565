// One's own page: name and language, password, second factor, where one is signed in, phones and calls.
import { Badge, Button, Paper, PasswordInput, Select, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { renderSVG } from 'uqr';
import { api, ApiError, part } from '@/api/client';
import { useUser } from '@/api/session';
import type { Cdr, MySession, Page, Registration, Session, User } from '@/api/types';
import { languages, useI18n, type Key } from '@/i18n';
import { RecordingList } from '@/recordings/list';
import { CopyButton, Failed, Loading, Nothing, PageHead, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

export default function Me() {
	const { t } = useI18n();
	const user = useUser();
	return (
		<>
			<PageHead title={user.display_name || user.name} text={`${t('nav.me')} · ${t(`role.${user.role}`)}`} />
			<div className="columns">
				<div style={{ display: 'grid', gap: 16 }}>
					{user.extension ? (
						<>
							<Devices />
							<Calls own={user.extension} />
							{user.may_listen && <MyRecordings />}
						</>
					) : (
						<Paper>
							<Nothing icon="phone" title={t('me.devices')} text={t('me.noExtension')} />
						</Paper>
					)}
				</div>
				<div style={{ display: 'grid', gap: 16 }}>
					<Profile user={user} />
					<Password />
					<Totp on={user.totp ?? false} />
					<Sessions />
				</div>
			</div>
		</>
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

/** Bring what is known of oneself up to date. */
function useSetUser() {
	const client = useQueryClient();
	return (u: Partial<User>) =>
		client.setQueryData<Session | null>(['session'], (s) => (s ? { ...s, user: { ...s.user, ...u } } : s));
}

function Profile({ user }: { user: User }) {
	const { t, setLang } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const setUser = useSetUser();
	const [name, setName] = useState(user.display_name ?? '');
	const [language, setLanguage] = useState(user.language ?? 'auto');
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const submit = async (e: FormEvent) => {
		e.preventDefault();
		setBusy(true);
		setError('');
		try {
			const u = await api.patch<User>('me', { display_name: name.trim(), language });
			setUser(u);
			if (language !== 'auto') setLang(language);
			toast(t('saved'));
		} catch (err) {
			setError(say(err));
		} finally {
			setBusy(false);
		}
	};
	return (
		<Section title={t('me.profile')}>
			<form onSubmit={(e) => void submit(e)} style={{ padding: '14px 20px 18px', display: 'grid', gap: 14 }}>
				<TextInput
					label={t('me.name')}
					autoComplete="name"
					maxLength={80}
					value={name}
					onChange={(e) => setName(e.currentTarget.value)}
					error={error}
				/>
				<Select
					label={t('head.language')}
					data={[
						{ value: 'auto', label: t('me.langAuto') },
						{ value: 'en', label: languages.en },
						{ value: 'zh', label: languages.zh },
					]}
					value={language}
					onChange={(v) => v && setLanguage(v as 'auto')}
					allowDeselect={false}
				/>
				<div>
					<Button type="submit" variant="default" loading={busy}>
						{t('save')}
					</Button>
				</div>
			</form>
		</Section>
	);
}

function Password() {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const [old, setOld] = useState('');
	const [password, setPassword] = useState('');
	const [errors, setErrors] = useState<{ old?: string; password?: string }>({});
	const [busy, setBusy] = useState(false);
	const submit = async (e: FormEvent) => {
		e.preventDefault();
		if (!old) return setErrors({ old: t('field.required') });
		if ([...password].length < 10) return setErrors({ password: t('setup.short') });
		setErrors({});
		setBusy(true);
		try {
			await api.post('me/password', { old, password });
			setOld('');
			setPassword('');
			toast(t('me.passwordChanged'));
			void client.invalidateQueries({ queryKey: ['me', 'sessions'] });
		} catch (err) {
			if (err instanceof ApiError && err.code === 'wrong_credentials') setErrors({ old: t('me.wrongPassword') });
			else setErrors({ password: say(err) });
		} finally {
			setBusy(false);
		}
	};
	const toggle = { 'aria-label': t('field.reveal') };
	return (
		<Section title={t('me.password')}>
			<form onSubmit={(e) => void submit(e)} noValidate style={{ padding: '14px 20px 18px', display: 'grid', gap: 14 }}>
				<PasswordInput
					label={t('me.passwordNow')}
					autoComplete="current-password"
					value={old}
					onChange={(e) => setOld(e.currentTarget.value)}
					error={errors.old}
					visibilityToggleButtonProps={toggle}
				/>
				<PasswordInput
					label={t('me.passwordNew')}
					description={t('setup.passwordHelp')}
					autoComplete="new-password"
					value={password}
					onChange={(e) => setPassword(e.currentTarget.value)}
					error={errors.password}
					visibilityToggleButtonProps={toggle}
				/>
				<div>
					<Button type="submit" variant="default" loading={busy}>
						{t('me.passwordChange')}
					</Button>
				</div>
			</form>
		</Section>
	);
}

function Totp({ on }: { on: boolean }) {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const setUser = useSetUser();
	const [start, setStart] = useState<{ uri: string; secret: string } | null>(null);
	const [off, setOff] = useState(false);
	const [typed, setTyped] = useState('');
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const run = async (f: () => Promise<void>) => {
		setBusy(true);
		setError('');
		try {
			await f();
		} catch (e) {
			setError(
				e instanceof ApiError && e.code === 'wrong_credentials'
					? t(off ? 'me.wrongPassword' : 'signin.wrongCode')
					: say(e),
			);
		} finally {
			setBusy(false);
		}
	};
	const finish = (now: boolean) => {
		setUser({ totp: now });
		setStart(null);
		setOff(false);
		setTyped('');
		toast(t(now ? 'me.totpDone' : 'me.totpStopped'));
	};
	const confirm = (e: FormEvent) => {
		e.preventDefault();
		void run(async () => {
			await api.post('me/totp/confirm', { code: typed.replace(/\s/g, '') });
			finish(true);
		});
	};
	const stop = (e: FormEvent) => {
		e.preventDefault();
		void run(async () => {
			await api.post('me/totp/off', { password: typed });
			finish(false);
		});
	};
	return (
		<Section title={t('me.totp')} text={t('me.totpText')}>
			<div style={{ padding: '14px 20px 18px', display: 'grid', gap: 14 }}>
				{start ? (
					<form onSubmit={confirm} style={{ display: 'grid', gap: 12 }}>
						<Text size="sm">{t('me.totpScan')}</Text>
						<img
							className="qr"
							alt={t('me.totp')}
							src={`data:image/svg+xml,${encodeURIComponent(renderSVG(start.uri, { border: 1 }))}`}
						/>
						<Text size="sm" c="dimmed">
							{t('me.totpSecret')}
						</Text>
						<div style={{ display: 'flex', gap: 6, alignItems: 'center' }}>
							<code className="mono" style={{ overflowWrap: 'anywhere' }}>
								{start.secret}
							</code>
							<CopyButton text={start.secret} label={t('ext.copy', { what: t('me.totp') })} />
						</div>
						<TextInput
							label={t('signin.code')}
							inputMode="numeric"
							autoComplete="one-time-code"
							value={typed}
							onChange={(e) => setTyped(e.currentTarget.value)}
							error={error}
						/>
						<div style={{ display: 'flex', gap: 8 }}>
							<Button type="submit" loading={busy}>
								{t('me.totpConfirm')}
							</Button>
							<Button variant="default" onClick={() => (setStart(null), setError(''))}>
								{t('cancel')}
							</Button>
						</div>
					</form>
				) : off ? (
					<form onSubmit={stop} style={{ display: 'grid', gap: 12 }}>
						<PasswordInput
							label={t('me.totpPassword')}
							autoComplete="current-password"
							value={typed}
							onChange={(e) => setTyped(e.currentTarget.value)}
							error={error}
							visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
						/>
						<div style={{ display: 'flex', gap: 8 }}>
							<Button type="submit" loading={busy}>
								{t('me.totpStop')}
							</Button>
							<Button variant="default" onClick={() => (setOff(false), setError(''))}>
								{t('cancel')}
							</Button>
						</div>
					</form>
				) : (
					<div style={{ display: 'flex', gap: 12, alignItems: 'center', justifyContent: 'space-between' }}>
						<State tone={on ? 'good' : 'off'}>{t(on ? 'me.totpOn' : 'me.totpOff')}</State>
						{on ? (
							<Button variant="default" onClick={() => setOff(true)}>
								{t('me.totpStop')}
							</Button>
						) : (
							<Button
								variant="default"
								loading={busy}
								onClick={() => void run(async () => setStart(await api.post('me/totp')))}
							>
								{t('me.totpStart')}
							</Button>
						)}
					</div>
				)}
				{!start && !off && error && (
					<Text size="sm" c="var(--bad)" role="alert">
						{error}
					</Text>
				)}
			</div>
		</Section>
	);
}

/** "Chrome on Windows" of a User-Agent header: enough to know one's own devices. */
export function browserName(agent: string): string {
	const b = /Edg\//.exec(agent)
		? 'Edge'
		: /OPR\//.exec(agent)
			? 'Opera'
			: /Firefox\//.exec(agent)
				? 'Firefox'
				: /Chrome\//.exec(agent)
					? 'Chrome'
					: /Safari\//.exec(agent)
						? 'Safari'
						: '';
	const o = /iPhone|iPad/.exec(agent)
		? 'iOS'
		: /Android/.exec(agent)
			? 'Android'
			: /Windows/.exec(agent)
				? 'Windows'
				: /Mac OS/.exec(agent)
					? 'macOS'
					: /Linux/.exec(agent)
						? 'Linux'
						: '';
	return b ? (o ? `${b} · ${o}` : b) : agent.slice(0, 60);
}

function Sessions() {
	const { t, when } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const q = useQuery({ queryKey: ['me', 'sessions'], queryFn: () => api.get<Page<MySession>>('me/sessions') });
	const end = async (path: string, text: string) => {
		try {
			await api.delete(path);
			toast(text);
			void client.invalidateQueries({ queryKey: ['me', 'sessions'] });
		} catch (e) {
			toast(say(e));
		}
	};
	const list = q.data?.items ?? [];
	return (
		<Section title={t('me.sessions')}>
			{q.isPending ? (
				<Loading height={80} />
			) : q.isError ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : (
				<ul className="cards">
					{list.map((s) => (
						<li key={s.id} style={{ padding: '12px 20px', display: 'flex', gap: 10, alignItems: 'center' }}>
							<span style={{ flex: 1, minWidth: 0 }}>
								<b>
									{browserName(s.user_agent)} {s.current && <Badge ml={4}>{t('me.sessionThis')}</Badge>}
								</b>
								<small>
									{s.address} · {t('me.lastSeen', { when: when(s.seen_ms) })}
								</small>
							</span>
							{!s.current && (
								<Button
									variant="default"
									size="compact-sm"
									onClick={() => void end(`me/sessions/${part(s.id)}`, t('me.sessionEnded'))}
								>
									{t('me.sessionEnd')}
								</Button>
							)}
						</li>
					))}
				</ul>
			)}
			{list.length > 1 && (
				<div style={{ padding: '10px 20px 16px' }}>
					<Button variant="subtle" onClick={() => void end('me/sessions', t('me.othersEnded'))}>
						{t('me.endOthers')}
					</Button>
				</div>
			)}
		</Section>
	);
}

function Devices() {
	const { t, when } = useI18n();
	const q = useQuery({ queryKey: ['registrations', 'me'], queryFn: () => api.get<Page<Registration>>('me/devices') });
	return (
		<Section title={t('me.devices')}>
			{q.isPending ? (
				<Loading height={80} />
			) : q.isError ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !q.data.items.length ? (
				<Nothing icon="phone" title={t('ext.phonesNone')} />
			) : (
				<ul className="cards">
					{q.data.items.map((x) => (
						<li key={x.contact} style={{ padding: '12px 20px' }}>
							<State tone="good">
								<b>{x.user_agent || x.contact}</b>
							</State>
							<small>
								{x.source} · {t('ext.since', { when: when(x.since_ms) })}
							</small>
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}

function MyRecordings() {
	const { t } = useI18n();
	return (
		<Section title={t('me.recordings')}>
			<RecordingList
				path="me/recordings"
				limit={20}
				empty={<Nothing icon="wave" title={t('me.recordingsNone')} text={t('me.recordingsNoneText')} />}
			/>
		</Section>
	);
}

function Calls({ own }: { own: string }) {
	const { t, when, date, clock } = useI18n();
	const q = useInfiniteQuery({
		queryKey: ['cdr', 'me'],
		queryFn: ({ pageParam, signal }) =>
			api.get<Page<Cdr>>('me/calls', { query: { limit: 30, before: pageParam }, signal }),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
	});
	const known: Record<string, Key> = {
		answered: 'me.outcome.answered',
		no_answer: 'me.outcome.no_answer',
		busy: 'me.outcome.busy',
		cancelled: 'me.outcome.cancelled',
		failed: 'me.outcome.failed',
	};
	const list = q.data?.pages.flatMap((p) => p.items) ?? [];
	return (
		<Section title={t('me.calls')}>
			{q.isPending ? (
				<Loading height={120} />
			) : q.isError ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !list.length ? (
				<Nothing icon="call" title={t('me.callsNone')} />
			) : (
				<ul className="cards">
					{list.map((c) => {
						const out = c.from === own;
						const outcome = known[c.outcome.replace(/[ -]/g, '_')];
						return (
							<li key={c.id} style={{ padding: '11px 20px', display: 'flex', gap: 12, alignItems: 'center' }}>
								<span style={{ flex: 1, minWidth: 0 }}>
									<b>{out ? c.to : c.from_name ? `${c.from_name} (${c.from})` : c.from}</b>
									<small>
										{t(out ? 'me.outgoing' : 'me.incoming')} · {outcome ? t(outcome) : c.outcome}
										{c.talk_ms > 0 ? ` · ${clock(c.talk_ms / 1000)}` : ''}
									</small>
								</span>
								<time
									style={{ fontSize: 13, color: 'var(--quiet)' }}
									dateTime={new Date(c.start_ms).toISOString()}
									title={date(c.start_ms)}
								>
									{when(c.start_ms)}
								</time>
							</li>
						);
					})}
				</ul>
			)}
			{q.hasNextPage && (
				<div style={{ padding: 12, textAlign: 'center', borderTop: '1px solid var(--line)' }}>
					<Button variant="subtle" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>
						{t('hist.older')}
					</Button>
				</div>
			)}
		</Section>
	);
}
