// Import of a table: what would become of it is shown first, and faults with their lines; then all of it or nothing.
import { Alert, Badge, Button, FileButton, Modal, Table, Text, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ApiError } from '@/api/client';
import type { Import, SchemaResource, Value } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { isHidden, resourceName, useSchemaText, useValueText } from './text';
import { useUndo } from './undo';

interface LineFault {
	line?: number;
	field?: string;
	message: string;
}

/** Text of a file: UTF-8, or what older spreadsheets write. */
async function readText(f: File): Promise<string> {
	const bytes = await f.arrayBuffer();
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		return new TextDecoder('gb18030').decode(bytes);
	}
}

/** A line of names and one of values, so that nobody has to guess. */
export function example(r: SchemaResource): string {
	const names = [
		r.key,
		...r.fields.filter((f) => f.name !== r.key && (f.required || f.name === 'name')).map((f) => f.name),
	];
	const values = names.map((n) => {
		if (n === 'number') return '102';
		if (n === 'name') return r.name === 'extension' ? 'Kitchen' : 'example';
		if (n === 'target') return '100';
		return '…';
	});
	return `${names.join(',')}\n${values.join(',')}`;
}

export default function CsvImport({ resource: r, onClose }: { resource: SchemaResource; onClose: () => void }) {
	const { t } = useI18n();
	const text = useSchemaText();
	const say = useErrorText();
	const toast = useToast();
	const undo = useUndo();
	const client = useQueryClient();
	const [sheet, setSheet] = useState('');
	const [file, setFile] = useState('');
	const [preview, setPreview] = useState<Import | null>(null);
	const [faults, setFaults] = useState<LineFault[]>([]);
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);

	const send = async (dry: boolean, body = sheet) => {
		setBusy(true);
		setError('');
		setFaults([]);
		try {
			const a = await api.request<Import>('PUT', r.plural, {
				body,
				ctype: 'text/csv',
				query: dry ? { dry_run: 1 } : {},
			});
			if (dry) return setPreview(a.data);
			void client.invalidateQueries({ queryKey: ['rows', r.plural] });
			void client.invalidateQueries({ queryKey: ['history'] });
			toast(t('csv.done', { created: a.data.created, updated: a.data.changed }), undo(a.data.change_id));
			onClose();
		} catch (e) {
			setPreview(null);
			const list = e instanceof ApiError && Array.isArray(e.body['fields']) ? (e.body['fields'] as LineFault[]) : [];
			if (list.length) setFaults(list);
			else setError(say(e));
		} finally {
			setBusy(false);
		}
	};
	const take = async (f: File | null) => {
		if (!f) return;
		const s = await readText(f);
		setSheet(s);
		setFile(f.name);
		void send(true, s);
	};
	return (
		<Modal
			opened
			onClose={onClose}
			size={760}
			title={t('csv.title', { what: resourceName(text, r, 2) })}
			closeButtonProps={{ 'aria-label': t('close') }}
		>
			<Text size="sm" c="dimmed" mb="md">
				{t('csv.text')}
			</Text>
			<div style={{ display: 'flex', gap: 12, alignItems: 'center', marginBottom: 10, flexWrap: 'wrap' }}>
				<FileButton accept=".csv,.txt,text/csv" onChange={(f) => void take(f)}>
					{(props) => (
						<Button {...props} leftSection={<Icon name="upload" size={17} />}>
							{t('csv.choose')}
						</Button>
					)}
				</FileButton>
				<Text size="sm" c="dimmed">
					{file || t('csv.orPaste')}
				</Text>
			</div>
			<Textarea
				aria-label={t('csv.orPaste')}
				autosize
				minRows={4}
				maxRows={9}
				styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
				placeholder={example(r)}
				value={sheet}
				onChange={(e) => {
					setSheet(e.currentTarget.value);
					setPreview(null);
				}}
			/>
			<div role="alert">
				{error && (
					<Alert color="red" mt="md">
						{error}
					</Alert>
				)}
				{faults.length > 0 && <Faults resource={r} list={faults} />}
			</div>
			{preview && <Preview resource={r} plan={preview} />}
			<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 18 }}>
				<Button variant="default" onClick={onClose}>
					{t('cancel')}
				</Button>
				{preview ? (
					<Button loading={busy} disabled={preview.created + preview.changed === 0} onClick={() => void send(false)}>
						{t('csv.do')}
					</Button>
				) : (
					<Button loading={busy} disabled={!sheet.trim()} onClick={() => void send(true)}>
						{t('csv.preview')}
					</Button>
				)}
			</div>
		</Modal>
	);
}

