// The certificate: what phones and browsers see, until when, and its replacement.
import '@/system.css';
import { Alert, Button, FileButton, Paper, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ApiError } from '@/api/client';
import { useMay } from '@/api/session';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { CopyButton, Failed, Loading, PageHead, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

interface Cert {
	subject: string;
	names: string[];
	issuer: string;
	self_signed: boolean;
	fingerprint: string;
	key: string;
	not_before: number;
	not_after: number;
	days_left: number;
}

export default function Certificate() {
	const { t } = useI18n();
	const may = useMay();
	const q = useQuery({ queryKey: ['certificate'], queryFn: () => api.get<Cert>('certificate') });
	return (
		<>
			<PageHead title={t('nav.certificate')} text={t('cert.text')} />
			{q.isPending ? (
				<Loading />
			) : q.isError ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : (
				<div style={{ display: 'grid', gap: 16, maxWidth: 860 }}>
					<Facts c={q.data} />
					{may('administrator') && <Replace />}
				</div>
			)}
		</>
	);
}

/** "DNS:pbx.example" -> "pbx.example"; the kind is told by how it looks. */
const plain = (name: string) => name.replace(/^(DNS|IP|URI):/, '');

function Facts({ c }: { c: Cert }) {
	const { t, n, date } = useI18n();
	const day = (ms: number) => date(ms, { dateStyle: 'long' });
	return (
		<Paper component="section" aria-label={t('cert.now')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('cert.now')}</h2>
			</div>
			<div style={{ padding: '16px 20px', display: 'grid', gap: 14 }}>
				{c.days_left < 0 ? (
					<Alert color="red" title={t('cert.expired')}>
						{t('cert.expiredText')}
					</Alert>
				) : c.days_left < 30 ? (
					<Alert color="orange" title={n('cert.soon', c.days_left)}>
						{t('cert.soonText')}
					</Alert>
				) : (
					<State tone="good">{n('cert.good', c.days_left)}</State>
				)}
				{c.self_signed && <Alert color="gray">{t('cert.selfText')}</Alert>}
				<dl className="pairs">
					<dt>{t('cert.names')}</dt>
					<dd style={{ flexWrap: 'wrap' }}>
						{c.names
							.filter((x) => !x.startsWith('URI:'))
							.map((x) => (
								<code key={x} className="chip">
									{plain(x)}
								</code>
							))}
					</dd>
					<dt>{t('cert.issuer')}</dt>
					<dd>{c.self_signed ? t('cert.itself') : c.issuer}</dd>
					<dt>{t('cert.subject')}</dt>
					<dd>{c.subject}</dd>
					<dt>{t('cert.valid')}</dt>
					<dd>{t('cert.fromTo', { from: day(c.not_before), to: day(c.not_after) })}</dd>
					<dt>{t('cert.key')}</dt>
					<dd>{c.key}</dd>
					<dt>{t('cert.fingerprint')}</dt>
					<dd>
						<code className="mono" style={{ overflowWrap: 'anywhere', fontSize: '0.82em' }}>
							{c.fingerprint}
						</code>
						<CopyButton text={c.fingerprint} label={t('ext.copy', { what: t('cert.fingerprint') })} />
					</dd>
				</dl>
			</div>
		</Paper>
	);
}

function Replace() {
	const { t } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const [certificate, setCertificate] = useState('');
	const [key, setKey] = useState('');
	const [error, setError] = useState<{ field: string; text: string } | null>(null);
	const [busy, setBusy] = useState(false);
	const submit = async (e: FormEvent) => {
		e.preventDefault();
		if (!certificate.trim()) return setError({ field: 'certificate', text: t('cert.chooseCert') });
		if (!key.trim()) return setError({ field: 'key', text: t('cert.chooseKey') });
		setBusy(true);
		setError(null);
		try {
			const { data } = await api.request<Cert>('PUT', 'certificate', { body: { certificate, key } });
			client.setQueryData(['certificate'], data);
			setCertificate('');
			setKey('');
			toast(t('cert.replaced'));
		} catch (err) {
			setError({ field: err instanceof ApiError ? (err.fields[0]?.field ?? '') : '', text: say(err) });
		} finally {
			setBusy(false);
		}
	};
	const read = (set: (s: string) => void) => (f: File | null) => {
		if (!f) return;
		setError(null);
		if (f.size > 1_000_000) return setError({ field: '', text: t('cert.tooLarge') });
		void f.text().then(set);
	};
	const part = (field: 'certificate' | 'key', value: string, set: (s: string) => void) => (
		<div className="field" data-field={field}>
			<div>
				<label htmlFor={`cert-${field}`}>{t(`cert.${field}Label`)}</label>
				<p className="help" id={`cert-${field}-help`}>
					{t(`cert.${field}Help`)}
				</p>
			</div>
			<div style={{ display: 'grid', gap: 8 }}>
				<div>
					<FileButton onChange={read(set)} accept=".pem,.crt,.cer,.key,application/x-pem-file,text/plain">
						{(props) => (
							<Button
								{...props}
								variant="default"
								size="xs"
								leftSection={<Icon name="upload" size={15} />}
								aria-label={`${t('csv.choose')}: ${t(`cert.${field}Label`)}`}
							>
								{t('csv.choose')}
							</Button>
						)}
					</FileButton>
				</div>
				<Textarea
					id={`cert-${field}`}
					classNames={{ input: 'mono' }}
					autosize
					minRows={3}
					maxRows={8}
					spellCheck={false}
					autoComplete="off"
					placeholder={field === 'key' ? '-----BEGIN PRIVATE KEY-----' : '-----BEGIN CERTIFICATE-----'}
					aria-describedby={`cert-${field}-help`}
					value={value}
					onChange={(e) => set(e.currentTarget.value)}
					error={error?.field === field ? error.text : undefined}
				/>
			</div>
		</div>
	);
	return (
		<Paper component="section" aria-label={t('cert.replace')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('cert.replace')}</h2>
				<p>{t('cert.replaceText')}</p>
			</div>
			<form onSubmit={(e) => void submit(e)} noValidate>
				{part('certificate', certificate, setCertificate)}
				{part('key', key, setKey)}
				<div style={{ padding: '4px 20px 18px', display: 'grid', gap: 10, justifyItems: 'start' }}>
					<div role="alert">
						{error && error.field !== 'certificate' && error.field !== 'key' && (
							<Text size="sm" c="var(--bad)">
								{error.text}
							</Text>
						)}
					</div>
					<Button type="submit" loading={busy}>
						{t('cert.replace')}
					</Button>
				</div>
			</form>
		</Paper>
	);
}
