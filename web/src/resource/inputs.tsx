// Inputs that several pages put in the place of the usual ones: a country by its name, several of them, a time zone,
// where a call leads.
import { Anchor, Autocomplete, Select, TagsInput, Text, type ComboboxItem, type OptionsFilter } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import type { Page, Row, Value } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';

/** Countries and territories that the server knows (src/pbx/country_table.c). */
export const countries = (
	'AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA ' +
	'CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA ' +
	'GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH ' +
	'KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MP MR MS MT MU MV MW MX ' +
	'MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC ' +
	'SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US ' +
	'UY VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW'
).split(' ');

export function useCountryNames() {
	const { lang } = useI18n();
	return useMemo(() => {
		const names = new Intl.DisplayNames([lang === 'zh' ? 'zh-CN' : 'en'], { type: 'region' });
		const name = (iso: string) => {
			try {
				return names.of(iso) ?? iso;
			} catch {
				return iso;
			}
		};
		const sort = new Intl.Collator(lang === 'zh' ? 'zh-CN' : 'en');
		const data = countries.map((c) => ({ value: c, label: name(c) })).sort((a, b) => sort.compare(a.label, b.label));
		return { name, data };
	}, [lang]);
}

/** By name, and by the two letters. */
const filter: OptionsFilter = ({ options, search }) => {
	const s = search.trim().toLowerCase();
	return (options as ComboboxItem[]).filter(
		(o) => !s || o.label.toLowerCase().includes(s) || o.value.toLowerCase() === s,
	);
};

interface Own {
	value: Value | undefined;
	onChange: (v: Value | undefined) => void;
	common: Record<string, unknown>;
}

export function CountryInput({ value, onChange, common, empty }: Own & { empty?: string }) {
	const { data } = useCountryNames();
	const { t } = useI18n();
	return (
		<Select
			{...common}
			data={data}
			searchable
			filter={filter}
			clearable
			clearButtonProps={{ 'aria-label': t('in.clear') }}
			limit={60}
			placeholder={empty ?? t('in.country')}
			nothingFoundMessage={t('in.noCountry')}
			value={value ? String(value).toUpperCase() : null}
			onChange={(v) => onChange(v ?? '')}
		/>
	);
}

export function CountriesInput({ value, onChange, common }: Own) {
	const { name, data } = useCountryNames();
	const { t } = useI18n();
	const words = String(value ?? '')
		.split(/[\s,]+/)
		.filter(Boolean);
	// what stands in the box is the name; what is kept are the two letters, or "+33" as it was typed
	const codes = new Map(data.map((d) => [d.label.toLowerCase(), d.value]));
	return (
		<>
			<TagsInput
				{...common}
				data={data.map((d) => d.label)}
				limit={60}
				placeholder={words.length ? undefined : t('in.countries')}
				value={words.map((w) => (/^[a-z]{2}$/i.test(w) ? name(w.toUpperCase()) : w))}
				onChange={(v) => onChange(v.map((x) => codes.get(x.toLowerCase()) ?? x.replace(/\s+/g, '')).join(' '))}
				splitChars={[',']}
				acceptValueOnBlur
			/>
		</>
	);
}

export function ZoneInput({ value, onChange, common }: Own) {
	const { t } = useI18n();
	const zones = useMemo(() => {
		const list = Intl.supportedValuesOf('timeZone');
		return list.includes('UTC') ? list : ['UTC', ...list];
	}, []);
	const v = String(value ?? '');
	return (
		<Select
			{...common}
			data={v && !zones.includes(v) ? [v, ...zones] : zones}
			searchable
			clearable
			clearButtonProps={{ 'aria-label': t('in.clear') }}
			limit={60}
			placeholder={t('in.zoneMachine')}
			nothingFoundMessage={t('in.noZone')}
			value={v || null}
			onChange={(x) => onChange(x ?? '')}
		/>
	);
}

/* ------------------------------------------------------------------ where a call leads */

const functions = ['*43', 'refuse', 'dialled'] as const;

interface Leads {
	kind: 'extension' | 'conference' | 'feature' | 'refuse' | 'dialled' | 'nothing' | 'outside';
	name: string;
}

