// Calls: those of this moment, and the records of all others.
import { Button, Paper } from '@mantine/core';
import { Suspense, useState } from 'react';
import { useMay } from '@/api/session';
import { CallHistory } from '@/calls/history';
import { LiveCalls } from '@/calls/live';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { lazyPage } from '@/ui/lazy';
import { PageHead } from '@/ui/parts';

const Dial = lazyPage(() => import('@/calls/dial'));

export default function Calls() {
	const { t } = useI18n();
	const may = useMay();
	const [dial, setDial] = useState(false);
	return (
		<>
			<PageHead title={t('calls.title')} text={t('calls.text')}>
				{may('manager') && (
					<Button leftSection={<Icon name="call" size={17} />} onClick={() => setDial(true)}>
						{t('dial.title')}
					</Button>
				)}
			</PageHead>
			<Paper component="section" aria-label={t('home.calls')} style={{ overflow: 'hidden', marginBottom: 18 }}>
				<div className="section-head">
					<h2>{t('home.calls')}</h2>
				</div>
				<LiveCalls />
			</Paper>
			<CallHistory />
			{dial && (
				<Suspense fallback={null}>
					<Dial onClose={() => setDial(false)} />
				</Suspense>
			)}
		</>
	);
}
