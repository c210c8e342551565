// Users: people who sign in to this page. A lost second factor is taken away here.
import { Button, Paper } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, part } from '@/api/client';
import { useMay } from '@/api/session';
import type { Row } from '@/api/types';
import { useI18n } from '@/i18n';
import ResourcePage from '@/resource/page';
import { Confirm, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

export default function Users({ rowKey }: { rowKey?: string | undefined }) {
	const { t } = useI18n();
	return (
		<ResourcePage
			plural="users"
			rowKey={rowKey}
			list={{ columns: ['name', 'display_name', 'role', 'extension', 'enabled'], empty: { title: t('user.none') } }}
			form={{ without: ['totp'], ...(rowKey === 'new' ? { aside: <RoleNotes /> } : {}) }}
			aside={() => <RoleNotes />}
			actions={(row) => <ResetTotp row={row} />}
		/>
	);
}

/** What each role may do, beside the form where one is chosen. */
export function RoleNotes() {
	const { t } = useI18n();
	return (
		<Paper component="section" aria-label={t('user.roles')}>
			<div className="section-head">
				<h2>{t('user.roles')}</h2>
			</div>
			<dl style={{ margin: 0, padding: '12px 20px 16px', display: 'grid', gap: 10, fontSize: 14 }}>
				{(['user', 'read_only', 'manager', 'administrator'] as const).map((r) => (
					<div key={r}>
						<dt style={{ fontWeight: 600 }}>{t(`role.${r}`)}</dt>
						<dd style={{ margin: 0, color: 'var(--mantine-color-dimmed)' }}>{t(`role.${r}.text`)}</dd>
					</div>
				))}
			</dl>
		</Paper>
	);
}

function ResetTotp({ row }: { row: Row }) {
	const { t } = useI18n();
	const may = useMay();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);
	const name = String(row['name']);
	if (!row['totp'] || !may('administrator')) return null;
	const reset = async () => {
		setBusy(true);
		try {
			await api.patch(`users/${part(name)}`, { totp: null });
			toast(t('user.totpResetDone'));
			void client.invalidateQueries({ queryKey: ['rows', 'users'] });
		} catch (e) {
			toast(say(e));
		} finally {
			setBusy(false);
			setAsking(false);
		}
	};
	return (
		<>
			<Button variant="default" onClick={() => setAsking(true)}>
				{t('user.totpReset')}
			</Button>
			<Confirm
				opened={asking}
				title={t('user.totpResetTitle', { name })}
				action={t('user.totpReset')}
				busy={busy}
				onConfirm={() => void reset()}
				onClose={() => setAsking(false)}
			>
				{t('user.totpResetText')}
			</Confirm>
		</>
	);
}
