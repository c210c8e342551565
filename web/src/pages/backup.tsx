// Backup and restore: all as one file; and back, with what would change shown first.
import '@/system.css';
import {
	Alert,
	Button,
	Checkbox,
	FileButton,
	Modal,
	Paper,
	PasswordInput,
	SegmentedControl,
	Text,
	TextInput,
} from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { api, ApiError } from '@/api/client';
import { useSchema } from '@/api/hooks';
import type { Value } from '@/api/types';
import { useMay } from '@/api/session';
import { useI18n } from '@/i18n';
import { NotFound } from '@/resource/page';
import { isHidden, resourceName, useSchemaText, useValueText } from '@/resource/text';
import { Icon } from '@/ui/icons';
import { PageHead, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

interface Kept {
	file: string;
	path: string;
	bytes: number;
}
interface Planned {
	op: 'create' | 'update' | 'delete';
	resource: string;
	key: string;
	name?: string;
	fields?: Record<string, [Value, Value]>;
}
interface Restore {
	id: string;
	at: number;
	version: string;
	passphrase: boolean;
	recordings: boolean;
	counts?: Record<string, number>;
	created: number;
	updated: number;
	removed: number;
	unchanged: number;
	changes: Planned[];
	change_id?: number;
	added?: Record<string, number>;
	certificate?: string;
}

export default function Backup() {
	const { t } = useI18n();
	const may = useMay();
	if (!may('administrator')) return <NotFound />;
	return (
		<>
			<PageHead title={t('nav.backup')} text={t('bak.text')} />
			<div style={{ display: 'grid', gap: 16, maxWidth: 860 }}>
				<Make />
				<Bring />
			</div>
		</>
	);
}

function Section({ title, text, children }: { title: string; text: string; children: ReactNode }) {
	return (
		<Paper component="section" aria-label={title} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{title}</h2>
				<p>{text}</p>
			</div>
			{children}
		</Paper>
	);
}

/** "offhook-20260131-120000.tar.gz": a name in the time of whoever keeps it. */
function fileName(now = new Date()): string {
	const two = (n: number) => String(n).padStart(2, '0');
	const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
	return `offhook-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.tar.gz`;
}

function saveFile(blob: Blob, name: string) {
	const url = URL.createObjectURL(blob);
	const a = document.createElement('a');
	a.href = url;
	a.download = name;
	document.body.append(a);
	a.click();
	a.remove();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function Make() {
	const { t, bytes } = useI18n();
	const say = useErrorText();
	const toast = useToast();
	const [recordings, setRecordings] = useState(false);
	const [passphrase, setPassphrase] = useState('');
	const [where, setWhere] = useState('here');
	const [error, setError] = useState<{ field: string; text: string } | null>(null);
	const [busy, setBusy] = useState(false);
	const [kept, setKept] = useState<Kept | null>(null);
	const submit = async (e: FormEvent) => {
		e.preventDefault();
		if (passphrase && [...passphrase].length < 8)
			return setError({ field: 'passphrase', text: t('field.short', { min: 8 }) });
		setError(null);
		setKept(null);
		setBusy(true);
		const body = { recordings, ...(passphrase ? { passphrase } : {}) };
		try {
			if (where === 'server') setKept(await api.post<Kept>('backup', { ...body, keep: true }));
			else {
				saveFile(await api.blob('backup', { method: 'POST', body }), fileName());
				toast(t('bak.made'));
			}
		} catch (err) {
			setError({ field: err instanceof ApiError ? (err.fields[0]?.field ?? '') : '', text: say(err) });
		} finally {
			setBusy(false);
		}
	};
	return (
		<Section title={t('bak.make')} text={t('bak.makeText')}>
			<form onSubmit={(e) => void submit(e)} noValidate style={{ padding: '16px 20px 18px', display: 'grid', gap: 16 }}>
				<Checkbox
					label={t('bak.recordings')}
					description={t('bak.recordingsHelp')}
					checked={recordings}
					onChange={(e) => setRecordings(e.currentTarget.checked)}
				/>
				<PasswordInput
					label={t('bak.passphrase')}
					description={t('bak.passphraseHelp')}
					autoComplete="new-password"
					maxLength={256}
					maw={420}
					value={passphrase}
					onChange={(e) => setPassphrase(e.currentTarget.value)}
					error={error?.field === 'passphrase' ? error.text : undefined}
					visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
				/>
				<div>
					<SegmentedControl
						aria-label={t('bak.where')}
						data={[
							{ value: 'here', label: t('bak.download') },
							{ value: 'server', label: t('bak.keep') },
						]}
						value={where}
						onChange={setWhere}
					/>
					<Text size="xs" c="dimmed" mt={6}>
						{t(where === 'here' ? 'bak.downloadHelp' : 'bak.keepHelp')}
					</Text>
				</div>
				<div role="alert">
					{error && error.field !== 'passphrase' && (
						<Text size="sm" c="var(--bad)">
							{error.text}
						</Text>
					)}
				</div>
				<div role="status">
					{kept && (
						<Alert color="sea">
							{t('bak.kept', { size: bytes(kept.bytes) })}
							<code className="mono" style={{ display: 'block', overflowWrap: 'anywhere', marginTop: 4 }}>
								{kept.path}
							</code>
						</Alert>
					)}
				</div>
				<div>
					<Button type="submit" loading={busy} leftSection={<Icon name="download" size={17} />}>
						{t('bak.make')}
					</Button>
				</div>
			</form>
		</Section>
	);
}

function Bring() {
	const { t } = useI18n();
	const say = useErrorText();
	const [from, setFrom] = useState('upload');
	const [file, setFile] = useState<File | null>(null);
	const [name, setName] = useState('');
	const [passphrase, setPassphrase] = useState('');
	/** Id of a backup that was sent and waits for its passphrase. */
	const [locked, setLocked] = useState('');
	const [error, setError] = useState<{ field: string; text: string } | null>(null);
	const [busy, setBusy] = useState(false);
	const [plan, setPlan] = useState<Restore | null>(null);
	const look = async (e: FormEvent) => {
		e.preventDefault();
		if (from === 'upload' && !file) return setError({ field: 'file', text: t('bak.chooseFirst') });
		if (from === 'server' && !name.trim()) return setError({ field: 'file', text: t('field.required') });
		setError(null);
		setBusy(true);
		try {
			const query = { dry_run: 1 };
			const secret = passphrase ? { passphrase } : {};
			let plan: Restore;
			if (locked) plan = await api.post<Restore>('restore', { id: locked, ...secret }, { query });
			else if (from === 'server')
				plan = await api.post<Restore>('restore', { file: name.trim(), ...secret }, { query });
			else plan = await api.post<Restore>('restore', file, { query, ctype: 'application/gzip' });
			setPlan(plan);
		} catch (err) {
			const x = err instanceof ApiError ? err : null;
			if (x && (x.code === 'passphrase_needed' || x.code === 'wrong_passphrase')) {
				setLocked(String(x.body['id'] ?? ''));
				setError({ field: 'passphrase', text: t(x.code === 'wrong_passphrase' ? 'bak.wrong' : 'bak.needed') });
			} else if (x?.status === 413) setError({ field: 'file', text: t('bak.tooLarge') });
			else setError({ field: x?.fields[0]?.field ?? '', text: say(err) });
		} finally {
			setBusy(false);
		}
	};
	const again = () => {
		setLocked('');
		setPassphrase('');
		setError(null);
	};
	return (
		<Section title={t('bak.restore')} text={t('bak.restoreText')}>
			<form onSubmit={(e) => void look(e)} noValidate style={{ padding: '16px 20px 18px', display: 'grid', gap: 14 }}>
				<div>
					<SegmentedControl
						aria-label={t('bak.restore')}
						data={[
							{ value: 'upload', label: t('bak.upload') },
							{ value: 'server', label: t('bak.fromServer') },
						]}
						value={from}
						onChange={(v) => {
							setFrom(v);
							again();
						}}
					/>
				</div>
				{from === 'upload' ? (
					<div style={{ display: 'flex', flexWrap: 'wrap', gap: 10, alignItems: 'center' }}>
						<FileButton
							accept=".gz,.tgz,application/gzip"
							onChange={(f) => {
								setFile(f);
								again();
							}}
						>
							{(props) => (
								<Button {...props} variant="default" leftSection={<Icon name="upload" size={17} />}>
									{t('csv.choose')}
								</Button>
							)}
						</FileButton>
						<span style={{ overflowWrap: 'anywhere' }}>{file?.name ?? ''}</span>
					</div>
				) : (
					<TextInput
						label={t('bak.name')}
						description={t('bak.nameHelp')}
						placeholder="offhook-20260131-120000.tar.gz"
						maw={420}
						value={name}
						onChange={(e) => {
							setName(e.currentTarget.value);
							again();
						}}
						error={error?.field === 'file' ? error.text : undefined}
					/>
				)}
				{(locked || from === 'server') && (
					<PasswordInput
						label={t('bak.passphraseOf')}
						autoComplete="off"
						maw={420}
						value={passphrase}
						onChange={(e) => setPassphrase(e.currentTarget.value)}
						error={error?.field === 'passphrase' ? error.text : undefined}
						visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
						autoFocus={locked !== ''}
					/>
				)}
				<div role="alert">
					{error && error.field !== 'passphrase' && !(error.field === 'file' && from === 'server') && (
						<Text size="sm" c="var(--bad)">
							{error.text}
						</Text>
					)}
				</div>
				<div>
					<Button type="submit" variant="default" loading={busy}>
						{t('csv.preview')}
					</Button>
				</div>
			</form>
			{plan && (
				<Confirm
					plan={plan}
					onClose={(done) => {
						setPlan(null);
						if (done) {
							setFile(null);
							setName('');
							again();
						}
					}}
				/>
			)}
		</Section>
	);
}

/** What a restore would change; nothing is done before it is said so here. */
function Confirm({ plan, onClose }: { plan: Restore; onClose: (done: boolean) => void }) {
	const { t, date, number } = useI18n();
	const say = useErrorText();
	const toast = useToast();
	const client = useQueryClient();
	const [certificate, setCertificate] = useState(false);
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const [done, setDone] = useState<Restore | null>(null);
	const counts: [string, number][] = [
		[t('csv.created'), plan.created],
		[t('csv.updated'), plan.updated],
		[t('csv.removed'), plan.removed],
		[t('csv.unchanged'), plan.unchanged],
	];
	const run = async () => {
		setBusy(true);
		setError('');
		try {
			const r = await api.post<Restore>('restore', {
				id: plan.id,
				confirm: true,
				...(certificate ? { certificate } : {}),
			});
			setDone(r);
			toast(t('bak.done'));
			void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'session' && q.queryKey[0] !== 'schema' });
		} catch (e) {
			setError(say(e));
		} finally {
			setBusy(false);
		}
	};
	return (
		<Modal
			opened
			size="lg"
			onClose={() => onClose(done !== null)}
			title={t('bak.plan')}
			closeButtonProps={{ 'aria-label': t('close') }}
		>
			<Text size="sm" c="dimmed">
				{t('bak.madeAt', { when: date(plan.at), version: plan.version })}
				{plan.recordings ? ` ${t('bak.hasRecordings')}` : ''}
			</Text>
			<div style={{ display: 'flex', flexWrap: 'wrap', gap: '4px 22px', margin: '14px 0' }}>
				{counts.map(([label, n]) => (
					<span key={label}>
						<b className="num">{number(n)}</b> <span style={{ color: 'var(--mantine-color-dimmed)' }}>{label}</span>
					</span>
				))}
			</div>
			{plan.changes.length ? <Changes list={plan.changes} /> : <Alert color="gray">{t('bak.same')}</Alert>}
			<Text size="sm" mt="md">
				{t('bak.rest')}
			</Text>
			{done ? (
				<div role="status" style={{ marginTop: 16 }}>
					<Alert color="sea" title={t('bak.done')}>
						{t('bak.added', {
							cdr: number(done.added?.['cdr'] ?? 0),
							recordings: number(done.added?.['recordings'] ?? 0),
						})}
						{done.certificate ? (
							<p style={{ margin: '6px 0 0' }}>
								{t('nav.certificate')}: {done.certificate}
							</p>
						) : null}
					</Alert>
				</div>
			) : (
				<Checkbox
					mt="md"
					label={t('bak.certificate')}
					description={t('bak.certificateHelp')}
					checked={certificate}
					onChange={(e) => setCertificate(e.currentTarget.checked)}
				/>
			)}
			<div role="alert">
				{error && (
					<Text size="sm" c="var(--bad)" mt="sm">
						{error}
					</Text>
				)}
			</div>
			<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 20 }}>
				<Button variant="default" onClick={() => onClose(done !== null)} data-autofocus>
					{t(done ? 'close' : 'cancel')}
				</Button>
				{!done && (
					<Button color="red.9" loading={busy} onClick={() => void run()}>
						{t('bak.restoreDo')}
					</Button>
				)}
			</div>
		</Modal>
	);
}

