// The pages, in the order of the sidebar. A page of a resource needs no line in app.tsx: resource/page.tsx shows it,
// unless app.tsx has one of its own for it.
import type { Role } from '@/api/types';
import type { Key } from '@/i18n';
import type { IconName } from '@/ui/icons';

export interface NavItem {
	path: string;
	icon: IconName;
	label: Key;
	/** Least role; of a resource's page, the schema says it. */
	role?: Role;
	/** Plural of the resource that it shows. */
	resource?: string;
	/** In the bar at the bottom of small screens. */
	small?: boolean;
}
export interface NavGroup {
	label?: Key;
	items: NavItem[];
}
export const navigation: NavGroup[] = [
	{
		items: [
			{ path: '/', icon: 'home', label: 'nav.home', role: 'read_only', small: true },
			{ path: '/calls', icon: 'call', label: 'nav.calls', role: 'read_only', small: true },
		],
	},
	{
		label: 'nav.phones',
		items: [
			{ path: '/extensions', icon: 'phone', label: 'nav.extensions', resource: 'extensions', small: true },
			{ path: '/registrations', icon: 'devices', label: 'nav.devices', role: 'read_only' },
			{ path: '/conferences', icon: 'people', label: 'nav.conferences', resource: 'conferences', small: true },
			{ path: '/recordings', icon: 'wave', label: 'nav.recordings', role: 'read_only' },
		],
	},
	{
		label: 'nav.outside',
		items: [
			{ path: '/trunks', icon: 'plug', label: 'nav.trunks', resource: 'trunks' },
			{ path: '/dids', icon: 'hash', label: 'nav.dids', resource: 'dids' },
			{ path: '/routes_in', icon: 'download', label: 'nav.routes_in', resource: 'routes_in' },
			{ path: '/routes_out', icon: 'route', label: 'nav.routes_out', resource: 'routes_out' },
			{ path: '/numbering', icon: 'globe', label: 'nav.numbering', resource: 'numbering' },
		],
	},
	{
		label: 'nav.system',
		items: [
			{ path: '/brakes', icon: 'shield', label: 'nav.brakes', resource: 'brakes' },
			{ path: '/security', icon: 'lock', label: 'nav.security', role: 'read_only' },
			{ path: '/users', icon: 'person', label: 'nav.users', resource: 'users' },
			{ path: '/tokens', icon: 'key', label: 'nav.tokens', resource: 'tokens' },
			{ path: '/settings', icon: 'sliders', label: 'nav.settings', resource: 'settings' },
			{ path: '/network', icon: 'globe', label: 'nav.network', resource: 'network' },
			{ path: '/certificate', icon: 'check', label: 'nav.certificate', role: 'read_only' },
			{ path: '/backup', icon: 'box', label: 'nav.backup', role: 'administrator' },
			{ path: '/history', icon: 'history', label: 'nav.history', role: 'read_only' },
			{ path: '/system', icon: 'server', label: 'nav.status', role: 'read_only' },
		],
	},
];
export const navItems: NavItem[] = navigation.flatMap((g) => g.items);
