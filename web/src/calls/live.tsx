// Calls of this moment: who talks to whom, since when, how it sounds, and what can be done with them.
import { ActionIcon, Badge, Button, Menu, Modal, Select, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import { useCalls } from '@/api/hooks';
import { useQualityEvents } from '@/api/live';
import { useMay } from '@/api/session';
import type { Call, CallLeg } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { useNow } from '@/ui/now';
import { Confirm, Failed, Loading, Nothing, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { CallSound } from './mos';
import { Who } from './outcome';

const shown = 200;

export const callerLeg = (c: Call) => c.legs.find((l) => !l.outgoing);
export const calleeLeg = (c: Call) => {
	const list = c.legs.filter((l) => l.outgoing);
	return list.find((l) => l.state === 'talking' || l.state === 'on hold') ?? list[0];
};
export const callSeconds = (c: Call, now: number) =>
	(c.state === 'up' ? c.talk_seconds : c.seconds) + Math.max(0, (now - (c.seen_ms ?? now)) / 1000);

function CallState({ call }: { call: Call }) {
	const { t } = useI18n();
	const held = call.legs.some((l) => l.state === 'on hold');
	const text = held
		? t('call.hold')
		: call.state in { routing: 1, ringing: 1, up: 1, ending: 1 }
			? t(`call.${call.state as 'up'}`)
			: call.state;
	return (
		<span style={{ display: 'inline-flex', gap: 8, alignItems: 'center' }}>
			{text}
			{call.recording && (
				<Badge color={call.recording === 'on' ? 'red' : 'gray'} size="sm">
					{t(call.recording === 'on' ? 'call.recorded' : 'call.recordPaused')}
				</Badge>
			)}
		</span>
	);
}

/** A to B; B is who answered or is called, with the dialled number. */
export function Parties({ call }: { call: Call }) {
	const a = callerLeg(call);
	const b = calleeLeg(call);
	const { t } = useI18n();
	return (
		<span>
			<Who number={call.from} name={a?.name} />
			<span className="quiet" aria-hidden="true">
				{' → '}
			</span>
			<span className="visually-hidden"> {t('call.to')} </span>
			<Who number={call.to} name={b?.number === call.to || !b ? b?.name : b.name || b.number} />
		</span>
	);
}

type Act = { call: Call; kind: 'hangup' | 'transfer' };

export function LiveCalls({ empty }: { empty?: string }) {
	const { t, clock, n } = useI18n();
	const q = useCalls();
	const may = useMay();
	const now = useNow();
	const [act, setAct] = useState<Act | null>(null);
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	useQualityEvents();
	if (q.isPending) return <Loading height={120} />;
	if (!q.data) return <Failed error={q.error} retry={() => void q.refetch()} />;
	const list = q.data.items.slice(0, shown);
	const rest = q.data.items.length - list.length;
	if (!list.length) return <Nothing icon="call" title={t('home.noCalls')} text={empty ?? t('home.noCallsText')} />;
	const name = (c: Call) => `${callerLeg(c)?.name || c.from} → ${calleeLeg(c)?.name || c.to}`;
	const actions = (c: Call) => may('manager') && <Actions call={c} label={name(c)} onAct={setAct} />;
	return (
		<>
			{small ? (
				<ul className="cards">
					{list.map((c) => (
						<li key={c.id} className="call-card">
							<Link href={`/calls/${part(c.id)}`}>
								<span>
									<Parties call={c} />
									<span className="call-card-line">
										<CallState call={c} />
										<CallSound call={c} />
									</span>
								</span>
								<span className="num">{clock(callSeconds(c, now))}</span>
							</Link>
							{actions(c)}
						</li>
					))}
				</ul>
			) : (
				<div className="table-wrap" tabIndex={0} role="region" aria-label={t('home.calls')}>
					<table className="table">
						<thead>
							<tr>
								<th scope="col">{t('home.who')}</th>
								<th scope="col">{t('home.state')}</th>
								<th scope="col">{t('home.quality')}</th>
								<th scope="col" data-right>
									{t('home.time')}
								</th>
								{may('manager') && (
									<th scope="col" style={{ width: 60 }}>
										<span className="visually-hidden">{t('call.actions')}</span>
									</th>
								)}
							</tr>
						</thead>
						<tbody>
							{list.map((c) => (
								<tr key={c.id}>
									<td>
										<Link href={`/calls/${part(c.id)}`} className="plain">
											<Parties call={c} />
										</Link>
									</td>
									<td>
										<CallState call={c} />
									</td>
									<td>
										<CallSound call={c} />
									</td>
									<td data-right className="num">
										{clock(callSeconds(c, now))}
									</td>
									{may('manager') && <td data-right>{actions(c)}</td>}
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
			{(rest > 0 || q.data.next) && <p className="list-foot">{n('call.more', rest, { n: rest })}</p>}
			{act?.kind === 'hangup' && <HangUp call={act.call} label={name(act.call)} onClose={() => setAct(null)} />}
			{act?.kind === 'transfer' && <Transfer call={act.call} onClose={() => setAct(null)} />}
		</>
	);
}

/** An order about a call; what came of it is told in the corner. */
function useOrder() {
	const toast = useToast();
	const say = useErrorText();
	return useMutation({
		mutationFn: ({ call, path, body }: { call: Call; path: string; body: unknown; done: string }) =>
			api.post(`calls/${part(call.id)}/${path}`, body),
		onSuccess: (_, v) => toast(v.done),
		onError: (e) => toast(say(e)),
	});
}

export function Actions({ call: c, label, onAct }: { call: Call; label: string; onAct: (a: Act) => void }) {
	const { t } = useI18n();
	const order = useOrder();
	const a = callerLeg(c);
	const b = calleeLeg(c);
	const up = c.state === 'up';
	const run = (path: string, body: unknown, done: string) => () => order.mutate({ call: c, path, body, done });
	const title = (l: CallLeg | undefined, n: string) => l?.name || l?.number || n;
	const held = c.legs.some((l) => l.state === 'on hold');
	return (
		<Menu position="bottom-end" shadow="lg" width={260}>
			<Menu.Target>
				<ActionIcon
					variant="subtle"
					color="gray"
					aria-label={`${t('call.actions')}: ${label}`}
					loading={order.isPending}
				>
					<Icon name="dots" size={18} />
				</ActionIcon>
			</Menu.Target>
			<Menu.Dropdown>
				{up && b && (
					<>
						<Menu.Item
							leftSection={<Icon name="pause" size={17} />}
							onClick={run('hold', { by: 'callee' }, t('call.heldDone', { who: title(a, c.from) }))}
						>
							{t('call.holdWho', { who: title(a, c.from) })}
						</Menu.Item>
						<Menu.Item
							leftSection={<Icon name="pause" size={17} />}
							onClick={run('hold', { by: 'caller' }, t('call.heldDone', { who: title(b, c.to) }))}
						>
							{t('call.holdWho', { who: title(b, c.to) })}
						</Menu.Item>
						{held && (
							<Menu.Item
								leftSection={<Icon name="play" size={17} />}
								onClick={async () => {
									// whichever of the two holds
									for (const by of ['callee', 'caller'])
										await api.post(`calls/${part(c.id)}/resume`, { by }).catch(() => {});
								}}
							>
								{t('call.resume')}
							</Menu.Item>
						)}
						<Menu.Item
							leftSection={<Icon name="route" size={17} />}
							onClick={() => onAct({ call: c, kind: 'transfer' })}
						>
							{t('call.transfer')}
						</Menu.Item>
					</>
				)}
				{up && !c.recording && (
					<Menu.Item
						leftSection={<Icon name="mic" size={17} />}
						onClick={run('record', { action: 'start' }, t('call.recordStarted'))}
					>
						{t('call.recordStart')}
					</Menu.Item>
				)}
				{up && c.recording && (
					<>
						<Menu.Item
							leftSection={<Icon name={c.recording === 'on' ? 'pause' : 'play'} size={17} />}
							onClick={run(
								'record',
								{ action: c.recording === 'on' ? 'pause' : 'resume' },
								t(c.recording === 'on' ? 'call.recordPaused' : 'call.recordStarted'),
							)}
						>
							{t(c.recording === 'on' ? 'call.recordPause' : 'call.recordResume')}
						</Menu.Item>
						<Menu.Item
							leftSection={<Icon name="stop" size={17} />}
							onClick={run('record', { action: 'stop' }, t('call.recordStopped'))}
						>
							{t('call.recordStop')}
						</Menu.Item>
					</>
				)}
				{up && <Menu.Divider />}
				<Menu.Item
					style={{ color: 'var(--bad)' }}
					leftSection={<Icon name="hangup" size={17} />}
					onClick={() => onAct({ call: c, kind: 'hangup' })}
				>
					{t('call.hangup')}
				</Menu.Item>
			</Menu.Dropdown>
		</Menu>
	);
}

export function HangUp({ call, label, onClose }: { call: Call; label: string; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const m = useMutation({
		mutationFn: () => api.delete(`calls/${part(call.id)}`),
		onError: (e) => {
			// it ended by itself meanwhile: that is what was wanted
			if (!(e instanceof ApiError && e.status === 404)) toast(say(e));
		},
		onSettled: onClose,
	});
	return (
		<Confirm
			opened
			danger
			title={t('call.hangupTitle')}
			action={t('call.hangup')}
			busy={m.isPending}
			onConfirm={() => m.mutate()}
			onClose={onClose}
		>
			{t('call.hangupText', { who: label })}
		</Confirm>
	);
}

function Transfer({ call, onClose }: { call: Call; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const a = callerLeg(call);
	const b = calleeLeg(call);
	const [by, setBy] = useState('callee');
	const [to, setTo] = useState('');
	const m = useMutation({
		mutationFn: () => api.post(`calls/${part(call.id)}/transfer`, { to: to.trim(), by }),
		onSuccess: () => {
			toast(t('call.transferDone', { to: to.trim() }));
			onClose();
		},
	});
	return (
		<Modal opened onClose={onClose} title={t('call.transfer')} closeButtonProps={{ 'aria-label': t('close') }}>
			<form
				style={{ display: 'grid', gap: 14 }}
				onSubmit={(e) => {
					e.preventDefault();
					if (to.trim()) m.mutate();
				}}
			>
				<Select
					label={t('call.transferWho')}
					description={t('call.transferWhoHelp')}
					allowDeselect={false}
					data={[
						{ value: 'callee', label: a?.name ? `${a.name} (${call.from})` : call.from },
						{ value: 'caller', label: b?.name ? `${b.name} (${b.number})` : b?.number || call.to },
					]}
					value={by}
					onChange={(v) => v && setBy(v)}
				/>
				<TextInput
					label={t('call.transferTo')}
					description={t('call.transferToHelp')}
					inputMode="tel"
					data-autofocus
					value={to}
					error={m.isError ? say(m.error) : null}
					onChange={(e) => {
						setTo(e.currentTarget.value);
						m.reset();
					}}
				/>
				<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end' }}>
					<Button variant="default" onClick={onClose}>
						{t('cancel')}
					</Button>
					<Button type="submit" disabled={!to.trim()} loading={m.isPending}>
						{t('call.transferDo')}
					</Button>
				</div>
			</form>
		</Modal>
	);
}
