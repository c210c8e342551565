// Language and appearance: in the account menu, and on the pages before sign-in.
import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core';
import { languages, useI18n, type Lang } from '@/i18n';
import { Icon, type IconName } from '@/ui/icons';

export const schemes = [
	['light', 'sun', 'head.light'],
	['dark', 'moon', 'head.dark'],
	['auto', 'screen', 'head.auto'],
] as const satisfies readonly (readonly ['light' | 'dark' | 'auto', IconName, string])[];

export function Tick({ on }: { on: boolean }) {
	return on ? <Icon name="check" size={16} /> : null;
}

export function LanguageItems() {
	const { lang, setLang } = useI18n();
	return (Object.keys(languages) as Lang[]).map((l) => (
		<Menu.Item
			key={l}
			aria-current={l === lang}
			lang={l === 'zh' ? 'zh-CN' : 'en'}
			onClick={() => setLang(l)}
			rightSection={<Tick on={l === lang} />}
		>
			{languages[l]}
		</Menu.Item>
	));
}

export function SchemeItems() {
	const { t } = useI18n();
	const { colorScheme, setColorScheme } = useMantineColorScheme();
	return schemes.map(([s, icon, label]) => (
		<Menu.Item
			key={s}
			aria-current={s === colorScheme}
			leftSection={<Icon name={icon} size={17} />}
			onClick={() => setColorScheme(s)}
			rightSection={<Tick on={s === colorScheme} />}
		>
			{t(label)}
		</Menu.Item>
	));
}

/** Two small buttons. */
export function Choices() {
	const { t } = useI18n();
	return (
		<>
			<Menu withinPortal position="top">
				<Menu.Target>
					<ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('head.language')}>
						<Icon name="globe" />
					</ActionIcon>
				</Menu.Target>
				<Menu.Dropdown>
					<LanguageItems />
				</Menu.Dropdown>
			</Menu>
			<Menu withinPortal position="top">
				<Menu.Target>
					<ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('head.theme')}>
						<Icon name="moon" />
					</ActionIcon>
				</Menu.Target>
				<Menu.Dropdown>
					<SchemeItems />
				</Menu.Dropdown>
			</Menu>
		</>
	);
}
