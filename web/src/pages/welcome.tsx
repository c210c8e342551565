// The guide for a new phone system: place, phones, provider, numbers, a way out, a try. Each step can be left out; how
// far it has come is kept on the server (settings.first_steps), so that another browser goes on from there.
import { Button, Paper, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Redirect, useLocation } from 'wouter';
import { api } from '@/api/client';
import { useMay } from '@/api/session';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Failed, Loading, PageHead, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { isStep, steps, useFirstSteps, type Step } from './guide-card';
import { NumbersStep, PlaceStep, ProviderStep, RouteStep } from './welcome-outside';
import { PhonesStep, TryStep } from './welcome-phones';

/** What a step shows: its text, and buttons to go on. */
export interface StepProps {
	next: () => void;
	/** The bar with "Go on" and "Not now"; `save` returns whether to go on. */
	bar: (save?: () => Promise<boolean>, label?: string) => ReactNode;
}

export default function Welcome({ step }: { step?: string | undefined }) {
	const { t } = useI18n();
	const may = useMay();
	const [, go] = useLocation();
	const client = useQueryClient();
	const toast = useToast();
	const say = useErrorText();
	const kept = useFirstSteps(may('administrator'));
	const head = useRef<HTMLHeadingElement>(null);
	const shown: Step | null = isStep(step) ? step : null;
	useEffect(() => {
		if (shown) head.current?.focus({ preventScroll: true });
	}, [shown]);
	if (!may('administrator')) return <Redirect to="/" replace />;
	if (kept.isPending) return <Loading />;
	if (kept.isError) return <Failed error={kept.error} retry={() => void kept.refetch()} />;
	if (!shown) return <Redirect to={`/welcome/${isStep(kept.data) ? kept.data : 'place'}`} replace />;
	const at = steps.indexOf(shown);
	const far = kept.data === 'done' ? steps.length : steps.indexOf(kept.data as Step);
	const keep = async (s: Step | 'done') => {
		const i = s === 'done' ? steps.length : steps.indexOf(s);
		if (i <= far) return;
		await api.patch('settings/main', { first_steps: s });
		client.setQueryData(['rows', 'settings', 'first_steps'], s);
		void client.invalidateQueries({ queryKey: ['rows', 'settings'] });
	};
	const move = async (to: Step | 'done') => {
		try {
			await keep(to);
			go(to === 'done' ? '/' : `/welcome/${to}`);
		} catch (e) {
			toast(say(e));
		}
	};
	const next = () => void move(steps[at + 1] ?? 'done');
	const bar: StepProps['bar'] = (save, label) => (
		<Bar at={at} save={save} label={label} next={next} back={(s) => go(`/welcome/${s}`)} />
	);
	const props: StepProps = { next, bar };
	const body = {
		place: <PlaceStep {...props} />,
		phones: <PhonesStep {...props} />,
		provider: <ProviderStep {...props} />,
		numbers: <NumbersStep {...props} />,
		route: <RouteStep {...props} />,
		try: <TryStep {...props} />,
	}[shown];
	return (
		<>
			<PageHead title={t('w.title')} text={t('w.text')}>
				{kept.data !== 'done' && (
					<Button variant="subtle" color="gray" onClick={() => void move('done')}>
						{t('w.leave')}
					</Button>
				)}
			</PageHead>
			<nav aria-label={t('w.steps')}>
				<ol className="guide">
					{steps.map((s, i) => (
						<li key={s} data-done={i < far} data-now={s === shown}>
							<button type="button" aria-current={s === shown ? 'step' : undefined} onClick={() => go(`/welcome/${s}`)}>
								<span aria-hidden="true">{i < far && s !== shown ? <Icon name="check" size={15} /> : i + 1}</span>
								<b>{t(`w.${s}`)}</b>
								{i < far && <span className="visually-hidden"> ({t('w.done')})</span>}
							</button>
						</li>
					))}
				</ol>
			</nav>
			<Paper p={{ base: 'md', sm: 'xl' }} component="section" aria-labelledby="step-title">
				<h2 id="step-title" className="step-title" ref={head} tabIndex={-1}>
					{t(`w.${shown}.title`)}
				</h2>
				<Text c="dimmed" mb="lg" maw="68ch">
					{t(`w.${shown}.text`)}
				</Text>
				{body}
			</Paper>
		</>
	);
}

function Bar(p: {
	at: number;
	save: (() => Promise<boolean>) | undefined;
	label: string | undefined;
	next: () => void;
	back: (s: Step) => void;
}) {
	const { t } = useI18n();
	const [busy, setBusy] = useState(false);
	const before = steps[p.at - 1];
	return (
		<div className="guide-bar">
			{before && (
				<Button variant="default" onClick={() => p.back(before)}>
					{t('w.back')}
				</Button>
			)}
			<span style={{ flex: 1 }} />
			{p.save && (
				<Button variant="subtle" color="gray" onClick={p.next}>
					{t('w.skip')}
				</Button>
			)}
			<Button
				loading={busy}
				onClick={() => {
					if (!p.save) return p.next();
					setBusy(true);
					void p.save().then(
						(yes) => {
							setBusy(false);
							if (yes) p.next();
						},
						() => setBusy(false),
					);
				}}
			>
				{p.label ?? t('w.next')}
			</Button>
		</div>
	);
}
