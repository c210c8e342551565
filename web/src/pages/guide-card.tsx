// How far the guide for a new system has come, and the card on the home page while it is not at its end.
import { Button, Paper, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import { api } from '@/api/client';
import { useMay } from '@/api/session';
import type { Row } from '@/api/types';
import { useI18n } from '@/i18n';
import { useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

export const steps = ['place', 'phones', 'provider', 'numbers', 'route', 'try'] as const;
export type Step = (typeof steps)[number];
export const isStep = (s: string | undefined): s is Step => steps.includes(s as Step);

export function useFirstSteps(enabled = true) {
	return useQuery({
		queryKey: ['rows', 'settings', 'first_steps'],
		queryFn: async ({ signal }) => String((await api.get<Row>('settings/main', { signal }))['first_steps'] ?? 'done'),
		enabled,
		staleTime: 30_000,
	});
}

/** On the home page, while the guide is not at its end. */
export function GuideCard({ otherwise }: { otherwise?: ReactNode }) {
	const { t } = useI18n();
	const may = useMay();
	const [, go] = useLocation();
	const client = useQueryClient();
	const toast = useToast();
	const say = useErrorText();
	const q = useFirstSteps(may('administrator'));
	if (!may('administrator')) return otherwise;
	if (q.isPending) return null;
	if (!q.data || q.data === 'done' || !isStep(q.data)) return otherwise;
	const end = async () => {
		try {
			await api.patch('settings/main', { first_steps: 'done' });
			client.setQueryData(['rows', 'settings', 'first_steps'], 'done');
		} catch (e) {
			toast(say(e));
		}
	};
	return (
		<Paper p="md" mb="md" component="section" aria-label={t('w.title')} className="guide-card">
			<div style={{ flex: '1 1 260px' }}>
				<Text fw={600}>{t('w.card')}</Text>
				<Text size="sm" c="dimmed">
					{t('w.cardText', { step: t(`w.${q.data}`), n: steps.indexOf(q.data) + 1, all: steps.length })}
				</Text>
			</div>
			<Button variant="subtle" color="gray" onClick={() => void end()}>
				{t('w.leave')}
			</Button>
			<Button onClick={() => go('/welcome')}>{t('w.goOn')}</Button>
		</Paper>
	);
}
