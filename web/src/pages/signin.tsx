// Sign in: name and password, and a code where a second factor is set.
import { Alert, Button, PasswordInput, PinInput, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type FormEvent } from 'react';
import { api, ApiError } from '@/api/client';
import { useSession } from '@/api/session';
import type { Session } from '@/api/types';
import { useI18n } from '@/i18n';
import { useErrorText } from '@/ui/parts';
import { Gate } from './gate';

export function SignIn() {
	const { t } = useI18n();
	const text = useErrorText();
	const { signedIn, ended } = useSession();
	const [name, setName] = useState('');
	const [password, setPassword] = useState('');
	const [code, setCode] = useState('');
	const [step, setStep] = useState<'password' | 'code'>('password');
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState('');
	const passwordAt = useRef<HTMLInputElement>(null);
	const setup = useQuery({
		queryKey: ['setup'],
		queryFn: () => api.get<{ needed: boolean }>('setup', { mayBeNobody: true }),
		retry: false,
	});

	const submit = async (e?: FormEvent, digits = code) => {
		e?.preventDefault();
		if (busy) return;
		setBusy(true);
		setError('');
		try {
			const body = { name: name.trim(), password, ...(step === 'code' ? { code: digits } : {}) };
			signedIn(await api.post<Session>('session', body, { mayBeNobody: true }));
		} catch (err) {
			if (err instanceof ApiError && err.status === 401) {
				if (/code|totp/.test(err.code)) {
					if (step === 'code') setError(t('signin.wrongCode'));
					setStep('code');
					setCode('');
				} else {
					setError(t('signin.wrong'));
					setStep('password');
					setPassword('');
					setTimeout(() => passwordAt.current?.focus());
				}
			} else setError(text(err));
		} finally {
			setBusy(false);
		}
	};
	return (
		<Gate title={t('signin.title')} text={step === 'code' ? t('signin.codeText') : undefined}>
			<form onSubmit={(e) => void submit(e)} noValidate>
				{setup.data?.needed && (
					<Alert color="sea" mb="md">
						{t('signin.setup')}
					</Alert>
				)}
				{ended && !error && step === 'password' && (
					<Alert color="gray" mb="md" role="status">
						{t('signin.again')}
					</Alert>
				)}
				<div role="alert">
					{error && (
						<Text size="sm" c="var(--bad)" mb="md">
							{error}
						</Text>
					)}
				</div>
				{step === 'password' ? (
					<>
						<TextInput
							label={t('signin.name')}
							name="username"
							autoComplete="username"
							autoCapitalize="none"
							spellCheck={false}
							autoFocus
							required
							withAsterisk={false}
							value={name}
							onChange={(e) => setName(e.currentTarget.value)}
						/>
						<PasswordInput
							ref={passwordAt}
							mt="md"
							label={t('signin.password')}
							name="password"
							autoComplete="current-password"
							required
							withAsterisk={false}
							value={password}
							onChange={(e) => setPassword(e.currentTarget.value)}
							visibilityToggleButtonProps={{ 'aria-label': t('field.reveal') }}
						/>
					</>
				) : (
					<PinInput
						length={6}
						type="number"
						oneTimeCode
						autoFocus
						aria-label={t('signin.code')}
						getInputProps={(i) => ({ 'aria-label': `${t('signin.code')} ${i + 1}` })}
						value={code}
						onChange={setCode}
						onComplete={(v) => void submit(undefined, v)}
						style={{ justifyContent: 'center' }}
					/>
				)}
				<Button type="submit" fullWidth mt="lg" size="md" loading={busy}>
					{t('signin.submit')}
				</Button>
				{step === 'code' && (
					<Button variant="subtle" fullWidth mt={6} onClick={() => (setStep('password'), setCode(''), setError(''))}>
						{t('cancel')}
					</Button>
				)}
			</form>
		</Gate>
	);
}
