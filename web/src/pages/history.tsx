// All changes of the configuration, newest first; or those of one kind, or of one row.
import { NativeSelect, Paper, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useSchema } from '@/api/hooks';
import { useI18n } from '@/i18n';
import { ChangeList, useChanges } from '@/resource/changes';
import { keyField, resourceName, useSchemaText } from '@/resource/text';
import { PageHead } from '@/ui/parts';

export default function History() {
	const { t } = useI18n();
	const schema = useSchema().data;
	const text = useSchemaText();
	const [params, setParams] = useSearchParams();
	const name = params.get('resource') ?? '';
	const r = schema?.resources.find((x) => x.name === name);
	const key = r?.only ? r.only : (params.get('key') ?? '');
	const [typed, setTyped] = useState(params.get('key') ?? '');
	const set = (resource: string, k: string) =>
		setParams(
			(old) => {
				const n = new URLSearchParams(old);
				for (const [a, v] of [
					['resource', resource],
					['key', k],
				] as const)
					if (v) n.set(a, v);
					else n.delete(a);
				return n;
			},
			{ replace: true },
		);
	const later = useDebouncedCallback((v: string) => set(name, v), 300);
	const of = r ? { resource: r.name, ...(key ? { key } : {}) } : {};
	const q = useChanges(of);
	return (
		<>
			<PageHead title={t('hist.title')} text={t('hist.text')} />
			<Paper style={{ overflow: 'hidden' }}>
				<div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, padding: '14px 20px' }} role="search">
					<NativeSelect
						label={t('hist.of')}
						value={name}
						onChange={(e) => {
							setTyped('');
							set(e.currentTarget.value, '');
						}}
						data={[
							{ value: '', label: t('hist.all') },
							...(schema?.resources ?? []).map((x) => ({ value: x.name, label: resourceName(text, x, 2) })),
						]}
						w={240}
					/>
					{r && !r.only && (
						<TextInput
							label={`${t('hist.keyOf')}: ${text.label(r, keyField(r))}`}
							placeholder={t('hist.keyHint')}
							value={typed}
							onChange={(e) => {
								setTyped(e.currentTarget.value);
								later(e.currentTarget.value.trim());
							}}
							w={260}
						/>
					)}
				</div>
				<ChangeList q={q} empty={t(r ? 'hist.noneOf' : 'hist.none')} />
			</Paper>
		</>
	);
}
