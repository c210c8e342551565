// Two languages, one small dictionary each. English comes with the page, Chinese is fetched when it is wanted.
// tsc sees to it that both have the same keys.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en } from './en';
import { enSchema } from './en-schema';

export type Key = keyof typeof en;
export type Lang = 'en' | 'zh';
export type Params = Record<string, string | number>;
/** [what it is called, its help sentence] of "resource" and "resource.field"; [text] of "resource.field=choice". */
export type SchemaTexts = Record<string, [string, string?]>;
interface Dictionary {
	texts: Record<Key, string>;
	schema: SchemaTexts;
}
export const languages: Record<Lang, string> = { en: 'English', zh: '简体中文' };

/** Put values in the place of {name}. */
export function fill(text: string, params?: Params): string {
	return params ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(params[name] ?? all)) : text;
}

/** The language that a browser asks for. */
export function browserLanguage(list: readonly string[]): Lang {
	for (const l of list) {
		if (/^zh\b/i.test(l)) return 'zh';
		if (/^en\b/i.test(l)) return 'en';
	}
	return 'en';
}

/** "call_limit" -> "Call limit": what a field is called in English, and anything that has no text of its own. */
export function humanise(name: string): string {
	const words = name.replace(/[_-]+/g, ' ').trim();
	const known: Record<string, string> = {
		id: 'ID',
		srtp: 'Encryption (SRTP)',
		dtmf: 'Key tones (DTMF)',
		pin: 'PIN',
		tls: 'TLS',
		ip: 'IP',
		csv: 'CSV',
		totp: 'Second factor',
	};
	const s = known[words] ?? words.replace(/\b(pin|tls|sip|ip|id|url|srtp|csv)\b/gi, (w) => w.toUpperCase());
	return s.charAt(0).toUpperCase() + s.slice(1);
}

export interface I18n {
	lang: Lang;
	setLang: (l: Lang) => void;
	t: (key: Key, params?: Params) => string;
	/** By number: the text of `${key}.one` or `${key}.other`. */
	n: (key: string, count: number, params?: Params) => string;
	schema: SchemaTexts;
	/** A moment: date and time, or "3 minutes ago" within a day. */
	when: (ms: number) => string;
	date: (ms: number, style?: Intl.DateTimeFormatOptions) => string;
	number: (n: number, style?: Intl.NumberFormatOptions) => string;
	/** 3725 -> "1:02:05", 65 -> "1:05". */
	clock: (seconds: number) => string;
	/** 93784 -> "1 day 2 hr". */
	duration: (seconds: number) => string;
	bytes: (n: number) => string;
}

export function clock(seconds: number): string {
	const s = Math.max(0, Math.floor(seconds));
	const two = (n: number) => String(n).padStart(2, '0');
	const h = Math.floor(s / 3600);
	return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

export function makeI18n(lang: Lang, d: Dictionary, setLang: (l: Lang) => void): I18n {
	const locale = lang === 'zh' ? 'zh-CN' : undefined;
	const rules = new Intl.PluralRules(lang);
	const relative = new Intl.RelativeTimeFormat(locale ?? 'en', { numeric: 'auto' });
	const number = (n: number, style?: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, style).format(n);
	const unit = (v: number, u: string) => number(v, { style: 'unit', unit: u, unitDisplay: 'short' });
	const date = (ms: number, style?: Intl.DateTimeFormatOptions) =>
		new Intl.DateTimeFormat(locale, style ?? { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
	return {
		lang,
		setLang,
		schema: d.schema,
		t: (key, params) => fill(d.texts[key], params),
		n: (key, count, params) => {
			const texts = d.texts as Record<string, string>;
			const text = texts[`${key}.${rules.select(count)}`] ?? texts[`${key}.other`] ?? key;
			return fill(text, { n: number(count), ...params });
		},
		number,
		date,
		when: (ms) => {
			const s = Math.round((ms - Date.now()) / 1000);
			const a = Math.abs(s);
			if (a < 60) return relative.format(0, 'second');
			if (a < 3600) return relative.format(Math.trunc(s / 60), 'minute');
			if (a < 86400) return relative.format(Math.trunc(s / 3600), 'hour');
			return date(ms);
		},
		clock,
		duration: (seconds) => {
			const s = Math.max(0, Math.floor(seconds));
			const parts: [number, string][] = [
				[Math.floor(s / 86400), 'day'],
				[Math.floor(s / 3600) % 24, 'hour'],
				[Math.floor(s / 60) % 60, 'minute'],
				[s % 60, 'second'],
			];
			const first = parts.findIndex(([v]) => v > 0);
			if (first < 0) return unit(0, 'second');
			return parts
				.slice(first, first + 2)
				.filter(([v]) => v > 0)
				.map(([v, u]) => unit(v, u))
				.join(' ');
		},
		bytes: (n) => {
			const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
			let i = 0;
			while (n >= 1000 && i < units.length - 1) {
				n /= 1000;
				i++;
			}
			return number(n, { style: 'unit', unit: units[i]!, maximumFractionDigits: n < 10 && i ? 1 : 0 });
		},
	};
}

const english: Dictionary = { texts: en, schema: enSchema };
const Context = createContext<I18n>(makeI18n('en', english, () => {}));
export const useI18n = () => useContext(Context);

function stored(): Lang | null {
	try {
		const l = localStorage.getItem('offhook.language');
		return l === 'en' || l === 'zh' ? l : null;
	} catch {
		return null;
	}
}

export function I18nProvider({ children }: { children: ReactNode }) {
	const [lang, setLang] = useState<Lang>(() => stored() ?? browserLanguage(navigator.languages));
	const [dict, setDict] = useState<{ lang: Lang; d: Dictionary } | null>(
		lang === 'en' ? { lang: 'en', d: english } : null,
	);
	useEffect(() => {
		let current = true;
		if (lang === 'en') setDict({ lang, d: english });
		else
			void Promise.all([import('./zh'), import('./zh-schema')]).then(
				([texts, schema]) => current && setDict({ lang, d: { texts: texts.zh, schema: schema.zhSchema } }),
				() => current && setDict({ lang: 'en', d: english }),
			);
		return () => {
			current = false;
		};
	}, [lang]);
	const value = useMemo(
		() =>
			dict &&
			makeI18n(dict.lang, dict.d, (l) => {
				try {
					localStorage.setItem('offhook.language', l);
				} catch {
					/* storage is switched off: for this visit only */
				}
				setLang(l);
			}),
		[dict],
	);
	useEffect(() => {
		if (dict) document.documentElement.lang = dict.lang === 'zh' ? 'zh-CN' : 'en';
	}, [dict]);
	return value && <Context.Provider value={value}>{children}</Context.Provider>;
}
