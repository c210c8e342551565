// All that needs somebody's attention, with what to do about it.
import { Paper } from '@mantine/core';
import { useAlarms } from '@/api/hooks';
import { useI18n } from '@/i18n';
import { AlarmText } from '@/shell/alarm';
import { Failed, Loading, Nothing, PageHead } from '@/ui/parts';

export default function Alarms() {
	const { t } = useI18n();
	const q = useAlarms();
	const list = [...(q.data?.items ?? [])].sort(
		(a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical') || b.since - a.since,
	);
	return (
		<>
			<PageHead title={t('head.alarms')} text={t('alarm.text')} />
			<Paper style={{ overflow: 'hidden' }} aria-live="polite">
				{q.isPending ? (
					<Loading />
				) : !q.data ? (
					<Failed error={q.error} retry={() => void q.refetch()} />
				) : !list.length ? (
					<Nothing icon="check" title={t('alarm.none')} text={t('alarm.noneText')} />
				) : (
					list.map((a) => <AlarmText key={a.id} alarm={a} level={2} />)
				)}
			</Paper>
		</>
	);
}
