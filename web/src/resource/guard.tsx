// Nobody loses what was typed by a click beside the form.
import { useEffect } from 'react';
import { useI18n } from '@/i18n';

let guarded: (() => string) | null = null;

/** Ask before a page with unsaved entries is left: within the page by `mayLeave`, otherwise by the browser. */
export function useLeaveGuard(on: boolean) {
	const { t } = useI18n();
	useEffect(() => {
		if (!on) return;
		const question = () => `${t('row.leave')}\n${t('row.leaveText')}`;
		guarded = question;
		const unload = (e: BeforeUnloadEvent) => e.preventDefault();
		window.addEventListener('beforeunload', unload);
		return () => {
			if (guarded === question) guarded = null;
			window.removeEventListener('beforeunload', unload);
		};
	}, [on, t]);
}
/** Asked by the router before another address is shown. */
export function mayLeave(): boolean {
	if (!guarded) return true;
	const yes = window.confirm(guarded());
	if (yes) guarded = null;
	return yes;
}
