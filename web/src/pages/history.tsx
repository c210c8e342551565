// All changes of the configuration, newest first.
import { Paper } from '@mantine/core';
import { ChangeList, useChanges } from '@/resource/changes';
import { useI18n } from '@/i18n';
import { PageHead } from '@/ui/parts';

export default function History() {
	const { t } = useI18n();
	return (
		<>
			<PageHead title={t('hist.title')} text={t('hist.text')} />
			<Paper style={{ overflow: 'hidden' }}>
				<ChangeList q={useChanges()} empty={t('hist.none')} />
			</Paper>
		</>
	);
}
