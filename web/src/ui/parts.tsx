// Small parts that all pages are made of.
import { ActionIcon, Anchor, Button, Center, Loader, Modal, Text, Title, Tooltip } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { ApiError } from '@/api/client';
import { useI18n } from '@/i18n';
import { Icon, type IconName } from './icons';

/** The head of a page: its name (also of the browser's tab), a sentence, and what can be done. */
export function PageHead({ title, text, children }: { title: string; text?: ReactNode; children?: ReactNode }) {
	useEffect(() => {
		document.title = `${title} · offhook`;
	}, [title]);
	return (
		<div className="page-head">
			<div>
				<Title order={1}>{title}</Title>
				{text && (
					<Text c="dimmed" size="sm" mt={2}>
						{text}
					</Text>
				)}
			</div>
			{children && <div style={{ display: 'flex', gap: 8, flexWrap: 'wrap', alignItems: 'center' }}>{children}</div>}
		</div>
	);
}

/** Something is on its way; shown only when it takes longer than a moment. */
export function Loading({ height = 200 }: { height?: number | string }) {
	const { t } = useI18n();
	const [show, setShow] = useState(false);
	useEffect(() => {
		const timer = setTimeout(() => setShow(true), 250);
		return () => clearTimeout(timer);
	}, []);
	return (
		<Center h={height} role="status">
			{show && (
				<>
					<Loader size="sm" />
					<span className="visually-hidden">{t('loading')}</span>
				</>
			)}
		</Center>
	);
}

/** There is nothing, and what one can do about it. */
export function Nothing({
	icon,
	title,
	text,
	children,
}: {
	icon: IconName;
	title: string;
	text?: ReactNode;
	children?: ReactNode;
}) {
	return (
		<div className="nothing">
			<Icon name={icon} size={36} strokeWidth={1.3} />
			<Text component="div" fw={600}>
				{title}
			</Text>
			{text && <p>{text}</p>}
			{children}
		</div>
	);
}

/** What an error says to people, in their language where it is one that the page knows. */
export function useErrorText() {
	const { t, duration } = useI18n();
	return (e: unknown): string => {
		if (!(e instanceof ApiError)) return e instanceof Error ? e.message : String(e);
		switch (e.code) {
			case 'unreachable':
				return t('err.unreachable');
			case 'changed_meanwhile':
				return t('err.changed');
			case 'busy':
			case 'stopping':
			case 'out_of_memory':
				return t('err.busy');
			case 'forbidden':
				return t('err.forbidden');
			case 'too_many':
			case 'later':
				return t('err.later', { time: duration(e.retryAfter || 60) });
			default:
				return e.message;
		}
	};
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
	const { t } = useI18n();
	const text = useErrorText();
	return (
		<div role="alert">
			<Nothing icon="alert" title={t('err.title')} text={text(error)}>
				{retry && (
					<Button variant="default" onClick={retry} leftSection={<Icon name="refresh" size={16} />}>
						{t('retry')}
					</Button>
				)}
			</Nothing>
		</div>
	);
}

/** A coloured dot with words: colour alone says nothing to some. */
export function State({ tone, children }: { tone: 'good' | 'warn' | 'bad' | 'off'; children: ReactNode }) {
	return (
		<span className="state">
			<span className="dot" data-tone={tone} />
			{children}
		</span>
	);
}

/** Copies, and says so. Also where the browser has no clipboard (a page without TLS). */
export async function copyText(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = document.createElement('textarea');
		area.value = text;
		area.style.position = 'fixed';
		area.style.opacity = '0';
		document.body.append(area);
		area.select();
		const done = document.execCommand('copy');
		area.remove();
		return done;
	}
}

export function CopyButton({ text, label }: { text: string; label: string }) {
	const { t } = useI18n();
	const [done, setDone] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	return (
		<Tooltip label={done ? t('copied') : label}>
			<ActionIcon
				variant="subtle"
				color="gray"
				aria-label={done ? t('copied') : label}
				onClick={async () => {
					if (!(await copyText(text))) return;
					setDone(true);
					clearTimeout(timer.current);
					timer.current = setTimeout(() => setDone(false), 2000);
				}}
			>
				<Icon name={done ? 'check' : 'copy'} size={16} />
			</ActionIcon>
		</Tooltip>
	);
}

/** Asks before something that hurts. */
export function Confirm(p: {
	opened: boolean;
	title: string;
	children: ReactNode;
	action: string;
	danger?: boolean;
	busy?: boolean;
	onConfirm: () => void;
	onClose: () => void;
}) {
	const { t } = useI18n();
	return (
		<Modal opened={p.opened} onClose={p.onClose} title={p.title} closeButtonProps={{ 'aria-label': t('close') }}>
			<Text size="sm" component="div">
				{p.children}
			</Text>
			<div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 20 }}>
				<Button variant="default" onClick={p.onClose} data-autofocus>
					{t('cancel')}
				</Button>
				<Button {...(p.danger ? { color: 'red.9' } : {})} loading={p.busy ?? false} onClick={p.onConfirm}>
					{p.action}
				</Button>
			</div>
		</Modal>
	);
}

/** The way back to a list. */
export function BackLink({ href, onClick, children }: { href: string; onClick: () => void; children: ReactNode }) {
	return (
		<Anchor
			href={href}
			size="sm"
			style={{ display: 'inline-flex', alignItems: 'center', gap: 4, marginBottom: 10 }}
			onClick={(e) => {
				if (e.metaKey || e.ctrlKey || e.shiftKey) return;
				e.preventDefault();
				onClick();
			}}
		>
			<Icon name="left" size={15} />
			{children}
		</Anchor>
	);
}
