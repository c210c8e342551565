// The sound of a call: a colour, a word, the figures.
import { Tooltip } from '@mantine/core';
import type { Call, CallLeg } from '@/api/types';
import { useI18n } from '@/i18n';
import { State } from '@/ui/parts';
import { mark, tone } from './quality';

const now = (l: CallLeg) => l.mos_now || l.mos || 0;
/** The leg that sounds worst at this moment. */
export function worstLeg(c: Call): CallLeg | undefined {
	return c.legs.filter((l) => now(l) > 0).sort((a, b) => now(a) - now(b))[0];
}

export function Mos({ mos }: { mos: number }) {
	const { t, number } = useI18n();
	if (!mos) return <span className="quiet">—</span>;
	return (
		<State tone={tone(mos)}>
			{t(`mos.${mark(mos)}`)}
			<span className="quiet num">{number(mos, { minimumFractionDigits: 1, maximumFractionDigits: 1 })}</span>
		</State>
	);
}

/** Of a live call: the worst of its legs, with loss and jitter. */
export function CallSound({ call }: { call: Call }) {
	const { t, number } = useI18n();
	const l = worstLeg(call);
	if (!l) return <span className="quiet">—</span>;
	const loss = number(l.lost_percent_now ?? 0, { maximumFractionDigits: 1 });
	const jitter = number(l.jitter_ms ?? 0, { maximumFractionDigits: 0 });
	return (
		<Tooltip label={t('mos.help')}>
			<span style={{ display: 'inline-flex', gap: 14, alignItems: 'baseline', flexWrap: 'wrap' }}>
				<Mos mos={now(l)} />
				<span className="quiet num small" style={{ whiteSpace: 'nowrap' }}>
					{t('mos.figures', { loss, jitter })}
				</span>
			</span>
		</Tooltip>
	);
}