const SHOWN = 200;

function Changes({ list }: { list: Planned[] }) {
	const { t, n } = useI18n();
	const schema = useSchema().data;
	const text = useSchemaText();
	const value = useValueText();
	const op = { create: 'hist.create', update: 'hist.update', delete: 'hist.delete' } as const;
	const order = { delete: 0, update: 1, create: 2 };
	const sorted = [...list].sort((a, b) => order[a.op] - order[b.op]).slice(0, SHOWN);
	return (
		<div className="plan" tabIndex={0} role="region" aria-label={t('bak.plan')}>
			{sorted.map((c) => {
				const r = schema?.resources.find((x) => x.name === c.resource);
				const show = (name: string, v: Value) => {
					const f = r?.fields.find((x) => x.name === name);
					if (v === null || v === '') return t('hist.empty');
					if (!r || !f) return String(v);
					return isHidden(f) ? t('hist.secret') : value(r, f, v) || t('hist.empty');
				};
				return (
					<div key={`${c.resource}/${c.key}`} className="plan-row" data-op={c.op}>
						<Text size="sm" fw={550}>
							{r ? resourceName(text, r, 1) : c.resource} {r?.only ? '' : c.key}
							{c.name ? ` · ${c.name}` : ''} <span className="plan-op">{t(op[c.op])}</span>
						</Text>
						{c.op === 'update' && c.fields && (
							<dl className="diff">
								{Object.entries(c.fields).map(([name, d]) => {
									const f = r?.fields.find((x) => x.name === name);
									const hidden = !Array.isArray(d) || (f && isHidden(f));
									return (
										<div key={name} style={{ display: 'contents' }}>
											<dt>{r && f ? text.label(r, f) : name}</dt>
											<dd>
												{hidden ? (
													t('hist.secret')
												) : (
													<>
														<del>{show(name, d[0])}</del> → <ins>{show(name, d[1])}</ins>
													</>
												)}
											</dd>
										</div>
									);
								})}
							</dl>
						)}
					</div>
				);
			})}
			{list.length > SHOWN && (
				<Text size="sm" c="dimmed" p={12}>
					{n('bak.moreChanges', list.length - SHOWN)}
				</Text>
			)}
		</div>
	);
}
