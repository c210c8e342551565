// "Undo" in the message after a change.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { api } from '@/api/client';
import { useMay } from '@/api/session';
import { useI18n } from '@/i18n';
import { useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

export function useUndo() {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const may = useMay();
	const client = useQueryClient();
	return useCallback(
		(id: number | undefined) =>
			id && may('administrator')
				? {
						label: t('undo'),
						run: () =>
							void api.post(`config/undo/${id}`).then(
								() => {
									toast(t('undone'));
									void client.invalidateQueries({ queryKey: ['rows'] });
									void client.invalidateQueries({ queryKey: ['history'] });
								},
								(e: unknown) => toast(say(e)),
							),
					}
				: undefined,
		[t, toast, say, may, client],
	);
}
