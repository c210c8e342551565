// Under a field of patterns: what each of them means, numbers that fit, and a box to try one.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { fits, meaning, splitPatterns } from './patterns';

export function PatternHelp({ text, words = [] }: { text: string; words?: string[] }) {
	const { t } = useI18n();
	const [number, setNumber] = useState('');
	const list = splitPatterns(text).filter((p) => !words.includes(p));
	if (!list.length) return null;
	const tried = number.replace(/[\s()/.-]/g, '');
	return (
		<div className="patterns">
			<ul>
				{list.slice(0, 12).map((p, i) => {
					const m = meaning(p);
					const fit = tried ? fits(p, tried) : null;
					return (
						<li key={`${p}-${i}`} data-bad={!m.sound}>
							<code>{p}</code>
							<span>
								{t(m.words.key, m.words.params)}
								{m.examples.length > 0 && (
									<small>
										{t('pat.example', { n: m.examples.join(', ') })}
										{m.sent !== undefined && ` · ${t('pat.sent', { n: m.sent || t('pat.nothing') })}`}
									</small>
								)}
							</span>
							{tried && (
								<b data-fit={fit === null ? 'maybe' : fit}>
									<Icon name={fit ? 'check' : fit === null ? 'info' : 'x'} size={15} />
									{t(fit ? 'pat.fits' : fit === null ? 'pat.maybe' : 'pat.fitsNot')}
								</b>
							)}
						</li>
					);
				})}
			</ul>
			<TextInput
				size="xs"
				maw={240}
				mt={8}
				inputMode="tel"
				aria-label={t('pat.try')}
				placeholder={t('pat.try')}
				value={number}
				onChange={(e) => setNumber(e.currentTarget.value)}
			/>
		</div>
	);
}
