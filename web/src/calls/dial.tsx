// Click to call: the phone of an extension rings, and who answers there is connected to the number.
import { Autocomplete, Button, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ApiError } from '@/api/client';
import { useUser } from '@/api/session';
import type { Page, Row } from '@/api/types';
import { useI18n } from '@/i18n';
import { useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

const remembered = () => {
	try {
		return localStorage.getItem('offhook.callFrom') ?? '';
	} catch {
		return '';
	}
};

export default function Dial({ onClose, to: first = '' }: { onClose: () => void; to?: string }) {
	const { t } = useI18n();
	const user = useUser();
	const toast = useToast();
	const say = useErrorText();
	const [from, setFrom] = useState(user.extension || remembered());
	const [to, setTo] = useState(first);
	const [slow] = useDebouncedValue(from.trim(), 200);
	const found = useQuery({
		queryKey: ['rows', 'extensions', 'dial', slow],
		queryFn: ({ signal }) =>
			api.get<Page<Row>>('extensions', { query: { q: /^\d+ · /.test(slow) ? '' : slow, limit: 8 }, signal }),
		placeholderData: keepPreviousData,
	});
	const options = (found.data?.items ?? []).map((r) =>
		r['name'] ? `${r['number']} · ${r['name']}` : String(r['number']),
	);
	const number = from.split(' · ')[0]!.trim();
	const m = useMutation({
		mutationFn: () => api.post<{ id: string }>('calls', { from: number, to: to.trim() }),
		onSuccess: () => {
			try {
				localStorage.setItem('offhook.callFrom', number);
			} catch {
				/* for this visit only */
			}
			toast(t('dial.done', { from: number }));
			onClose();
		},
	});
	const fault = (field: string) => {
		if (!(m.error instanceof ApiError)) return null;
		return m.error.fields.find((f) => f.field === field)?.message ?? null;
	};
	const other = m.isError && !fault('from') && !fault('to') ? say(m.error) : null;
	return (
		<Modal opened onClose={onClose} title={t('dial.title')} closeButtonProps={{ 'aria-label': t('close') }}>
			<form
				style={{ display: 'grid', gap: 14 }}
				onSubmit={(e) => {
					e.preventDefault();
					if (number && to.trim()) m.mutate();
				}}
			>
				<Autocomplete
					label={t('dial.from')}
					description={t('dial.fromHelp')}
					data={options}
					filter={({ options: o }) => o}
					value={from}
					error={fault('from')}
					onChange={(v) => {
						setFrom(v);
						m.reset();
					}}
				/>
				<TextInput
					label={t('dial.to')}
					description={t('dial.toHelp')}
					inputMode="tel"
					data-autofocus
					value={to}
					error={fault('to') ?? other}
					onChange={(e) => {
						setTo(e.currentTarget.value);
						m.reset();
					}}
				/>
				<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end' }}>
					<Button variant="default" onClick={onClose}>
						{t('cancel')}
					</Button>
					<Button type="submit" disabled={!number || !to.trim()} loading={m.isPending}>
						{t('dial.do')}
					</Button>
				</div>
			</form>
		</Modal>
	);
}