function Faults({ resource: r, list }: { resource: SchemaResource; list: LineFault[] }) {
	const { t } = useI18n();
	const text = useSchemaText();
	const name = (n?: string) => {
		const f = r.fields.find((x) => x.name === n);
		return f ? text.label(r, f) : (n ?? '');
	};
	return (
		<Alert color="red" mt="md" title={t('csv.bad')}>
			<div style={{ maxHeight: 260, overflowY: 'auto' }} tabIndex={0} role="region" aria-label={t('csv.bad')}>
				<Table fz="sm" verticalSpacing={4}>
					<Table.Thead>
						<Table.Tr>
							<Table.Th>{t('csv.line')}</Table.Th>
							<Table.Th>{t('csv.field')}</Table.Th>
							<Table.Th>{t('csv.problem')}</Table.Th>
						</Table.Tr>
					</Table.Thead>
					<Table.Tbody>
						{list.map((f, i) => (
							<Table.Tr key={i}>
								<Table.Td className="num">{f.line}</Table.Td>
								<Table.Td>{name(f.field)}</Table.Td>
								<Table.Td>{f.message}</Table.Td>
							</Table.Tr>
						))}
					</Table.Tbody>
				</Table>
			</div>
		</Alert>
	);
}

function Preview({ resource: r, plan }: { resource: SchemaResource; plan: Import }) {
	const { t, number } = useI18n();
	const text = useSchemaText();
	const value = useValueText();
	const show = (n: string, v: Value) => {
		const f = r.fields.find((x) => x.name === n);
		return f && !isHidden(f) ? value(r, f, v) || t('hist.empty') : String(v);
	};
	return (
		<div style={{ marginTop: 16 }} role="status">
			<div style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }}>
				<Badge color="teal.9">
					{t('csv.created')}: {number(plan.created)}
				</Badge>
				<Badge color="sea">
					{t('csv.updated')}: {number(plan.changed)}
				</Badge>
				<Badge color="gray.8">
					{t('csv.unchanged')}: {number(plan.unchanged)}
				</Badge>
			</div>
			{plan.created + plan.changed === 0 && (
				<Text size="sm" mt="sm">
					{t('csv.nothing')}
				</Text>
			)}
			{plan.items.length > 0 && (
				<div
					style={{ maxHeight: 260, overflowY: 'auto', marginTop: 10 }}
					tabIndex={0}
					role="region"
					aria-label={t('csv.preview')}
				>
					<Table fz="sm" verticalSpacing={4}>
						<Table.Tbody>
							{plan.items.slice(0, 200).map((i) => (
								<Table.Tr key={i.line}>
									<Table.Td fw={600}>{i.key}</Table.Td>
									<Table.Td>{i.op === 'create' ? t('csv.created') : t('csv.updated')}</Table.Td>
									<Table.Td>
										{Object.entries(i.diff ?? {})
											.map(([n, d]) => {
												const f = r.fields.find((x) => x.name === n);
												const label = f ? text.label(r, f) : n;
												return Array.isArray(d) ? `${label}: ${show(n, d[0])} → ${show(n, d[1])}` : `${label}: ${d}`;
											})
											.join('; ')}
									</Table.Td>
								</Table.Tr>
							))}
							{(plan.more || plan.items.length > 200) && (
								<Table.Tr>
									<Table.Td colSpan={3}>…</Table.Td>
								</Table.Tr>
							)}
						</Table.Tbody>
					</Table>
				</div>
			)}
		</div>
	);
}
