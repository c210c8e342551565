// Tokens for programs: the new token is shown once, and never again. What roles and scopes mean stands beside the form.
import { Alert, Checkbox, Modal, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { api, part } from '@/api/client';
import type { Page, Row } from '@/api/types';
import { useI18n } from '@/i18n';
import type { OwnInput } from '@/resource/field';
import type { ExtraColumn } from '@/resource/list';
import ResourcePage from '@/resource/page';
import { CopyButton } from '@/ui/parts';
import { RoleNotes } from './users';

interface Use {
	name: string;
	last_used_ms?: number | null;
}

function useTokenUse() {
	return useQuery({ queryKey: ['token-use'], queryFn: () => api.get<Page<Use>>('token-use') });
}

const scopes = ['read', 'write', 'calls', 'records', 'metrics'] as const;

/** "read calls" as boxes to tick. */
function ScopeInput(p: OwnInput) {
	const { t } = useI18n();
	const chosen = String(p.value ?? '')
		.split(/\s+/)
		.filter(Boolean);
	return (
		<div
			role="group"
			id={String(p.common['id'])}
			aria-label={t('token.scopes')}
			aria-describedby={String(p.common['aria-describedby'])}
		>
			<Checkbox.Group value={chosen} onChange={(v) => p.onChange(scopes.filter((s) => v.includes(s)).join(' '))}>
				<div style={{ display: 'grid', gap: 10 }}>
					{scopes.map((s) => (
						<Checkbox key={s} value={s} label={s} description={t(`token.scope.${s}`)} disabled={p.readOnly} />
					))}
				</div>
			</Checkbox.Group>
		</div>
	);
}
const inputs = { scopes: (p: OwnInput) => <ScopeInput {...p} /> };

function ScopeNotes() {
	const { t } = useI18n();
	return (
		<Paper component="section" aria-label={t('token.scopes')}>
			<div className="section-head" style={{ borderBottom: 0 }}>
				<h2>{t('token.scopes')}</h2>
				<p>{t('token.scopesText')}</p>
			</div>
		</Paper>
	);
}

export default function Tokens({ rowKey }: { rowKey?: string | undefined }) {
	const { t, when } = useI18n();
	const [, go] = useLocation();
	const [made, setMade] = useState<{ token: string; path: string } | null>(null);
	const use = useTokenUse();
	const used = useMemo(() => new Map((use.data?.items ?? []).map((u) => [u.name, u])), [use.data]);
	const text = (row: Row) => {
		const ms = used.get(String(row['name']))?.last_used_ms;
		return ms ? when(ms) : t('token.useNever');
	};
	const extra: ExtraColumn[] = [
		{
			id: 'used',
			header: t('token.use'),
			small: true,
			cell: (row) => <span style={{ color: 'var(--quiet)' }}>{use.data ? text(row) : ''}</span>,
		},
	];
	const close = () => {
		if (made) go(made.path, { replace: true });
		setMade(null);
	};
	const notes = (
		<>
			<ScopeNotes />
			<RoleNotes />
		</>
	);
	return (
		<>
			<ResourcePage
				plural="tokens"
				rowKey={rowKey}
				list={{ extra, empty: { title: t('token.none'), text: t('token.noneText') } }}
				aside={() => notes}
				form={
					rowKey === 'new'
						? {
								aside: notes,
								inputs,
								// the server makes it
								without: ['token'],
								onSaved: (row) => {
									const path = `/tokens/${part(String(row['name']))}`;
									const token = typeof row['token'] === 'string' ? row['token'] : '';
									if (token) setMade({ token, path });
									else go(path, { replace: true });
								},
							}
						: { without: ['token'], inputs }
				}
			/>
			<Modal
				opened={made !== null}
				onClose={close}
				title={t('token.made')}
				closeButtonProps={{ 'aria-label': t('close') }}
				size="lg"
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
				<Text size="sm" c="dimmed" mt="md">
					{t('token.exampleText')}
				</Text>
				<code className="mono" style={{ display: 'block', overflowWrap: 'anywhere', fontSize: 12.5, marginTop: 4 }}>
					{`curl -H 'Authorization: Bearer ${made?.token ?? ''}' ${window.location.origin}/api/v1/status`}
				</code>
			</Modal>
		</>
	);
}
