// "What would happen if": asks the code that routes calls, and shows its steps and its decision.
import { Autocomplete, Button, Paper, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { api } from '@/api/client';
import type { Page, Row } from '@/api/types';
import { useI18n, type Key } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Failed, Loading } from '@/ui/parts';

interface Step {
	rule: string;
	name: string;
	matched: boolean;
	text: string;
}
interface Attempt {
	trunk: string;
	number: string;
	caller_id: string;
	caller_name: string;
	hidden: boolean;
	preempts: boolean;
	down: boolean;
}
export interface Explanation {
	from: string;
	to: string;
	trunk: string;
	at: number;
	steps: Step[];
	decision: {
		kind: 'refuse' | 'feature' | 'extension' | 'outside' | 'emergency' | 'emergency test' | 'conference';
		code: number;
		words: string;
		target: string;
		route: string;
		e164: string;
		sentence: string;
		attempts: Attempt[];
	};
}
export interface Question {
	from: string;
	to: string;
	at?: string;
	trunk?: string;
}

const rules: Record<string, Key> = {
	number: 'ex.number',
	emergency: 'ex.emergency',
	feature: 'ex.feature',
	extension: 'ex.extension',
	conference: 'ex.conference',
	'route out': 'ex.routeOut',
	'route in': 'ex.routeIn',
	did: 'ex.did',
	rewrite: 'ex.rewrite',
	brakes: 'ex.brakes',
	limit: 'ex.limit',
	trunk: 'ex.trunk',
	caller: 'ex.caller_step',
	pin: 'ex.pin',
	hours: 'ex.hours',
	proof: 'ex.proof',
	target: 'ex.target',
	end: 'ex.end',
};

export function useExplain(q: Question | null) {
	return useQuery({
		queryKey: ['rows', 'explain', q],
		queryFn: ({ signal }) => api.get<Explanation>('routes/explain', { query: { ...q }, signal }),
		enabled: q !== null,
		staleTime: 0,
		gcTime: 30_000,
		retry: false,
	});
}

/** The decision in a sentence. */
export function Decision({ x }: { x: Explanation }) {
	const { t } = useI18n();
	const d = x.decision;
	const good = d.kind !== 'refuse';
	const head =
		d.kind === 'refuse'
			? t('ex.d.refuse', { code: d.code, words: d.words })
			: d.kind === 'outside'
				? t('ex.d.outside')
				: d.kind === 'emergency'
					? t('ex.d.emergency')
					: d.kind === 'emergency test'
						? t('ex.d.test')
						: t(`ex.d.${d.kind}`, { n: d.target });
	return (
		<div className="verdict" data-good={good}>
			<Icon name={good ? 'check' : 'x'} size={20} />
			<div>
				<b>{head}</b>
				{d.attempts.length > 0 && (
					<ol>
						{d.attempts.map((a, i) => (
							<li key={`${a.trunk}-${i}`}>
								{t(i ? 'ex.then' : 'ex.first', { trunk: a.trunk, number: a.number })}
								{a.hidden ? ` ${t('ex.hidden')}` : a.caller_id ? ` ${t('ex.shows', { id: a.caller_id })}` : ''}
								{a.preempts ? ` ${t('ex.preempts')}` : a.down ? ` ${t('ex.down')}` : ''}
							</li>
						))}
					</ol>
				)}
			</div>
		</div>
	);
}

export function Steps({ x }: { x: Explanation }) {
	const { t } = useI18n();
	return (
		<ol className="steps">
			{x.steps.map((s, i) => (
				<li key={i} data-matched={s.matched}>
					<Icon name={s.matched ? 'check' : 'x'} size={15} />
					<div>
						<b>
							<span className="visually-hidden">{t(s.matched ? 'ex.fits' : 'ex.fitsNot')}: </span>
							{rules[s.rule] ? t(rules[s.rule]!) : s.rule}
							{s.name && s.name !== x.to ? ` · ${s.name}` : ''}
						</b>
						<span>{s.text}</span>
					</div>
				</li>
			))}
		</ol>
	);
}

