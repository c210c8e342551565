// Addresses and ports: whoever changes them must say within a minute that they still reach the system, or it returns to
// what it was by itself.
import { Button, Modal, Paper, Progress, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, ApiError } from '@/api/client';
import { useResource } from '@/api/hooks';
import { useMay } from '@/api/session';
import { useI18n } from '@/i18n';
import ResourcePage from '@/resource/page';
import { useSchemaText } from '@/resource/text';
import { useErrorText } from '@/ui/parts';
import { useNow } from '@/ui/now';
import { useToast } from '@/ui/toast';

interface Live {
	/** Field -> option of the command line that holds it. */
	held: Record<string, string>;
	/** Fields whose change holds from the next start on. */
	next_start: string[];
	waiting: { change_id: number; confirm_before_ms: number } | null;
}
interface State {
	live: Live;
	/** What the server's clock is before ours, in ms. */
	ahead: number;
}

function useNetwork() {
	return useQuery({
		queryKey: ['rows', 'network', 'live'],
		queryFn: async ({ signal }): Promise<State> => {
			const a = await api.request<{ live: Live }>('GET', 'network/main', { query: { live: 1 }, signal });
			const at = Date.parse(a.headers.get('date') ?? '');
			return { live: a.data.live, ahead: Number.isNaN(at) ? 0 : at - Date.now() };
		},
		staleTime: 0,
	});
}

export default function Network() {
	const client = useQueryClient();
	const q = useNetwork();
	const may = useMay();
	const live = q.data?.live;
	return (
		<>
			<ResourcePage
				plural="network"
				form={{ onSaved: () => void client.invalidateQueries({ queryKey: ['rows', 'network', 'live'] }) }}
				aside={() => live && <Notes live={live} />}
			/>
			{live?.waiting && may('administrator') && (
				<Waiting
					key={live.waiting.change_id}
					id={live.waiting.change_id}
					until={live.waiting.confirm_before_ms - (q.data?.ahead ?? 0)}
				/>
			)}
		</>
	);
}

function Notes({ live }: { live: Live }) {
	const { t } = useI18n();
	const text = useSchemaText();
	const r = useResource('network');
	const held = Object.entries(live.held);
	const label = (name: string) => {
		const f = r?.fields.find((x) => x.name === name);
		return r && f ? text.label(r, f) : name;
	};
	return (
		<>
			<Paper component="section" aria-label={t('net.safe')} style={{ padding: '16px 20px' }}>
				<h2 style={{ margin: 0, fontSize: '1rem' }}>{t('net.safe')}</h2>
				<Text size="sm" c="dimmed" mt={6}>
					{t('net.safeText')}
				</Text>
			</Paper>
			{live.next_start.length > 0 && (
				<Paper component="section" aria-label={t('net.next')}>
					<div className="section-head">
						<h2>{t('net.next')}</h2>
						<p>{t('net.nextText')}</p>
					</div>
					<ul style={{ margin: 0, padding: '12px 20px 14px 36px' }}>
						{live.next_start.map((f) => (
							<li key={f}>{label(f)}</li>
						))}
					</ul>
				</Paper>
			)}
			{held.length > 0 && (
				<Paper component="section" aria-label={t('net.held')}>
					<div className="section-head">
						<h2>{t('net.held')}</h2>
						<p>{t('net.heldText')}</p>
					</div>
					<dl className="pairs" style={{ padding: '14px 20px' }}>
						{held.map(([f, option]) => (
							<div key={f} style={{ display: 'contents' }}>
								<dt>{label(f)}</dt>
								<dd>
									<code className="mono">{option}</code>
								</dd>
							</div>
						))}
					</dl>
				</Paper>
			)}
		</>
	);
}

const MINUTE = 60;

function Waiting({ id, until }: { id: number; until: number }) {
	const { t, n } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const now = useNow();
	const left = Math.max(0, Math.ceil((until - now) / 1000));
	const [busy, setBusy] = useState<'keep' | 'back' | ''>('');
	const [error, setError] = useState('');
	const ended = useRef(false);
	const again = () => {
		void client.invalidateQueries({ queryKey: ['rows', 'network'] });
		void client.invalidateQueries({ queryKey: ['history'] });
	};
	useEffect(() => {
		if (left > 0 || ended.current) return;
		ended.current = true;
		toast(t('net.returned'));
		// the server does it at about the same moment
		const timer = setTimeout(again, 1500);
		return () => clearTimeout(timer);
	});
	const run = async (what: 'keep' | 'back') => {
		setBusy(what);
		setError('');
		try {
			await api.post(what === 'keep' ? `network/confirm/${id}` : `config/undo/${id}`);
			ended.current = true;
			toast(t(what === 'keep' ? 'net.kept' : 'net.takenBack'));
			again();
		} catch (e) {
			if (e instanceof ApiError && e.status === 404) {
				ended.current = true;
				toast(t('net.returned'));
				again();
			} else setError(say(e));
		} finally {
			setBusy('');
		}
	};
	return (
		<Modal
			opened
			onClose={() => {}}
			withCloseButton={false}
			closeOnClickOutside={false}
			closeOnEscape={false}
			title={t('net.works')}
		>
			<Text size="sm">{t('net.worksText')}</Text>
			<div role="timer" style={{ margin: '18px 0 6px', fontSize: 15, fontWeight: 600 }} className="num">
				{n('net.left', left)}
			</div>
			<Progress value={(100 * left) / MINUTE} color={left > 15 ? 'sea' : 'orange'} aria-label={t('net.works')} />
			<div role="alert">
				{error && (
					<Text size="sm" c="var(--bad)" mt="sm">
						{error} {t('net.errorText')}
					</Text>
				)}
			</div>
			<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 20, flexWrap: 'wrap' }}>
				<Button variant="default" loading={busy === 'back'} onClick={() => void run('back')}>
					{t('net.back')}
				</Button>
				<Button loading={busy === 'keep'} onClick={() => void run('keep')} data-autofocus>
					{t('net.keep')}
				</Button>
			</div>
		</Modal>
	);
}
