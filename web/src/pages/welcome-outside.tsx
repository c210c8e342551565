// Steps of the guide that lead to the outside world: place, provider, numbers, the first route.
import { Alert, Anchor, Button, Input, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import type { Import, Page, Row, Value } from '@/api/types';
import { useI18n } from '@/i18n';
import { CountriesInput, CountryInput, countries, TargetInput, TargetWords, ZoneInput } from '@/resource/inputs';
import { Icon } from '@/ui/icons';
import { Failed, Loading, useErrorText } from '@/ui/parts';
import { Decision, Steps, useExplain } from './explain';
import { TrunkAdd, TrunkLive, TrunkState, useTrunkStatus } from './trunk-parts';
import type { StepProps } from './welcome';

/** The country of the browser's language, or of its time zone where that is clear. */
export function guessCountry(list: readonly string[]): string {
	for (const l of list) {
		const region = /^[a-z]{2,3}(?:-[A-Z][a-z]{3})?-([A-Z]{2})\b/.exec(l)?.[1];
		if (region && countries.includes(region)) return region;
	}
	return '';
}
const guessZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';

/** Faults by field, and what belongs to none. */
function faultsOf(e: unknown, fields: string[], say: (e: unknown) => string): Record<string, string> {
	const list = e instanceof ApiError ? e.fields.filter((f) => fields.includes(f.field)) : [];
	return list.length ? Object.fromEntries(list.map((f) => [f.field, f.message])) : { form: say(e) };
}

export function Fault({ text }: { text: string | undefined }) {
	return (
		<div role="alert">
			{text && (
				<Alert color="red" mt="md">
					{text}
				</Alert>
			)}
		</div>
	);
}

/* ------------------------------------------------------------------ place */

export function PlaceStep({ bar }: StepProps) {
	const { t } = useI18n();
	const say = useErrorText();
	const client = useQueryClient();
	const now = useQuery({
		queryKey: ['rows', 'place'],
		queryFn: async ({ signal }) => {
			const [n, s] = await Promise.all([
				api.get<Row>('numbering/main', { signal }),
				api.get<Row>('settings/main', { signal }),
			]);
			return { ...n, time_zone: s['time_zone'] ?? '' } as Row;
		},
		gcTime: 0,
	});
	const [v, setV] = useState<Record<string, Value | undefined> | null>(null);
	const [errors, setErrors] = useState<Record<string, string>>({});
	const row = now.data;
	useEffect(() => {
		if (!row || v) return;
		const fresh = !row['country'];
		setV({
			country: row['country'] || guessCountry(navigator.languages),
			area_code: row['area_code'] ?? '',
			location: row['location'] ?? '',
			time_zone: row['time_zone'] || (fresh ? guessZone() : ''),
		});
	}, [row, v]);
	if (now.isError) return <Failed error={now.error} retry={() => void now.refetch()} />;
	if (!v) return <Loading />;
	const set = (f: string) => (x: Value | undefined) => {
		setV({ ...v, [f]: x });
		setErrors({});
	};
	const save = async () => {
		if (!v['country']) {
			setErrors({ country: t('w.place.countryMissing') });
			document.querySelector<HTMLElement>('[name=country]')?.focus();
			return false;
		}
		try {
			await api.patch('numbering/main', {
				country: v['country'],
				area_code: String(v['area_code'] ?? '').replace(/\D/g, ''),
				location: String(v['location'] ?? '').trim(),
			});
			await api.patch('settings/main', { time_zone: v['time_zone'] ?? '' });
			void client.invalidateQueries({ queryKey: ['rows'] });
			return true;
		} catch (e) {
			setErrors(faultsOf(e, ['country', 'area_code', 'location', 'time_zone'], say));
			return false;
		}
	};
	return (
		<>
			<Stack gap="md" maw={520}>
				<CountryInput
					value={v['country']}
					onChange={set('country')}
					common={{
						name: 'country',
						label: t('w.place.country'),
						description: t('w.place.countryHelp'),
						error: errors['country'],
					}}
				/>
				<TextInput
					label={`${t('w.place.area')} (${t('optional')})`}
					description={t('w.place.areaHelp')}
					inputMode="numeric"
					styles={{ input: { maxWidth: 220 } }}
					error={errors['area_code']}
					value={String(v['area_code'] ?? '')}
					onChange={(e) => set('area_code')(e.currentTarget.value)}
				/>
				<ZoneInput
					value={v['time_zone']}
					onChange={set('time_zone')}
					common={{ label: t('w.place.zone'), description: t('w.place.zoneHelp'), error: errors['time_zone'] }}
				/>
				<TextInput
					label={t('w.place.location')}
					description={t('w.place.locationHelp')}
					placeholder={t('w.place.locationExample')}
					error={errors['location']}
					value={String(v['location'] ?? '')}
					onChange={(e) => set('location')(e.currentTarget.value)}
				/>
			</Stack>
			<Fault text={errors['form']} />
			{bar(save)}
		</>
	);
}

/* ------------------------------------------------------------------ provider */

export function ProviderStep({ bar }: StepProps) {
	const { t } = useI18n();
	const q = useTrunkStatus();
	const [made, setMade] = useState('');
	const [adding, setAdding] = useState(false);
	if (q.isPending) return <Loading />;
	if (!q.data) return <Failed error={q.error} retry={() => void q.refetch()} />;
	const list = q.data.items;
	const shown = made || list[list.length - 1]?.name || '';
	if (!shown || adding)
		return (
			<>
				<TrunkAdd
					onMade={(name) => {
						setMade(name);
						setAdding(false);
					}}
				/>
				{bar(undefined, t('w.provider.none'))}
			</>
		);
	return (
		<>
			{list
				.filter((s) => s.name !== shown)
				.map((s) => (
					<div key={s.name} style={{ display: 'flex', gap: 12, marginBottom: 8 }}>
						<b>{s.name}</b> <TrunkState s={s} />
					</div>
				))}
			<div className="framed">
				<div className="section-head">
					<h3>{shown}</h3>
				</div>
				<TrunkLive name={shown} auto={made === shown} bare />
			</div>
			<div style={{ display: 'flex', gap: 8, flexWrap: 'wrap', marginTop: 14 }}>
				<Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={() => setAdding(true)}>
					{t('w.provider.another')}
				</Button>
				<Button variant="subtle" component={Link} href={`/trunks/${part(shown)}`}>
					{t('w.provider.mend')}
				</Button>
			</div>
			{bar()}
		</>
	);
}

/* ------------------------------------------------------------------ numbers */

interface Did {
	number: string;
	target: string;
}
const quote = (s: string) => (/[",\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s);

export function NumbersStep({ bar }: StepProps) {
	const { t } = useI18n();
	const say = useErrorText();
	const client = useQueryClient();
	const dids = useQuery({
		queryKey: ['rows', 'dids', 'few'],
		queryFn: ({ signal }) => api.get<Page<Row>>('dids', { query: { limit: 20 }, signal }),
	});
	const [list, setList] = useState<Did[]>([{ number: '', target: '' }]);
	const [errors, setErrors] = useState<Record<string, string>>({});
	const set = (i: number, d: Partial<Did>) => {
		setList(list.map((x, k) => (k === i ? { ...x, ...d } : x)));
		setErrors({});
	};
	const save = async () => {
		const given = list.map((d, i) => ({ ...d, i })).filter((d) => d.number.trim() || d.target.trim());
		const bad: Record<string, string> = {};
		for (const d of given) {
			if (!d.number.trim()) bad[`${d.i}.number`] = t('field.required');
			if (!d.target.trim()) bad[`${d.i}.target`] = t('field.required');
		}
		setErrors(bad);
		if (Object.keys(bad).length) return false;
		if (!given.length) return true;
		try {
			const body = `number,target\n${given.map((d) => `${quote(d.number.trim())},${quote(d.target.trim())}`).join('\n')}\n`;
			await api.request<Import>('PUT', 'dids', { body, ctype: 'text/csv' });
			void client.invalidateQueries({ queryKey: ['rows'] });
			return true;
		} catch (e) {
			const faults =
				e instanceof ApiError && Array.isArray(e.body['fields'])
					? (e.body['fields'] as { line?: number; field?: string; message: string }[])
					: [];
			const out: Record<string, string> = {};
			for (const f of faults) {
				const d = given[(f.line ?? 2) - 2];
				if (d && (f.field === 'number' || f.field === 'target')) out[`${d.i}.${f.field}`] = f.message;
				else out['form'] = f.message;
			}
			setErrors(Object.keys(out).length ? out : { form: say(e) });
			return false;
		}
	};
	return (
		<>
			{(dids.data?.items.length ?? 0) > 0 && (
				<div style={{ marginBottom: 16 }}>
					{dids.data!.items.map((d) => (
						<div key={String(d['number'])} style={{ display: 'flex', gap: 10, alignItems: 'baseline' }}>
							<Icon name="check" size={15} style={{ color: 'var(--good)' }} />
							<b className="num">{String(d['number'])}</b>
							<TargetWords target={String(d['target'])} />
						</div>
					))}
				</div>
			)}
			<div style={{ display: 'grid', gap: 12, maxWidth: 640 }}>
				{list.map((d, i) => (
					<div key={i} className="pair-row">
						<TextInput
							label={t('w.numbers.number')}
							placeholder="+49 30 1234"
							inputMode="tel"
							autoComplete="off"
							error={errors[`${i}.number`]}
							value={d.number}
							onChange={(e) => set(i, { number: e.currentTarget.value })}
						/>
						<div>
							<TargetInput
								value={d.target}
								onChange={(v) => set(i, { target: String(v ?? '') })}
								common={{ label: t('w.numbers.target'), error: errors[`${i}.target`] }}
							/>
							<TargetWords target={d.target} />
						</div>
					</div>
				))}
				<div>
					<Button
						variant="subtle"
						leftSection={<Icon name="plus" size={16} />}
						onClick={() => setList([...list, { number: '', target: list[list.length - 1]?.target ?? '' }])}
					>
						{t('w.numbers.more')}
					</Button>
				</div>
			</div>
			<Fault text={errors['form']} />
			{bar(save)}
		</>
	);
}

/* ------------------------------------------------------------------ the way out */

const ways = { zero: '0|.', nine: '9|.', plain: 'X. +!' } as const;
type Way = keyof typeof ways;

export function RouteStep({ bar }: StepProps) {
	const { t } = useI18n();
	const say = useErrorText();
	const client = useQueryClient();
	const now = useQuery({
		queryKey: ['rows', 'way-out'],
		queryFn: async ({ signal }) => {
			const [routes, trunks, brakes, exts] = await Promise.all([
				api.get<Page<Row>>('routes_out', { query: { limit: 20, sort: 'order' }, signal }),
				api.get<Page<Row>>('trunks', { query: { limit: 50 }, signal }),
				api.get<Row>('brakes/main', { signal }),
				api.get<Page<Row>>('extensions', { query: { limit: 1 }, signal }),
			]);
			return { routes: routes.items, trunks: trunks.items, brakes, from: String(exts.items[0]?.['number'] ?? '') };
		},
	});
	const [way, setWay] = useState<Way>('zero');
	const [open, setOpen] = useState<string | null>(null);
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [number, setNumber] = useState('');
	const [asked, setAsked] = useState<string | null>(null);
	const explained = useExplain(asked && now.data ? { from: now.data.from, to: asked } : null);
	const trunks = useMemo(() => (now.data?.trunks ?? []).map((x) => String(x['name'])), [now.data]);
	if (now.isPending) return <Loading />;
	if (!now.data) return <Failed error={now.error} retry={() => void now.refetch()} />;
	const { routes, brakes } = now.data;
	const countriesOpen = open ?? String(brakes['countries'] ?? '');
	if (!trunks.length)
		return (
			<>
				<Alert color="gray" icon={<Icon name="info" />}>
					{t('w.route.noTrunk')}
				</Alert>
				{bar()}
			</>
		);
	const save = async () => {
		try {
			if (open !== null && open !== String(brakes['countries'] ?? ''))
				await api.patch('brakes/main', { countries: open });
			if (!routes.length)
				await api.post('routes_out', { name: 'outside', pattern: ways[way], trunks: trunks.join(' ') });
			await client.invalidateQueries({ queryKey: ['rows'] });
			return true;
		} catch (e) {
			setErrors(faultsOf(e, ['countries'], say));
			return false;
		}
	};
	return (
		<>
			<div style={{ display: 'grid', gap: 20, maxWidth: 560 }}>
				{routes.length ? (
					<div>
						{routes.map((r) => (
							<div key={String(r['name'])} style={{ display: 'flex', gap: 10, alignItems: 'baseline' }}>
								<Icon name="check" size={15} style={{ color: 'var(--good)' }} />
								<Anchor component={Link} href={`/routes_out/${part(String(r['name']))}`}>
									{String(r['name'])}
								</Anchor>
								<code>{String(r['pattern'])}</code>
							</div>
						))}
					</div>
				) : (
					<Radio.Group label={t('w.route.how')} value={way} onChange={(x) => setWay(x as Way)}>
						<Stack gap={10} mt={8}>
							{(Object.keys(ways) as Way[]).map((w) => (
								<Radio key={w} value={w} label={t(`w.route.${w}`)} description={t(`w.route.${w}Text`)} />
							))}
						</Stack>
					</Radio.Group>
				)}
				<Input.Wrapper
					label={t('w.route.abroad')}
					description={t('w.route.abroadText')}
					error={errors['countries']}
					labelProps={{ htmlFor: 'open-countries' }}
				>
					<div style={{ marginTop: 6 }}>
						<CountriesInput
							value={countriesOpen}
							onChange={(x) => setOpen(String(x ?? ''))}
							common={{ id: 'open-countries' }}
						/>
					</div>
				</Input.Wrapper>
				{routes.length > 0 && (
					<form
						onSubmit={(e) => {
							e.preventDefault();
							if (number.trim()) setAsked(number.trim());
						}}
					>
						<div style={{ display: 'flex', gap: 8, alignItems: 'flex-end' }}>
							<TextInput
								style={{ flex: 1 }}
								label={t('w.route.ask', { n: now.data.from })}
								inputMode="tel"
								placeholder="00301234567"
								value={number}
								onChange={(e) => setNumber(e.currentTarget.value)}
							/>
							<Button type="submit" variant="light" loading={explained.isFetching}>
								{t('ex.ask')}
							</Button>
						</div>
						<div aria-live="polite" style={{ marginTop: 12 }}>
							{explained.isError && (
								<Text size="sm" c="var(--bad)">
									{say(explained.error)}
								</Text>
							)}
							{explained.data && (
								<>
									<Decision x={explained.data} />
									<Steps x={explained.data} />
								</>
							)}
						</div>
					</form>
				)}
			</div>
			<Fault text={errors['form']} />
			{routes.length
				? bar(open === null ? undefined : save)
				: bar(async () => (await save(), false), t('w.route.make'))}
		</>
	);
}
