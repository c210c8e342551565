// Our numbers and where they lead; several are added at once.
import { Alert, Button, Modal, Text, Textarea } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, ApiError } from '@/api/client';
import { useMay } from '@/api/session';
import type { Import, Row } from '@/api/types';
import { useI18n } from '@/i18n';
import { TargetInput, TargetWords, useTarget } from '@/resource/inputs';
import type { ExtraColumn } from '@/resource/list';
import ResourcePage from '@/resource/page';
import { useUndo } from '@/resource/undo';
import { Icon } from '@/ui/icons';
import { State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

function Leads({ row }: { row: Row }) {
	const { t } = useI18n();
	const target = String(row['target'] ?? '');
	const x = useTarget(target);
	// on small screens the target stands below the number already: only what is wrong is said
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	if (small && row['enabled'] !== false)
		return x?.kind === 'nothing' ? <State tone="warn">{t('did.dead')}</State> : null;
	if (row['enabled'] === false) return <State tone="off">{t('field.off')}</State>;
	if (!x) return <>{target}</>;
	if (x.kind === 'nothing') return <State tone="warn">{t('tgt.nothing', { n: target })}</State>;
	return <State tone="good">{t(`tgt.${x.kind}`, { n: target, name: x.name || target })}</State>;
}

export default function Dids({ rowKey }: { rowKey?: string | undefined }) {
	const { t } = useI18n();
	const may = useMay();
	const [several, setSeveral] = useState(false);
	const extra = useMemo<ExtraColumn[]>(
		() => [{ id: 'leads', header: t('did.leads'), small: true, cell: (row) => <Leads row={row} /> }],
		[t],
	);
	return (
		<>
			<ResourcePage
				plural="dids"
				rowKey={rowKey}
				list={{
					extra,
					columns: ['number', 'name_prefix', 'trunks'],
					empty: { title: t('did.empty'), text: t('did.emptyText') },
					actions: may('manager') && (
						<Button variant="default" onClick={() => setSeveral(true)}>
							{t('did.several')}
						</Button>
					),
				}}
				form={{
					inputs: { target: (p) => <TargetInput {...p} /> },
					below: { target: (v) => <TargetWords target={String(v['target'] ?? '')} link /> },
				}}
			/>
			{several && <Several onClose={() => setSeveral(false)} />}
		</>
	);
}

/** "+49 30 1234-10 to +49 30 1234-13" or "… - 13" gives each between; at most a thousand. */
export function expand(text: string): string[] {
	const out: string[] = [];
	for (const line of text.split(/[\n;,]+/)) {
		const s = line.trim();
		if (!s) continue;
		const range = /^(.*?\d)\s*(?:\.\.+|…|–|—|\bto\b|至|到)\s*(\S.*)$/i.exec(s);
		const from = range?.[1]?.replace(/[^\d+]/g, '');
		const to = range?.[2]?.replace(/[^\d+]/g, '');
		if (!from || !to) {
			out.push(s);
			continue;
		}
		const keep = to.length < from.length ? from.slice(0, from.length - to.length) : '';
		const end = keep + to;
		const lead = /^\+?0*/.exec(from)![0];
		const a = Number(from.slice(lead.length));
		const b = Number(end.slice(lead.length));
		if (end.length !== from.length || !end.startsWith(lead) || !(b >= a) || b - a >= 1000) {
			out.push(s);
			continue;
		}
		const width = from.length - lead.length;
		for (let n = a; n <= b; n++) out.push(lead + String(n).padStart(width, '0'));
	}
	return [...new Set(out)];
}

const quote = (s: string) => (/[",\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s);

function Several({ onClose }: { onClose: () => void }) {
	const { t, n } = useI18n();
	const say = useErrorText();
	const toast = useToast();
	const undo = useUndo();
	const client = useQueryClient();
	const [text, setText] = useState('');
	const [target, setTarget] = useState('');
	const [errors, setErrors] = useState<{ numbers?: string; target?: string; form?: string; lines?: string[] }>({});
	const [busy, setBusy] = useState(false);
	const list = useMemo(() => expand(text), [text]);
	const add = async () => {
		if (!list.length) return setErrors({ numbers: t('field.required') });
		if (!target.trim()) return setErrors({ target: t('field.required') });
		setErrors({});
		setBusy(true);
		try {
			const body = `number,target\n${list.map((x) => `${quote(x)},${quote(target.trim())}`).join('\n')}\n`;
			const a = await api.request<Import>('POST', 'dids', { body, ctype: 'text/csv' });
			void client.invalidateQueries({ queryKey: ['rows', 'dids'] });
			void client.invalidateQueries({ queryKey: ['history'] });
			toast(n('did.added', a.data.created), undo(a.data.change_id));
			onClose();
		} catch (e) {
			const faults =
				e instanceof ApiError && Array.isArray(e.body['fields'])
					? (e.body['fields'] as { line?: number; field?: string; message: string }[])
					: [];
			const at = faults.find((f) => f.field === 'target');
			if (at) setErrors({ target: at.message });
			else if (faults.length)
				setErrors({
					lines: faults.slice(0, 8).map((f) => `${f.line ? `${list[f.line - 2] ?? ''}: ` : ''}${f.message}`),
				});
			else setErrors({ form: say(e) });
		} finally {
			setBusy(false);
		}
	};
	return (
		<Modal opened onClose={onClose} size="lg" title={t('did.several')} closeButtonProps={{ 'aria-label': t('close') }}>
			<div style={{ display: 'grid', gap: 16 }}>
				<Textarea
					data-autofocus
					label={t('did.numbers')}
					description={t('did.numbersHelp')}
					placeholder={'+49 30 1234-0\n+49 30 1234-10 … 19'}
					autosize
					minRows={4}
					maxRows={10}
					error={errors.numbers}
					value={text}
					onChange={(e) => setText(e.currentTarget.value)}
				/>
				<div>
					<TargetInput
						value={target}
						onChange={(v) => setTarget(String(v ?? ''))}
						common={{ label: t('did.leads'), description: t('did.targetHelp'), error: errors.target }}
					/>
					<TargetWords target={target} />
				</div>
				<div role="alert">
					{(errors.form || errors.lines) && (
						<Alert color="red" icon={<Icon name="alert" />}>
							{errors.form ?? errors.lines?.map((l) => <div key={l}>{l}</div>)}
						</Alert>
					)}
				</div>
				<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', alignItems: 'center' }}>
					<Text size="sm" c="dimmed" style={{ flex: 1 }} aria-live="polite">
						{list.length > 0 && n('did.count', list.length)}
					</Text>
					<Button variant="default" onClick={onClose}>
						{t('cancel')}
					</Button>
					<Button loading={busy} onClick={() => void add()}>
						{t('did.add')}
					</Button>
				</div>
			</div>
		</Modal>
	);
}
