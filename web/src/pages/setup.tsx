// /setup#TOKEN: the first administrator. The token is behind '#', so that it never stands in a server's log.
import { Button, PasswordInput, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { api, ApiError } from '@/api/client';
import { useSession } from '@/api/session';
import type { Session } from '@/api/types';
import { useI18n } from '@/i18n';
import { useErrorText } from '@/ui/parts';
import { Gate } from './gate';

export default function Setup() {
	const { t } = useI18n();
	const say = useErrorText();
	const { signedIn } = useSession();
	const [, go] = useLocation();
	const [token] = useState(() => decodeURIComponent(window.location.hash.replace(/^#/, '')));
	const [name, setName] = useState('admin');
	const [password, setPassword] = useState('');
	const [repeat, setRepeat] = useState('');
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [busy, setBusy] = useState(false);
	const setup = useQuery({
		queryKey: ['setup'],
		queryFn: () => api.get<{ needed: boolean }>('setup', { mayBeNobody: true }),
		retry: false,
	});

	const submit = async (e: FormEvent) => {
		e.preventDefault();
		const bad: Record<string, string> = {};
		if (!name.trim()) bad['name'] = t('setup.nameMissing');
		if ([...password].length < 10) bad['password'] = t('setup.short');
		else if (password !== repeat) bad['repeat'] = t('setup.mismatch');
		setErrors(bad);
		const first = ['name', 'password', 'repeat'].find((f) => bad[f]);
		if (first) {
			document.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
			return;
		}
		setBusy(true);
		try {
			const s = await api.post<Session>('setup', { token, name: name.trim(), password }, { mayBeNobody: true });
			go('/welcome', { replace: true });
			signedIn(s);
		} catch (err) {
			const fields = err instanceof ApiError ? err.fields : [];
			if (fields.length) setErrors(Object.fromEntries(fields.map((f) => [f.field, f.message])));
			else if (err instanceof ApiError && (err.status === 401 || err.status === 403))
				setErrors({ form: t('setup.badToken') });
			else setErrors({ form: say(err) });
		} finally {
			setBusy(false);
		}
	};
	if (!token || setup.data?.needed === false)
		return (
			<Gate title={t('setup.title')} text={setup.data?.needed === false ? t('setup.done') : t('setup.noToken')}>
				<Button fullWidth onClick={() => go('/', { replace: true })}>
					{t('setup.toSignin')}
				</Button>
			</Gate>
		);
	return (
		<Gate title={t('setup.title')} text={t('setup.text')}>
			<form onSubmit={(e) => void submit(e)} noValidate>
				<div role="alert">
					{(errors['form'] ?? errors['token']) && (
						<Text size="sm" c="var(--bad)" mb="md">
							{errors['form'] ?? errors['token']}
						</Text>
					)}
				</div>
				<TextInput
					label={t('setup.name')}
					description={t('setup.nameHelp')}
					name="name"
					autoComplete="username"
					autoCapitalize="none"
					spellCheck={false}
					autoFocus
					value={name}
					onChange={(e) => setName(e.currentTarget.value)}
					error={errors['name']}
				/>
				<PasswordInput
					mt="md"
					label={t('setup.password')}
					description={t('setup.passwordHelp')}
					name="password"
					autoComplete="new-password"
					value={password}
					onChange={(e) => setPassword(e.currentTarget.value)}
					error={errors['password']}
					visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
				/>
				<PasswordInput
					mt="md"
					label={t('setup.repeat')}
					name="repeat"
					autoComplete="new-password"
					value={repeat}
					onChange={(e) => setRepeat(e.currentTarget.value)}
					error={errors['repeat']}
					visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
				/>
				<Button type="submit" fullWidth mt="lg" size="md" loading={busy}>
					{t('setup.submit')}
				</Button>
			</form>
		</Gate>
	);
}