/** What a target is; undefined while it is looked up. */
export function useTarget(target: string): Leads | undefined {
	const s = target.trim();
	const local = useMemo((): Leads | null => {
		if (!s) return { kind: 'nothing', name: '' };
		if (/^(refuse|hangup)\b/i.test(s)) return { kind: 'refuse', name: s };
		if (s === 'dialled') return { kind: 'dialled', name: '' };
		if (/^\*/.test(s)) return { kind: 'feature', name: s };
		return null;
	}, [s]);
	const q = useQuery({
		queryKey: ['rows', 'target', s],
		queryFn: async ({ signal }): Promise<Leads> => {
			for (const [plural, kind] of [
				['extensions', 'extension'],
				['conferences', 'conference'],
			] as const) {
				try {
					const row = await api.get<Row>(`${plural}/${part(s)}`, { signal });
					return { kind, name: String(row['name'] ?? '') };
				} catch (e) {
					if (!(e instanceof ApiError && e.status === 404)) throw e;
				}
			}
			return { kind: /^\+|^0/.test(s) || s.length > 6 ? 'outside' : 'nothing', name: s };
		},
		enabled: local === null,
		staleTime: 15_000,
	});
	return local ?? q.data;
}

/** Says where a target leads, in words. */
export function TargetWords({ target, link }: { target: string; link?: boolean }) {
	const { t } = useI18n();
	const x = useTarget(target);
	if (!target.trim() || !x) return null;
	const bad = x.kind === 'nothing';
	const words = bad ? t('tgt.nothing', { n: target }) : t(`tgt.${x.kind}`, { n: target, name: x.name || target });
	const path = x.kind === 'extension' ? 'extensions' : x.kind === 'conference' ? 'conferences' : null;
	return (
		<Text component="div" size="sm" mt={5} c={bad ? 'var(--warn)' : 'dimmed'} style={{ display: 'flex', gap: 6 }}>
			<Icon name={bad ? 'alert' : 'right'} size={16} style={{ flex: 'none', marginTop: 2 }} />
			<span>
				{path && link ? (
					<Anchor component={Link} size="sm" href={`/${path}/${part(target)}`}>
						{words}
					</Anchor>
				) : (
					words
				)}
			</span>
		</Text>
	);
}

/** Extensions and conferences are found by number and name; functions and refusals stand below. */
export function TargetInput({
	value,
	onChange,
	common,
	incoming,
	placeholder,
}: Own & { incoming?: boolean; placeholder?: string }) {
	const { t } = useI18n();
	const s = String(value ?? '');
	const [typed, setTyped] = useState('');
	const [slow] = useDebouncedValue(typed.trim(), 200);
	const rows = useQuery({
		queryKey: ['rows', 'targets', slow],
		queryFn: async ({ signal }) => {
			const get = (plural: string) =>
				api
					.get<Page<Row>>(plural, { query: { q: slow, limit: 20 }, signal })
					.then((p) => p.items)
					.catch(() => []);
			const [e, c] = await Promise.all([get('extensions'), get('conferences')]);
			return { e, c };
		},
		staleTime: 15_000,
		placeholderData: keepPreviousData,
	});
	const labels = new Map<string, string>();
	const items = (list: Row[]) =>
		list.map((r) => {
			const n = String(r['number']);
			labels.set(n, r['name'] ? `${n} · ${String(r['name'])}` : n);
			return n;
		});
	const other = functions.filter((f) => incoming || f !== 'dialled');
	for (const f of other) labels.set(f, t(`tgt.pick.${f}`));
	const data = [
		{ group: t('tgt.extensions'), items: items(rows.data?.e ?? []) },
		{ group: t('tgt.conferences'), items: items(rows.data?.c ?? []) },
		{ group: t('tgt.other'), items: [...other] },
	].filter((g) => g.items.length);
	return (
		<Autocomplete
			{...common}
			data={data}
			filter={({ options, search }) => {
				const w = search.trim().toLowerCase();
				if (!w || w === s.toLowerCase()) return options;
				return options
					.map((g) =>
						'items' in g
							? {
									...g,
									items: g.items.filter((i) => (labels.get(i.value) ?? i.value).toLowerCase().includes(w)),
								}
							: g,
					)
					.filter((g) => !('items' in g) || g.items.length);
			}}
			renderOption={({ option }) => labels.get(option.value) ?? option.value}
			placeholder={placeholder ?? t('tgt.placeholder')}
			maxDropdownHeight={280}
			autoComplete="off"
			value={s}
			onChange={(v) => {
				setTyped(v);
				onChange(v);
			}}
		/>
	);
}