export function ExplainBox({ incoming, stale }: { incoming?: boolean; stale?: boolean }) {
	const { t } = useI18n();
	const id = useId();
	const [way, setWay] = useState<'out' | 'in'>(incoming ? 'in' : 'out');
	const [from, setFrom] = useState('');
	const [to, setTo] = useState('');
	const [trunk, setTrunk] = useState('');
	const [at, setAt] = useState('');
	const [asked, setAsked] = useState<Question | null>(null);
	const [missing, setMissing] = useState(false);
	const exts = useQuery({
		queryKey: ['rows', 'extensions', 'few'],
		queryFn: ({ signal }) => api.get<Page<Row>>('extensions', { query: { limit: 50 }, signal }),
		staleTime: 30_000,
	});
	const trunks = useQuery({
		queryKey: ['rows', 'trunks', 'few'],
		queryFn: ({ signal }) => api.get<Page<Row>>('trunks', { query: { limit: 100 }, signal }),
		staleTime: 30_000,
	});
	const q = useExplain(asked);
	const names = (p: Page<Row> | undefined, key: string) => (p?.items ?? []).map((r) => String(r[key]));
	const first = names(exts.data, 'number')[0] ?? '';
	const firstTrunk = names(trunks.data, 'name')[0] ?? '';
	const ask = () => {
		if (!to.trim()) {
			setMissing(true);
			document.getElementById(`${id}-to`)?.focus();
			return;
		}
		const question: Question = {
			from: from.trim() || (way === 'out' ? first : 'anonymous'),
			to: to.trim(),
			...(at ? { at } : {}),
			...(way === 'in' ? { trunk: trunk || firstTrunk } : {}),
		};
		if (JSON.stringify(question) === JSON.stringify(asked)) void q.refetch();
		else setAsked(question);
	};
	return (
		<Paper component="section" aria-label={t('ex.title')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('ex.title')}</h2>
				<p>{t('ex.text')}</p>
			</div>
			{/* no form of its own: it may stand beside one, within it */}
			<div
				role="group"
				aria-label={t('ex.title')}
				style={{ padding: '16px 20px', display: 'grid', gap: 12 }}
				onKeyDown={(e) => {
					if (e.key !== 'Enter' || e.nativeEvent.isComposing || !(e.target instanceof HTMLInputElement)) return;
					e.preventDefault();
					ask();
				}}
			>
				<SegmentedControl
					fullWidth
					aria-label={t('ex.way')}
					value={way}
					onChange={(v) => {
						setWay(v as 'out' | 'in');
						setAsked(null);
					}}
					data={[
						{ value: 'out', label: t('ex.out') },
						{ value: 'in', label: t('ex.in') },
					]}
				/>
				{way === 'in' && (
					<Autocomplete
						label={t('ex.byTrunk')}
						data={names(trunks.data, 'name')}
						placeholder={firstTrunk || t('ex.noTrunk')}
						value={trunk}
						onChange={setTrunk}
					/>
				)}
				<div style={{ display: 'grid', gap: 12, gridTemplateColumns: '1fr 1fr' }}>
					{way === 'out' ? (
						<Autocomplete
							label={t('ex.from')}
							data={names(exts.data, 'number')}
							placeholder={first}
							value={from}
							onChange={setFrom}
						/>
					) : (
						<TextInput
							label={t('ex.caller')}
							placeholder="anonymous"
							value={from}
							onChange={(e) => setFrom(e.currentTarget.value)}
						/>
					)}
					<TextInput
						id={`${id}-to`}
						label={t('ex.to')}
						inputMode="tel"
						autoComplete="off"
						placeholder={way === 'out' ? '00301234567' : '+49301234'}
						error={missing ? t('field.required') : undefined}
						value={to}
						onChange={(e) => {
							setMissing(false);
							setTo(e.currentTarget.value);
						}}
					/>
				</div>
				<TextInput
					type="datetime-local"
					label={t('ex.when')}
					description={t('ex.whenHelp')}
					value={at}
					onChange={(e) => setAt(e.currentTarget.value)}
				/>
				<Button variant="light" onClick={ask} loading={q.isFetching || exts.isPending || trunks.isPending}>
					{t('ex.ask')}
				</Button>
			</div>
			<div aria-live="polite">
				{q.isLoading && <Loading height={80} />}
				{q.isError && <Failed error={q.error} />}
				{asked && q.data && (
					<div style={{ padding: '0 20px 18px' }}>
						{stale && (
							<Text size="xs" c="dimmed" mb={6}>
								{t('ex.saved')}
							</Text>
						)}
						<Decision x={q.data} />
						<Steps x={q.data} />
					</div>
				)}
			</div>
		</Paper>
	);
}
