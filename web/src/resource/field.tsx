// One field of a form: label, help, the right kind of input, what is wrong with it.
import {
	ActionIcon,
	Anchor,
	Autocomplete,
	Badge,
	NumberInput,
	PasswordInput,
	Select,
	Switch,
	TagsInput,
	Text,
	TextInput,
	Textarea,
	Tooltip,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useState, type ReactNode } from 'react';
import { api } from '@/api/client';
import { useSchema } from '@/api/hooks';
import type { Page, Row, SchemaField, SchemaResource, Value } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { isHidden, rowTitle, useSchemaText, useValueText } from './text';

export interface FieldProps {
	resource: SchemaResource;
	field: SchemaField;
	value: Value | undefined;
	error?: string | undefined;
	create: boolean;
	readOnly: boolean;
	/** What stands in the row: whether a secret is set. */
	stored?: Value | undefined;
	onChange: (v: Value | undefined) => void;
	/** An input of its own in place of the usual one for the type. */
	input?: ((p: OwnInput) => ReactNode) | undefined;
	/** Shown under the input. */
	below?: ReactNode;
}
/** What an input of a page's own gets: `common` goes to the input element. */
export type OwnInput = FieldProps & { common: Record<string, unknown> };

/** ms since 1970 as an input of type datetime-local has it: local time, to the minute. */
export function localTime(v: Value | undefined): string {
	const ms = Number(v);
	if (!ms) return '';
	const d = new Date(ms);
	return new Date(ms - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Letters and digits that nobody mistakes for one another. */
export function strongPassword(length = 20): string {
	const set = 'abcdefghijkmnpqrstuvwxyz23456789';
	const bytes = crypto.getRandomValues(new Uint8Array(length));
	return [...bytes].map((b) => set[b % set.length]).join('');
}

export function FieldRow(p: FieldProps) {
	const { t } = useI18n();
	const text = useSchemaText();
	const valueText = useValueText();
	const id = useId();
	const f = p.field;
	const hints: string[] = [];
	if (f.key && p.create) hints.push(t('row.fixed'));
	if (f.generated && p.create) hints.push(t('field.generated'));
	const normal =
		f.default !== null && f.default !== undefined && f.default !== '' ? valueText(p.resource, f, f.default) : '';
	const differs = normal && !p.create && p.value !== undefined && String(p.value) !== String(f.default);
	if (differs) hints.push(t('field.default', { value: normal }));
	const described = `${id}-help${p.error ? ` ${id}-error` : ''}`;
	return (
		<div className="field" data-field={f.name}>
			<div>
				<label htmlFor={id}>{text.label(p.resource, f)}</label>
				{f.required && p.create && (
					<Text span c="var(--bad)" aria-hidden="true">
						{' '}
						*
					</Text>
				)}
				<p className="help" id={`${id}-help`}>
					{[text.help(p.resource, f), ...hints].join(' ')}
				</p>
			</div>
			<div>
				<Input {...p} id={id} described={described} />
				{p.below}
				{p.error && (
					<p className="error" id={`${id}-error`}>
						{p.error}
					</p>
				)}
			</div>
		</div>
	);
}

interface InputProps extends FieldProps {
	id: string;
	described: string;
}

function Input(p: InputProps): ReactNode {
	const valueText = useValueText();
	const text = useSchemaText();
	const f = p.field;
	const common = {
		id: p.id,
		name: f.name,
		'aria-describedby': p.described,
		'aria-invalid': p.error ? (true as const) : undefined,
		'aria-required': f.required && p.create ? (true as const) : undefined,
		error: Boolean(p.error),
	};
	if (f.readonly || (p.readOnly && !isHidden(f)))
		return (
			<output id={p.id} style={{ overflowWrap: 'anywhere' }}>
				{valueText(p.resource, f, p.value) || '—'}
			</output>
		);
	if (p.input) return p.input({ ...p, common });
	if (isHidden(f)) return <SecretInput {...p} common={common} />;
	switch (f.type) {
		case 'boolean':
			return (
				<Switch
					{...common}
					error={undefined}
					checked={p.value === true}
					onChange={(e) => p.onChange(e.currentTarget.checked)}
					label={valueText(p.resource, f, p.value === true)}
				/>
			);
		case 'choice':
			return (
				<Select
					{...common}
					data={(f.choices ?? []).map((c) => ({ value: c, label: text.choice(p.resource, f, c) }))}
					value={p.value === undefined || p.value === null ? null : String(p.value)}
					onChange={(v) => v !== null && p.onChange(v)}
					allowDeselect={false}
					checkIconPosition="right"
				/>
			);
		case 'time':
			return (
				<TextInput
					{...common}
					type="datetime-local"
					maw={240}
					value={localTime(p.value)}
					onChange={(e) => p.onChange(e.currentTarget.value ? new Date(e.currentTarget.value).getTime() : null)}
				/>
			);
		case 'integer':
			return (
				<NumberInput
					{...common}
					maw={220}
					value={typeof p.value === 'number' ? p.value : String(p.value ?? '')}
					onChange={(v) => p.onChange(v)}
					allowDecimal={false}
					clampBehavior="none"
					rightSectionWidth={f.unit ? 96 : 28}
					rightSection={
						f.unit ? (
							<Text
								size="sm"
								c="dimmed"
								style={{ pointerEvents: 'none', width: '100%', textAlign: 'right', paddingRight: 12 }}
							>
								{text.unit(f.unit)}
							</Text>
						) : undefined
					}
				/>
			);
		default:
			if (f.ref) return <RefInput {...p} common={common} />;
			if ((f.max_length ?? 0) > 250)
				return (
					<Textarea
						{...common}
						autosize
						minRows={2}
						maxRows={8}
						value={String(p.value ?? '')}
						onChange={(e) => p.onChange(e.currentTarget.value)}
					/>
				);
			return (
				<TextInput
					{...common}
					autoComplete="off"
					spellCheck={f.name === 'name' || f.name === 'location'}
					value={String(p.value ?? '')}
					onChange={(e) => p.onChange(e.currentTarget.value)}
				/>
			);
	}
}

type Common = Record<string, unknown>;

/** Names rows of other resources: they are suggested, others may be typed. */
function RefInput(p: InputProps & { common: Common }) {
	const schema = useSchema().data;
	const refs = p.field.ref ?? [];
	const list = refs.map((n) => schema?.resources.find((r) => r.name === n)).filter((r) => r !== undefined);
	const rows = useQuery({
		queryKey: ['refs', p.field.ref],
		queryFn: async ({ signal }) =>
			(
				await Promise.all(
					list.map(async (r) => {
						const page = await api
							.get<Page<Row>>(r.plural, { query: { limit: 200 }, signal })
							.catch(() => ({ items: [] as Row[] }));
						return page.items.map((row) => ({ value: String(row[r.key]), label: rowTitle(r, row) }));
					}),
				)
			).flat(),
		enabled: list.length > 0,
		staleTime: 30_000,
	});
	const data = [...new Map((rows.data ?? []).map((x) => [x.value, x])).values()];
	const labels = new Map(data.map((x) => [x.value, x.label]));
	const render = ({ option }: { option: { value: string } }) => labels.get(option.value) ?? option.value;
	const values = data.map((x) => x.value);
	const s = String(p.value ?? '');
	if (p.field.list)
		return (
			<TagsInput
				{...p.common}
				data={values}
				renderOption={render}
				value={s.split(/[\s,]+/).filter(Boolean)}
				onChange={(v) => p.onChange(v.join(' '))}
				splitChars={[' ', ',']}
				acceptValueOnBlur
			/>
		);
	return (
		<Autocomplete
			{...p.common}
			data={values}
			renderOption={render}
			limit={50}
			value={s}
			onChange={(v) => p.onChange(v)}
			autoComplete="off"
		/>
	);
}

/** Passwords and PINs: what is there is not shown; a new one can be typed or made. */
function SecretInput(p: InputProps & { common: Common }) {
	const { t } = useI18n();
	const [changing, setChanging] = useState(p.create);
	const [shown, setShown] = useState(false);
	const set = p.stored !== undefined && p.stored !== null && p.stored !== '' && p.stored !== false;
	if (!changing)
		return (
			<div style={{ display: 'flex', gap: 12, alignItems: 'center', minHeight: 36 }}>
				<Badge color="gray">{set ? t('field.secretSet') : '••••••••'}</Badge>
				{!p.readOnly && (
					<Anchor
						component="button"
						type="button"
						id={p.id}
						size="sm"
						aria-describedby={p.described}
						onClick={() => setChanging(true)}
					>
						{t('field.change')}
					</Anchor>
				)}
			</div>
		);
	return (
		<div style={{ display: 'flex', gap: 6 }}>
			<PasswordInput
				{...p.common}
				style={{ flex: 1 }}
				autoComplete="new-password"
				placeholder={p.create ? undefined : t('field.secretKept')}
				value={String(p.value ?? '')}
				onChange={(e) => p.onChange(e.currentTarget.value === '' ? undefined : e.currentTarget.value)}
				visible={shown}
				onVisibilityChange={setShown}
				visibilityToggleButtonProps={{ 'aria-label': shown ? t('field.hide') : t('field.reveal') }}
			/>
			{p.field.characters === undefined ? (
				<Tooltip label={t('field.newSecret')}>
					<ActionIcon
						variant="default"
						size={36}
						aria-label={t('field.newSecret')}
						onClick={() => {
							p.onChange(strongPassword());
							setShown(true);
						}}
					>
						<Icon name="refresh" size={17} />
					</ActionIcon>
				</Tooltip>
			) : null}
		</div>
	);
}
