// Tokens for programs: the new token is shown once, and never again.
import { Alert, Modal } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { part } from '@/api/client';
import { useI18n } from '@/i18n';
import ResourcePage from '@/resource/page';
import { CopyButton } from '@/ui/parts';

export default function Tokens({ rowKey }: { rowKey?: string | undefined }) {
	const { t } = useI18n();
	const [, go] = useLocation();
	const [made, setMade] = useState<{ token: string; path: string } | null>(null);
	const close = () => {
		if (made) go(made.path, { replace: true });
		setMade(null);
	};
	return (
		<>
			<ResourcePage
				plural="tokens"
				rowKey={rowKey}
				list={{ empty: { title: t('token.none'), text: t('token.noneText') } }}
				form={
					rowKey === 'new'
						? {
								onSaved: (row) => {
									const path = `/tokens/${part(String(row['name']))}`;
									const token = typeof row['token'] === 'string' ? row['token'] : '';
									if (token) setMade({ token, path });
									else go(path, { replace: true });
								},
							}
						: {}
				}
			/>
			<Modal
				opened={made !== null}
				onClose={close}
				title={t('token.made')}
				closeButtonProps={{ 'aria-label': t('close') }}
			>
				<Alert color="sea" mb="md">
					{t('token.madeText')}
				</Alert>
				<div style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
					<code className="mono" style={{ flex: 1, overflowWrap: 'anywhere' }}>
						{made?.token}
					</code>
					{made && <CopyButton text={made.token} label={t('ext.copy', { what: t('token.made') })} />}
				</div>
			</Modal>
		</>
	);
}
