// How calls end, in words.
import type { Cdr } from '@/api/types';
import { useI18n, type Key } from '@/i18n';
import { State } from '@/ui/parts';
import type { Tone } from './quality';

export const outcomes = ['answered', 'no answer', 'busy', 'cancelled', 'declined', 'unreachable', 'failed'] as const;
const tones: Record<string, Tone> = {
	answered: 'good',
	'no answer': 'warn',
	busy: 'warn',
	cancelled: 'off',
	declined: 'warn',
	unreachable: 'bad',
	failed: 'bad',
};
export const outcomeKey = (o: string): Key | null =>
	(outcomes as readonly string[]).includes(o) ? (`outcome.${o.replace(' ', '_')}` as Key) : null;

export function Outcome({ cdr }: { cdr: Pick<Cdr, 'outcome' | 'final'> }) {
	const { t } = useI18n();
	if (cdr.final === false) return <State tone="good">{t('outcome.running')}</State>;
	const key = outcomeKey(cdr.outcome);
	return <State tone={tones[cdr.outcome] ?? 'off'}>{key ? t(key) : cdr.outcome}</State>;
}

/** A name with its number, or the number alone; a caller who hides is said to. */
export function Who({ number, name }: { number?: string | null; name?: string | null | undefined }) {
	const { t } = useI18n();
	if (!number && !name) return <i className="who">{t('who.hidden')}</i>;
	return (
		<span className="who">
			<b>{name || number}</b>
			{name && number ? <span className="quiet num"> {number}</span> : null}
		</span>
	);
}
