// What resources, fields and choices are called. English comes from the schema, Chinese from i18n/zh-schema.ts.
import { humanise, useI18n, type SchemaTexts } from '@/i18n';
import type { Row, SchemaField, SchemaResource, Value } from '@/api/types';

export interface SchemaText {
	texts: SchemaTexts;
	label: (r: SchemaResource, f: SchemaField) => string;
	help: (r: SchemaResource, f: SchemaField) => string;
	choice: (r: SchemaResource, f: SchemaField, c: string) => string;
	group: (g: string) => string;
	unit: (u: string) => string;
}

export function makeSchemaText(texts: SchemaTexts): SchemaText {
	return {
		texts,
		label: (r, f) => texts[`${r.name}.${f.name}`]?.[0] ?? humanise(f.name),
		help: (r, f) => texts[`${r.name}.${f.name}`]?.[1] ?? f.help,
		choice: (r, f, c) => texts[`${r.name}.${f.name}=${c}`]?.[0] ?? humanise(c),
		group: (g) => texts[`group:${g}`]?.[0] ?? g,
		unit: (u) => texts[`unit:${u}`]?.[0] ?? u,
	};
}
export function useSchemaText(): SchemaText {
	return makeSchemaText(useI18n().schema);
}
/** "Extension" (one) or "Extensions". */
export function resourceName(text: SchemaText, r: SchemaResource, count: number): string {
	const t = text.texts[r.name];
	if (t) return t[0];
	return count === 1 ? r.title : r.titles;
}
export function resourceHelp(text: SchemaText, r: SchemaResource): string {
	return text.texts[r.name]?.[1] ?? r.help;
}

export const isHidden = (f: SchemaField) => f.type === 'secret' || f.type === 'password';
export const keyField = (r: SchemaResource) => r.fields.find((f) => f.name === r.key)!;
/** The field that people know a row by. */
export const nameField = (r: SchemaResource) => r.fields.find((f) => f.name === r.display);

/** "100 · Front desk", or the key alone. */
export function rowTitle(r: SchemaResource, row: Row): string {
	const key = String(row[r.key] ?? '');
	const n = nameField(r);
	const name = n && n.name !== r.key ? String(row[n.name] ?? '') : '';
	return name ? `${key} · ${name}` : key;
}

export function useValueText() {
	const { t, date, number } = useI18n();
	const text = useSchemaText();
	return (r: SchemaResource, f: SchemaField, v: Value | undefined): string => {
		if (v === null || v === undefined || v === '') return '';
		if (isHidden(f)) return t('field.secretSet');
		if (f.type === 'boolean') return v ? t('field.on') : t('field.off');
		if (f.type === 'choice') return text.choice(r, f, String(v));
		if (f.type === 'time') return Number(v) ? date(Number(v)) : '';
		if (f.type === 'integer') return f.unit ? `${number(Number(v))} ${text.unit(f.unit)}` : String(v);
		return String(v);
	};
}
