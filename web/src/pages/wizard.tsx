// After the first administrator was made: where to go from here.
import { Button, Paper } from '@mantine/core';
import { useLocation } from 'wouter';
import { useUser } from '@/api/session';
import { useI18n } from '@/i18n';
import { Nothing, PageHead } from '@/ui/parts';

export default function Wizard() {
	const { t } = useI18n();
	const user = useUser();
	const [, go] = useLocation();
	return (
		<>
			<PageHead title={t('setup.title')} />
			<Paper>
				<Nothing icon="check" title={t('setup.readyTitle')} text={t('setup.readyText', { name: user.name })}>
					<Button onClick={() => go('/extensions')}>{t('setup.next')}</Button>
				</Nothing>
			</Paper>
		</>
	);
}
