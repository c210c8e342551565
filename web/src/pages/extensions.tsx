// Extensions: who has a phone connected, and what a phone must be told to connect.
import { Button, Modal, Paper, Text, Tooltip, ActionIcon } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { renderSVG } from 'uqr';
import { api, part } from '@/api/client';
import { useRegistrations, useStatus } from '@/api/hooks';
import { useEvents } from '@/api/live';
import { useMay } from '@/api/session';
import type { Row } from '@/api/types';
import { useI18n } from '@/i18n';
import ResourcePage from '@/resource/page';
import type { ExtraColumn } from '@/resource/list';
import { Icon } from '@/ui/icons';
import { CopyButton, Failed, Loading, State, useErrorText } from '@/ui/parts';

interface LiveState {
	phones?: number;
	calls?: number;
}
export const liveOf = (row: Row): LiveState => (row as unknown as { live?: LiveState }).live ?? {};

function Connected({ row }: { row: Row }) {
	const { t } = useI18n();
	if (row['enabled'] === false) return <State tone="off">{t('ext.disabled')}</State>;
	const n = liveOf(row).phones ?? 0;
	return n ? (
		<State tone="good">
			{t('ext.online')}
			{n > 1 ? ` (${n})` : ''}
		</State>
	) : (
		<State tone="off">{t('ext.offline')}</State>
	);
}

export default function Extensions({ rowKey }: { rowKey?: string | undefined }) {
	const { t } = useI18n();
	const client = useQueryClient();
	const extra = useMemo<ExtraColumn[]>(
		() => [{ id: 'status', header: t('ext.status'), small: true, cell: (row) => <Connected row={row} /> }],
		[t],
	);
	useEvents(
		'registration',
		useCallback(() => void client.invalidateQueries({ queryKey: ['rows', 'extensions', 'list'] }), [client]),
	);
	return (
		<ResourcePage
			plural="extensions"
			rowKey={rowKey}
			list={{
				extra,
				live: true,
				columns: ['number', 'name', 'call_limit', 'ring_seconds', 'record', 'outside_number'],
				empty: { title: t('ext.empty'), text: t('ext.emptyText') },
			}}
			aside={(row) => (
				<>
					<Phones number={String(row['number'])} />
					<Connect number={String(row['number'])} />
				</>
			)}
		/>
	);
}

function Phones({ number }: { number: string }) {
	const { t, when } = useI18n();
	const q = useRegistrations();
	const list = q.data?.items.filter((x) => x.extension === number) ?? [];
	return (
		<Paper component="section" aria-label={t('ext.phones')}>
			<div className="section-head">
				<h2>{t('ext.phones')}</h2>
			</div>
			{q.isPending ? (
				<Loading height={80} />
			) : q.isError ? (
				<Failed error={q.error} />
			) : !list.length ? (
				<div style={{ padding: '4px 0' }}>
					<div className="nothing" style={{ padding: '22px 20px' }}>
						<State tone="off">{t('ext.phonesNone')}</State>
						<p style={{ fontSize: 13.5 }}>{t('ext.phonesNoneText')}</p>
					</div>
				</div>
			) : (
				<ul className="cards">
					{list.map((x) => (
						<li key={x.contact} style={{ padding: '12px 20px' }}>
							<State tone="good">
								<b>{x.user_agent || x.contact}</b>
							</State>
							<small>
								{x.source} · {x.transport.toUpperCase()} · {t('ext.since', { when: when(x.since_ms) })}
							</small>
						</li>
					))}
				</ul>
			)}
		</Paper>
	);
}

/** What a phone must be told. The password only on request, since somebody may look over the shoulder. */
function Connect({ number }: { number: string }) {
	const { t } = useI18n();
	const may = useMay();
	const say = useErrorText();
	const status = useStatus();
	const [shown, setShown] = useState(false);
	const [qr, setQr] = useState(false);
	const secret = useMutation({
		mutationFn: async () =>
			String((await api.get<Row>(`extensions/${part(number)}`, { query: { secrets: 1 } }))['password'] ?? ''),
	});
	const server = serverAddress(status.data?.sip_address);
	const password = secret.data ?? '';
	const want = async (then: () => void) => {
		if (!secret.data) await secret.mutateAsync();
		then();
	};
	return (
		<Paper component="section" aria-label={t('ext.connect')}>
			<div className="section-head">
				<h2>{t('ext.connect')}</h2>
			</div>
			<dl className="pairs" style={{ padding: '14px 20px' }}>
				<dt>{t('ext.server')}</dt>
				<dd>
					<span className="mono">{server}</span>
					<CopyButton text={server} label={t('ext.copy', { what: t('ext.server') })} />
				</dd>
				<dt>{t('ext.user')}</dt>
				<dd>
					<span className="mono">{number}</span>
					<CopyButton text={number} label={t('ext.copy', { what: t('ext.user') })} />
				</dd>
				{may('administrator') && (
					<>
						<dt>{t('ext.password')}</dt>
						<dd>
							<span className="mono">{shown && password ? password : '••••••••••'}</span>
							<Tooltip label={shown ? t('ext.hidePassword') : `${t('ext.showPassword')}. ${t('ext.passwordNote')}`}>
								<ActionIcon
									variant="subtle"
									color="gray"
									loading={secret.isPending}
									aria-label={shown ? t('ext.hidePassword') : t('ext.showPassword')}
									onClick={() => (shown ? setShown(false) : void want(() => setShown(true)).catch(() => {}))}
								>
									<Icon name={shown ? 'eyeOff' : 'eye'} size={16} />
								</ActionIcon>
							</Tooltip>
							{shown && password && <CopyButton text={password} label={t('ext.copy', { what: t('ext.password') })} />}
						</dd>
					</>
				)}
			</dl>
			<div role="alert">
				{secret.isError && (
					<Text size="sm" c="var(--bad)" px={20} pb={12}>
						{say(secret.error)}
					</Text>
				)}
			</div>
			{may('administrator') && (
				<div style={{ padding: '0 20px 18px' }}>
					<Button
						variant="default"
						fullWidth
						leftSection={<Icon name="qr" size={18} />}
						onClick={() => void want(() => setQr(true)).catch(() => {})}
					>
						{t('ext.qr')}
					</Button>
				</div>
			)}
			<Modal
				opened={qr}
				onClose={() => setQr(false)}
				title={`${t('ext.qr')} · ${number}`}
				size="sm"
				closeButtonProps={{ 'aria-label': t('close') }}
			>
				{qr && <Qr text={`SIP server: ${server}\nUser: ${number}\nPassword: ${password}`} label={t('ext.qr')} />}
				<Text size="sm" c="dimmed" mt="md" ta="center">
					{t('ext.qrText')}
				</Text>
			</Modal>
		</Paper>
	);
}

/** Where phones must go: the server's own words, or the host by which this page was reached when it listens everywhere. */
export function serverAddress(sip: string | undefined): string {
	if (!sip) return '';
	const m = /^(.*):(\d+)$/.exec(sip);
	const host = m?.[1] ?? sip;
	const port = m?.[2] ?? '5060';
	const any = /^(0\.0\.0\.0|\[?::\]?)$/.test(host);
	const shown = any ? window.location.hostname : host;
	return port === '5060' ? shown : `${shown}:${port}`;
}

function Qr({ text, label }: { text: string; label: string }) {
	const url = useMemo(() => `data:image/svg+xml,${encodeURIComponent(renderSVG(text, { border: 1 }))}`, [text]);
	return <img className="qr" src={url} alt={label} />;
}
