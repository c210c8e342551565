// The last resort: a page that fails says so, in place of a white window.
import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useI18n } from '@/i18n';
import { Nothing } from './parts';

function Message() {
	const { t } = useI18n();
	return (
		<div role="alert">
			<Nothing icon="alert" title={t('err.crash')} text={t('err.crashText')}>
				<Button onClick={() => location.reload()}>{t('err.reload')}</Button>
			</Nothing>
		</div>
	);
}

export class Crash extends Component<{ children: ReactNode; at?: string }, { failed: boolean }> {
	override state = { failed: false };
	static getDerivedStateFromError() {
		return { failed: true };
	}
	override componentDidUpdate(before: { at?: string }) {
		if (this.state.failed && before.at !== this.props.at) this.setState({ failed: false });
	}
	override render() {
		return this.state.failed ? <Message /> : this.props.children;
	}
}
