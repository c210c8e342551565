// The frame of all pages: header, sidebar, and on small screens a bar at the bottom with a drawer for the rest.
import { ActionIcon, AppShell, Drawer, Indicator, Menu, Popover, Text, Tooltip } from '@mantine/core';
import { useDisclosure, useHotkeys, useMediaQuery } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '@/api/client';
import { useAlarms, useSchema } from '@/api/hooks';
import { useApiState, useMay, useSession, useUser } from '@/api/session';
import { useI18n } from '@/i18n';
import { Icon, Logo } from '@/ui/icons';
import { AlarmText } from './alarm';
import { LanguageItems, SchemeItems } from './choices';
import { navigation, type NavItem } from './nav';
import { SearchBox } from './search';

/** The pages that this person may see. */
export function useNavigation() {
	const may = useMay();
	const schema = useSchema().data;
	const seen = (i: NavItem) => {
		if (!i.resource) return may(i.role ?? 'user');
		const r = schema?.resources.find((x) => x.plural === i.resource);
		return r !== undefined && may(r.read);
	};
	return navigation.map((g) => ({ ...g, items: g.items.filter(seen) })).filter((g) => g.items.length);
}

const within = (location: string, path: string) =>
	path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`);

function NavLinks({ onGo }: { onGo?: () => void }) {
	const { t } = useI18n();
	const [location] = useLocation();
	return useNavigation().map((g, i) => (
		<div key={g.label ?? i} role="group" aria-label={g.label && t(g.label)}>
			{g.label && (
				<div className="nav-group" aria-hidden="true">
					{t(g.label)}
				</div>
			)}
			{g.items.map((item) => (
				<Link
					key={item.path}
					href={item.path}
					className="nav-link"
					aria-current={within(location, item.path) ? 'page' : undefined}
					onClick={() => onGo?.()}
				>
					<Icon name={item.icon} size={18} />
					{t(item.label)}
				</Link>
			))}
		</div>
	));
}

function Alarms() {
	const { t, n } = useI18n();
	const may = useMay();
	const [opened, setOpened] = useState(false);
	const shut = () => setOpened(false);
	const q = useAlarms(may('read_only'));
	const list = q.data?.items ?? [];
	if (!may('read_only')) return null;
	const label = list.length ? n('head.alarms', list.length) : t('head.alarms');
	const bad = list.some((a) => a.severity === 'critical');
	return (
		<Popover position="bottom-end" width={380} shadow="lg" radius="lg" trapFocus opened={opened} onChange={setOpened}>
			<Popover.Target>
				<Tooltip label={label}>
					<ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={() => setOpened((o) => !o)}>
						<Indicator
							disabled={!list.length}
							label={list.length}
							size={16}
							color={bad ? 'red.9' : 'orange.9'}
							offset={2}
						>
							<Icon name="bell" style={{ display: 'block' }} />
						</Indicator>
					</ActionIcon>
				</Tooltip>
			</Popover.Target>
			<Popover.Dropdown p={0} aria-label={t('head.alarms')} mah="70vh" style={{ overflowY: 'auto' }}>
				{!list.length && (
					<Text size="sm" c="dimmed" p="lg">
						{t('head.alarmsNone')}
					</Text>
				)}
				{list.slice(0, 5).map((a) => (
					<AlarmText key={a.id} alarm={a} onGo={shut} />
				))}
				<Link href="/alarms" className="pop-foot" onClick={shut}>
					{t('alarm.all')}
				</Link>
			</Popover.Dropdown>
		</Popover>
	);
}

function UserMenu() {
	const { t } = useI18n();
	const user = useUser();
	const { signOut } = useSession();
	const [, go] = useLocation();
	return (
		<Menu position="bottom-end" width={240} shadow="lg" radius="lg">
			<Menu.Target>
				<ActionIcon variant="light" radius="xl" size="lg" aria-label={`${t('head.account')}: ${user.name}`}>
					<span style={{ fontWeight: 650, fontSize: 14 }} aria-hidden="true">
						{[...user.name][0]?.toUpperCase()}
					</span>
				</ActionIcon>
			</Menu.Target>
			<Menu.Dropdown>
				<Menu.Label>
					<Text span fw={600} c="var(--mantine-color-text)" size="sm" style={{ overflowWrap: 'anywhere' }}>
						{user.name}
					</Text>
					<br />
					{t(`role.${user.role}`)}
				</Menu.Label>
				<Menu.Item leftSection={<Icon name="person" size={17} />} onClick={() => go('/me')}>
					{t('nav.me')}
				</Menu.Item>
				<Menu.Divider />
				<Menu.Label>{t('head.theme')}</Menu.Label>
				<SchemeItems />
				<Menu.Divider />
				<Menu.Label>{t('head.language')}</Menu.Label>
				<LanguageItems />
				<Menu.Divider />
				<Menu.Item leftSection={<Icon name="logout" size={17} />} onClick={() => void signOut()}>
					{t('head.signout')}
				</Menu.Item>
			</Menu.Dropdown>
		</Menu>
	);
}

/** Says that the server is away, and looks whether it is back. */
export function LostBanner() {
	const { t } = useI18n();
	const { lost } = useApiState();
	const client = useQueryClient();
	const was = useRef(false);
	useEffect(() => {
		if (was.current && !lost) void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'session' });
		was.current = lost;
		if (!lost) return;
		const timer = setInterval(() => void api.get('session', { mayBeNobody: true }).catch(() => {}), 3000);
		return () => clearInterval(timer);
	}, [lost, client]);
	return (
		<div role="status" aria-live="polite">
			{lost && (
				<div className="banner">
					<Icon name="alert" size={18} />
					{t('lost.text')}
				</div>
			)}
		</div>
	);
}

const mac = /Mac|iPhone|iPad/.test(navigator.platform);

export function Shell({ children }: { children: ReactNode }) {
	const { t } = useI18n();
	const [location] = useLocation();
	const [search, searching] = useDisclosure(false);
	const [drawer, drawing] = useDisclosure(false);
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	const nav = useNavigation();
	const main = useRef<HTMLElement>(null);
	useHotkeys([['mod+K', searching.open]], [], true);
	const first = useRef(location);
	useEffect(() => {
		// a new page: screen readers and the Tab key begin at its top
		if (first.current !== location && !document.activeElement?.closest('[role="dialog"]'))
			main.current?.focus({ preventScroll: true });
		first.current = location;
	}, [location]);
	const bar = nav.flatMap((g) => g.items).filter((i) => i.small);
	return (
		<>
			<a className="skip" href="#main" onClick={(e) => (e.preventDefault(), main.current?.focus())}>
				{t('skip')}
			</a>
			<AppShell
				header={{ height: 54 }}
				navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: true } }}
				{...(small ? { footer: { height: 'calc(56px + env(safe-area-inset-bottom))' } } : {})}
				padding={{ base: 'md', sm: 'lg' }}
			>
				<AppShell.Header
					style={{
						display: 'flex',
						alignItems: 'center',
						gap: 10,
						padding: '0 14px 0 18px',
						background: 'var(--panel)',
						borderColor: 'var(--line)',
					}}
				>
					<Link href="/" className="brand">
						<Logo />
						offhook
					</Link>
					<span style={{ flex: 1 }} />
					{small ? (
						<ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('search.title')} onClick={searching.open}>
							<Icon name="search" />
						</ActionIcon>
					) : (
						<button
							type="button"
							className="search-button"
							onClick={searching.open}
							aria-keyshortcuts={mac ? 'Meta+K' : 'Control+K'}
						>
							<Icon name="search" size={17} />
							<span>{t('head.search')}</span>
							<kbd className="key">{mac ? '⌘ K' : 'Ctrl K'}</kbd>
						</button>
					)}
					<Alarms />
					<UserMenu />
				</AppShell.Header>
				{!small && (
					<AppShell.Navbar
						component="nav"
						aria-label={t('nav.label')}
						p={10}
						style={{ background: 'var(--panel)', borderColor: 'var(--line)', overflowY: 'auto' }}
					>
						<NavLinks />
					</AppShell.Navbar>
				)}
				<AppShell.Main ref={main} id="main" tabIndex={-1} style={{ outline: 'none' }}>
					<LostBanner />
					<div className="page">{children}</div>
				</AppShell.Main>
				{small && (
					<AppShell.Footer
						style={{
							background: 'var(--panel)',
							borderColor: 'var(--line)',
							paddingBottom: 'env(safe-area-inset-bottom)',
						}}
					>
						<nav className="bottom-bar" aria-label={t('nav.label')}>
							{bar.map((i) => (
								<Link key={i.path} href={i.path} aria-current={within(location, i.path) ? 'page' : undefined}>
									<Icon name={i.icon} size={22} />
									{t(i.label)}
								</Link>
							))}
							<button type="button" onClick={drawing.open} aria-haspopup="dialog">
								<Icon name="menu" size={22} />
								{t('more')}
							</button>
						</nav>
					</AppShell.Footer>
				)}
			</AppShell>
			<Drawer
				opened={drawer && small === true}
				onClose={drawing.close}
				position="bottom"
				size="80%"
				radius="lg"
				title={t('head.menu')}
				closeButtonProps={{ 'aria-label': t('close') }}
			>
				<nav aria-label={t('nav.label')}>
					<NavLinks onGo={drawing.close} />
				</nav>
			</Drawer>
			<SearchBox opened={search} onClose={searching.close} />
		</>
	);
}
