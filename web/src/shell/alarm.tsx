// An alarm: what is wrong, what to do about it, where that is done.
import { useI18n } from '@/i18n';
import type { Alarm } from '@/api/types';
import { Icon } from '@/ui/icons';
import { Link } from 'wouter';
import { part } from '@/api/client';

/** The page where an alarm's cause is seen. */
export function alarmPath(id: string): string | null {
	const [kind, rest] = [id.split(/[.:/ ]/)[0]!, id.replace(/^[^.:/ ]+[.:/ ]?/, '')];
	if (kind === 'trunk' && rest) return `/trunks/${part(rest)}`;
	if (kind === 'brake' || kind === 'brakes') return '/brakes';
	if (kind === 'certificate') return '/certificate';
	if (kind === 'recording') return '/recordings';
	if (kind === 'conference' && rest) return `/conferences/${part(rest)}`;
	if (kind === 'emergency') return '/calls';
	return null;
}

export function AlarmText({ alarm: a, level = 3, onGo }: { alarm: Alarm; level?: 2 | 3; onGo?: () => void }) {
	const { t, when } = useI18n();
	const path = alarmPath(a.id);
	const Head = level === 2 ? 'h2' : 'h3';
	return (
		<div className="alarm" data-tone={a.severity === 'critical' ? 'bad' : 'warn'}>
			<Icon name="alert" size={20} />
			<div>
				<Head>
					<span className="visually-hidden">{t(a.severity === 'critical' ? 'alarm.critical' : 'alarm.warning')}: </span>
					{a.text}
				</Head>
				{a.remedy && (
					<p>
						<b>{t('alarm.remedy')}</b> {a.remedy}
					</p>
				)}
				<small>
					{t('head.since', { when: when(a.since) })}
					{path && (
						<>
							{' · '}
							<Link href={path} onClick={() => onGo?.()}>
								{t('alarm.look')}
							</Link>
						</>
					)}
				</small>
			</div>
		</div>
	);
}
