// The form of one row, made of the schema: groups, help, faults at their fields, what to do when somebody else was
// faster, and a bar to save that stays in sight.
import { Alert, Button, Paper } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { api, ApiError, part, type Answer } from '@/api/client';
import { useMay } from '@/api/session';
import type { Changed, Row, SchemaField, SchemaResource, Value } from '@/api/types';
import { useI18n } from '@/i18n';
import { useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { changes, checkField, normalise } from './check';
import { FieldRow, type OwnInput } from './field';
import { useLeaveGuard } from './guard';
import { isHidden, resourceName, useSchemaText } from './text';
import { useUndo } from './undo';

export type Values = Record<string, Value | undefined>;

export interface FormProps {
	resource: SchemaResource;
	/** Undefined: a new one. */
	row?: Row;
	etag?: string | undefined;
	/** What a new one begins with. */
	start?: Values;
	/** Fields that this page shows in a way of its own. */
	without?: string[];
	/** Inputs of its own for some fields. */
	inputs?: Record<string, (p: OwnInput) => ReactNode>;
	/** What stands under some fields, for instance what a pattern means; of what is typed now. */
	below?: Record<string, (values: Values, row: Row | undefined) => ReactNode>;
	/** Read the row again. */
	refresh?: () => Promise<Answer<Row> | undefined>;
	onSaved?: (row: Row & Partial<Changed>, created: boolean) => void;
	aside?: ReactNode;
}

/** Fields under their headings, in the order of the schema. */
export function groups(r: SchemaResource, without: string[] = []): { name: string | null; fields: SchemaField[] }[] {
	const out: { name: string | null; fields: SchemaField[] }[] = [];
	let name: string | null = null;
	for (const f of r.fields) {
		name = f.group ?? name;
		if (without.includes(f.name)) continue;
		let g = out.find((x) => x.name === name);
		if (!g) out.push((g = { name, fields: [] }));
		g.fields.push(f);
	}
	return out.filter((g) => g.fields.length);
}

function initial(r: SchemaResource, row: Row | undefined, start: Values | undefined): Values {
	const v: Values = {};
	for (const f of r.fields) {
		if (isHidden(f)) v[f.name] = start?.[f.name];
		else v[f.name] = row ? row[f.name] : (start?.[f.name] ?? f.default ?? (f.type === 'text' ? '' : undefined));
	}
	return v;
}

export function ResourceForm(p: FormProps) {
	const { resource: r, row } = p;
	const { t, n } = useI18n();
	const text = useSchemaText();
	const say = useErrorText();
	const toast = useToast();
	const may = useMay();
	const client = useQueryClient();
	const undo = useUndo();
	const create = row === undefined;
	const [base, setBase] = useState<{ row: Row; etag: string | undefined }>({ row: row ?? {}, etag: p.etag });
	const [values, setValues] = useState<Values>(() => initial(r, row, p.start));
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [formError, setFormError] = useState('');
	const [conflict, setConflict] = useState(false);
	const [busy, setBusy] = useState(false);
	const form = useRef<HTMLFormElement>(null);
	const readOnly = !may(r.write);
	const changed = useMemo(
		() => changes(r, create ? initialRow(r, p.start) : base.row, values),
		[r, create, base, values, p.start],
	);
	const dirty = !readOnly && Object.keys(changed).length > 0;
	useLeaveGuard(dirty && !busy);

	// the row changed elsewhere while nothing is typed here: show the newest
	useEffect(() => {
		if (!row || dirty || busy || p.etag === base.etag) return;
		setBase({ row, etag: p.etag });
		setValues(initial(r, row, undefined));
	}, [row, p.etag, dirty, busy, base.etag, r]);

	const set = useCallback((name: string, v: Value | undefined) => {
		setValues((o) => ({ ...o, [name]: v }));
		setErrors((o) => {
			if (!o[name]) return o;
			const { [name]: _, ...rest } = o;
			return rest;
		});
	}, []);
	const showErrors = (e: Record<string, string>) => {
		setErrors(e);
		const first = r.fields.find((f) => e[f.name]);
		if (first)
			setTimeout(() => {
				const at = form.current?.querySelector<HTMLElement>(`[data-field="${first.name}"] :is(input,textarea,button)`);
				at?.focus();
				at?.scrollIntoView({ block: 'center' });
			});
	};
	const check = () => {
		const e: Record<string, string> = {};
		for (const f of r.fields) {
			if (f.readonly || (!create && f.key)) continue;
			const bad = checkField(f, values[f.name], create);
			if (bad) e[f.name] = t(bad.key, bad.params);
		}
		return e;
	};

	const fail = (e: unknown) => {
		if (e instanceof ApiError && e.code === 'changed_meanwhile') setConflict(true);
		else if (e instanceof ApiError && e.fields.some((f) => r.fields.some((x) => x.name === f.field))) {
			showErrors(Object.fromEntries(e.fields.map((f) => [f.field, f.message])));
			setFormError(e.fields.find((f) => !r.fields.some((x) => x.name === f.field))?.message ?? '');
		} else setFormError(say(e));
	};

	const save = async (ev: FormEvent) => {
		ev.preventDefault();
		if (busy) return;
		setFormError('');
		const bad = check();
		if (Object.keys(bad).length) return showErrors(bad);
		setErrors({});
		setBusy(true);
		try {
			const body = create ? given(r, values) : changed;
			const key = part(String(base.row[r.key] ?? ''));
			const a = create
				? await api.request<Row & Partial<Changed>>('POST', r.plural, { body })
				: await api.request<Row & Partial<Changed>>('PATCH', `${r.plural}/${key}`, { body, ifMatch: base.etag });
			const { change_id: id, warnings, ...saved } = a.data as Row & Changed;
			setBase({ row: saved as Row, etag: a.etag });
			setValues(initial(r, saved as Row, undefined));
			if (!create) client.setQueryData(['rows', r.plural, 'one', String(saved[r.key])], { data: saved, etag: a.etag });
			void client.invalidateQueries({ queryKey: ['rows', r.plural] });
			void client.invalidateQueries({ queryKey: ['history'] });
			for (const w of warnings ?? []) toast(w);
			const what = { what: resourceName(text, r, 1), key: String(saved[r.key]) };
			if (r.only) toast(t('saved'), undo(id));
			else toast(t(create ? 'row.created' : 'row.changed', what), undo(id));
			p.onSaved?.(a.data, create);
		} catch (e) {
			fail(e);
		} finally {
			setBusy(false);
		}
	};
	const takeNewest = async () => {
		const a = await p.refresh?.();
		if (!a) return;
		const own = changed;
		setBase({ row: a.data, etag: a.etag });
		setValues({ ...initial(r, a.data, undefined), ...own });
		setConflict(false);
	};
	const count = Object.keys(errors).length;
	const list = groups(r, [...(p.without ?? []), ...(r.only ? [r.key] : [])]);
	return (
		<form ref={form} onSubmit={(e) => void save(e)} noValidate autoComplete="off">
			{readOnly && (
				<Alert color="gray" mb="md">
					{t('row.readOnly')}
				</Alert>
			)}
			<div role="alert">
				{conflict && (
					<Alert color="orange" title={t('row.changedMeanwhile')} mb="md">
						{t('row.changedMeanwhileText')}
						<div>
							<Button variant="default" mt="sm" onClick={() => void takeNewest()}>
								{t('row.takeNewest')}
							</Button>
						</div>
					</Alert>
				)}
				{formError && (
					<Alert color="red" mb="md">
						{formError}
					</Alert>
				)}
			</div>
			<div className={p.aside ? 'columns' : undefined}>
				<div>
					{list.map((g) => (
						<Paper
							key={g.name ?? ''}
							mb="md"
							component="section"
							aria-label={g.name ? text.group(g.name) : t('row.general')}
						>
							{(g.name || list.length > 1) && (
								<div className="section-head">
									<h2>{g.name ? text.group(g.name) : t('row.general')}</h2>
								</div>
							)}
							{g.fields
								.filter((f) => !(create && f.readonly))
								.map((f) => (
									<FieldRow
										key={`${f.name}:${base.etag ?? ''}`}
										resource={r}
										field={f}
										value={values[f.name]}
										stored={base.row[f.name]}
										error={errors[f.name]}
										create={create}
										readOnly={readOnly || (!create && f.key)}
										input={p.inputs?.[f.name]}
										below={p.below?.[f.name]?.(values, row)}
										onChange={(v) => set(f.name, v)}
									/>
								))}
						</Paper>
					))}
					{(dirty || create) && !readOnly && (
						<div className="save-bar">
							<span role="status">
								{count ? (
									<span style={{ color: 'var(--bad)' }}>{n('row.errors', count)}</span>
								) : create ? (
									''
								) : (
									t('row.unsaved')
								)}
							</span>
							{!create && (
								<Button
									variant="subtle"
									color="gray"
									onClick={() => {
										setValues(initial(r, base.row, undefined));
										setErrors({});
										setFormError('');
									}}
								>
									{t('row.discard')}
								</Button>
							)}
							<Button type="submit" loading={busy}>
								{t(create ? 'row.create' : 'save')}
							</Button>
						</div>
					)}
				</div>
				{p.aside && <aside style={{ display: 'grid', gap: 16 }}>{p.aside}</aside>}
			</div>
		</form>
	);
}

/** What a new row has before anything is typed. */
function initialRow(r: SchemaResource, start: Values | undefined): Row {
	const v = initial(r, undefined, start);
	return Object.fromEntries(Object.entries(v).filter(([, x]) => x !== undefined)) as Row;
}

/** All that is given for a new row; what is empty is left to the server. */
function given(r: SchemaResource, values: Values): Row {
	const out: Row = {};
	for (const f of r.fields) {
		const v = normalise(f, values[f.name]);
		if (v === undefined || v === null || v === '' || f.readonly) continue;
		out[f.name] = v;
	}
	return out;
}
