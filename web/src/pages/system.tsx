// System: what runs here, where it listens, how much it logs, and for administrators a look inside.
import '@/system.css';
import { Button, NativeSelect, Paper } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, part } from '@/api/client';
import { useStatus } from '@/api/hooks';
import { useMay } from '@/api/session';
import type { Page, Status } from '@/api/types';
import { useI18n } from '@/i18n';
import { useNow } from '@/ui/now';
import { CopyButton, Failed, Loading, PageHead, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

type More = Status & { pid?: number; rtp_ports?: string; external_ip?: string };

export default function System() {
	const { t } = useI18n();
	const may = useMay();
	const q = useStatus();
	return (
		<>
			<PageHead title={t('nav.status')} text={t('sys.text')} />
			{q.isPending ? (
				<Loading />
			) : !q.data ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : (
				<div style={{ display: 'grid', gap: 16 }}>
					<div className="columns">
						<Facts s={q.data as More} />
						<LogLevel />
					</div>
					{may('administrator') && <Inspect />}
				</div>
			)}
		</>
	);
}

function Facts({ s }: { s: More }) {
	const { t, date, duration } = useI18n();
	const now = useNow();
	return (
		<Paper component="section" aria-label={t('sys.what')}>
			<div className="section-head">
				<h2>{t('sys.what')}</h2>
			</div>
			<dl className="pairs" style={{ padding: '16px 20px' }}>
				<dt>{t('sys.version')}</dt>
				<dd>offhook {s.version}</dd>
				<dt>{t('home.uptime')}</dt>
				<dd title={date(s.started_ms)}>{duration((now - s.started_ms) / 1000)}</dd>
				<dt>{t('sys.started')}</dt>
				<dd>{date(s.started_ms)}</dd>
				{s.data && (
					<>
						<dt>{t('sys.data')}</dt>
						<dd>
							<code className="mono">{s.data}</code>
							<CopyButton text={s.data} label={t('ext.copy', { what: t('sys.data') })} />
						</dd>
					</>
				)}
				{s.listeners && (
					<>
						<dt>{t('sys.listeners')}</dt>
						<dd style={{ flexWrap: 'wrap' }}>
							{s.listeners.map((l) => (
								<code key={l} className="chip">
									{l}
								</code>
							))}
						</dd>
					</>
				)}
				{s.sip_address && (
					<>
						<dt>{t('sys.sip')}</dt>
						<dd>
							<code className="mono">{s.sip_address}</code>
						</dd>
					</>
				)}
				{s.external_ip && (
					<>
						<dt>{t('sys.external')}</dt>
						<dd>
							<code className="mono">{s.external_ip}</code>
						</dd>
					</>
				)}
				{s.rtp_ports && (
					<>
						<dt>{t('sys.rtp')}</dt>
						<dd className="num">{s.rtp_ports}</dd>
					</>
				)}
				{s.realm && (
					<>
						<dt>{t('sys.realm')}</dt>
						<dd>{s.realm}</dd>
					</>
				)}
				{s.pid && (
					<>
						<dt>{t('sys.pid')}</dt>
						<dd className="num">{s.pid}</dd>
					</>
				)}
			</dl>
		</Paper>
	);
}

const levels = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof levels)[number];

function LogLevel() {
	const { t } = useI18n();
	const may = useMay();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const q = useQuery({ queryKey: ['log-level'], queryFn: () => api.get<{ level: Level }>('log-level') });
	const set = async (level: Level) => {
		try {
			const { data } = await api.request<{ level: Level }>('PUT', 'log-level', { body: { level } });
			client.setQueryData(['log-level'], data);
			toast(t('sys.logSet', { level: t(`sys.log.${data.level}`) }));
		} catch (e) {
			toast(say(e));
		}
	};
	return (
		<Paper component="section" aria-label={t('sys.log')}>
			<div className="section-head">
				<h2>{t('sys.log')}</h2>
				<p>{t('sys.logText')}</p>
			</div>
			<div style={{ padding: '16px 20px' }}>
				{q.isPending ? (
					<Loading height={40} />
				) : q.isError ? (
					<Failed error={q.error} retry={() => void q.refetch()} />
				) : may('administrator') ? (
					<NativeSelect
						label={t('sys.logLevel')}
						description={t(`sys.logHelp.${q.data.level}`)}
						data={levels.map((l) => ({ value: l, label: t(`sys.log.${l}`) }))}
						value={q.data.level}
						onChange={(e) => void set(e.currentTarget.value as Level)}
					/>
				) : (
					<>
						<b>{t(`sys.log.${q.data.level}`)}</b>
						<p style={{ margin: '4px 0 0', fontSize: 14, color: 'var(--mantine-color-dimmed)' }}>
							{t(`sys.logHelp.${q.data.level}`)}
						</p>
					</>
				)}
			</div>
		</Paper>
	);
}

/** Dumps of the running system, as text: for those who look for a fault. */
function Inspect() {
	const { t } = useI18n();
	const [name, setName] = useState('');
	const names = useQuery({ queryKey: ['inspect'], queryFn: () => api.get<Page<string>>('inspect') });
	const dump = useQuery({
		queryKey: ['inspect', name],
		queryFn: () => api.get<{ name: string; text: string }>(`inspect/${part(name)}`),
		enabled: name !== '',
		staleTime: 0,
	});
	return (
		<Paper component="section" aria-label={t('sys.inspect')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('sys.inspect')}</h2>
				<p>{t('sys.inspectText')}</p>
			</div>
			{names.isPending ? (
				<Loading height={80} />
			) : names.isError ? (
				<Failed error={names.error} retry={() => void names.refetch()} />
			) : (
				<>
					<div className="filters">
						<NativeSelect
							label={t('sys.part')}
							data={[{ value: '', label: t('sys.choose') }, ...names.data.items.map((x) => ({ value: x, label: x }))]}
							value={name}
							onChange={(e) => setName(e.currentTarget.value)}
							w={240}
						/>
						{name && (
							<Button variant="default" loading={dump.isFetching} onClick={() => void dump.refetch()}>
								{t('sys.again')}
							</Button>
						)}
						{dump.data && name && <CopyButton text={dump.data.text} label={t('ext.copy', { what: name })} />}
					</div>
					{name &&
						(dump.isPending ? (
							<Loading height={80} />
						) : dump.isError ? (
							<Failed error={dump.error} retry={() => void dump.refetch()} />
						) : (
							<pre className="dump" tabIndex={0} role="region" aria-label={name}>
								{dump.data.text}
							</pre>
						))}
				</>
			)}
		</Paper>
	);
}
