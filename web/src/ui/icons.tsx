// The page's icons: strokes on a 24 x 24 grid, drawn for it.
import type { SVGProps } from 'react';

const paths = {
	home: 'M4 11 12 4l8 7M6 9.5V20h12V9.5M10 20v-5h4v5',
	call: 'M5.5 4h3l1.7 4.3-2.2 1.6a11.5 11.5 0 0 0 6.1 6.1l1.6-2.2L20 15.5v3a1.7 1.7 0 0 1-1.9 1.7A16.2 16.2 0 0 1 3.8 5.9 1.7 1.7 0 0 1 5.5 4z',
	phone: 'M7 3h10a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM10.5 18h3',
	people:
		'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.3-3.6 3-5.5 6.5-5.5s6.2 1.9 6.5 5.5M16 4.9a3.5 3.5 0 0 1 0 6.3M18 14.9c2.1.8 3.3 2.5 3.5 5.1',
	person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.4-4 3.5-6 7.5-6s7.1 2 7.5 6',
	trunk: 'M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4',
	route:
		'M6 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 20.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.5 6H15a3 3 0 0 1 0 6H9a3 3 0 0 0 0 6h6.5',
	hash: 'M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16',
	mic: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
	shield: 'M12 3l7.5 2.7V11c0 4.8-3 8.2-7.5 10-4.5-1.8-7.5-5.2-7.5-10V5.7z',
	key: 'M8 19a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM11.6 10.4 20 2M16 6l3 3',
	sliders:
		'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
	history: 'M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2',
	bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5a2.2 2.2 0 0 0 4 0',
	search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5',
	sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
	moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
	screen: 'M4 5h16v11H4zM9 20h6M12 16v4',
	globe:
		'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c2.7 2.7 3.7 5.5 3.7 9s-1 6.3-3.7 9c-2.7-2.7-3.7-5.5-3.7-9s1-6.3 3.7-9z',
	plus: 'M12 5v14M5 12h14',
	down: 'M6 9.5l6 6 6-6',
	right: 'M9.5 6l6 6-6 6',
	left: 'M14.5 6l-6 6 6 6',
	up: 'M6 14.5l6-6 6 6',
	x: 'M6 6l12 12M18 6 6 18',
	check: 'M5 12.5l4.5 4.5L19 7.5',
	copy: 'M9 9h10.5v11.5H9zM5.5 15H4.5V3.5H15v2',
	eye: 'M2.5 12C4.5 8 7.9 5.8 12 5.8s7.5 2.2 9.5 6.2c-2 4-5.4 6.2-9.5 6.2S4.5 16 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
	eyeOff:
		'M4 4l16 16M9.9 6c.7-.1 1.4-.2 2.1-.2 4.1 0 7.5 2.2 9.5 6.2a12 12 0 0 1-2.7 3.5M6.3 7.8A11.6 11.6 0 0 0 2.5 12c2 4 5.4 6.2 9.5 6.2 1.6 0 3-.3 4.3-.9',
	download: 'M12 4v11M7 10.5l5 5 5-5M4.5 20h15',
	upload: 'M12 16V5M7 9.5l5-5 5 5M4.5 20h15',
	trash: 'M4.5 6.5h15M9.5 6.5V4h5v2.5M6.5 6.5l.8 13.5h9.4l.8-13.5M10 10.5v6M14 10.5v6',
	dots: 'M5 12h.01M12 12h.01M19 12h.01',
	alert: 'M12 4 2.5 20h19zM12 10v4.5M12 17.3v.2',
	info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.7v.1',
	logout: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
	menu: 'M4 6.5h16M4 12h16M4 17.5h16',
	filter: 'M4 6h16M7 12h10M10 18h4',
	columns: 'M4 5h16v14H4zM9.5 5v14M14.5 5v14',
	undo: 'M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4',
	qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5M20 14v3M14 20h3M20 20v.01',
	refresh: 'M19.5 5v5h-5M4.5 19v-5h5M19 10a7.5 7.5 0 0 0-13.2-2.5M5 14a7.5 7.5 0 0 0 13.2 2.5',
	table: 'M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9',
	pause: 'M8.5 5v14M15.5 5v14',
	play: 'M7.5 4.5v15l12-7.5z',
	stop: 'M6.5 6.5h11v11h-11z',
	hangup:
		'M3 14.5c0-4 5-6 9-6s9 2 9 6v1.2a1.3 1.3 0 0 1-1.6 1.2l-3-.8a1.3 1.3 0 0 1-1-1.3v-1.6c-2.2-.7-4.6-.7-6.8 0v1.6c0 .6-.4 1.1-1 1.3l-3 .8A1.3 1.3 0 0 1 3 15.7z',
	devices:
		'M4 5h10v9H4zM2.5 17.5h10M17 9h3.5a.5.5 0 0 1 .5.5v10a.5.5 0 0 1-.5.5H17a.5.5 0 0 1-.5-.5v-10A.5.5 0 0 1 17 9z',
	grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
	back10: 'M4.5 12a7.5 7.5 0 1 0 2.4-5.5L4 9M4 4.5V9h4.5M9.5 10v5.5M12.5 12.7c0-3.6 3.5-3.6 3.5 0s-3.5 3.6-3.5 0',
	forward10:
		'M19.5 12a7.5 7.5 0 1 1-2.4-5.5L20 9M20 4.5V9h-4.5M8.5 10v5.5M11.5 12.7c0-3.6 3.5-3.6 3.5 0s-3.5 3.6-3.5 0',
	record: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
	micOff:
		'M4 4l16 16M9 9v2a3 3 0 0 0 4.7 2.4M15 11V6a3 3 0 0 0-5.8-1M5.5 11a6.5 6.5 0 0 0 9.7 5.6M18.5 11a6.5 6.5 0 0 1-.8 3.2M12 17.5V21',
	wave: 'M3 12h1.5M7.5 8.5v7M12 4.5v15M16.5 8.5v7M19.5 12H21',
	box: 'M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8',
	lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
	server: 'M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01M11 8h6M11 16h6',
	plug: 'M3 12h4M17 12h4M7 8h4v8H7zM13 8h4v8h-4z',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 20, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth={name === 'dots' || name === 'grip' ? 3 : 1.7}
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden="true"
			{...rest}
		>
			<path d={paths[name]} />
		</svg>
	);
}

export function Logo({ size = 28 }: { size?: number }) {
	return (
		<svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
			<rect width="32" height="32" rx="8" fill="#0b6872" />
			<path
				d="M7 13.5c0-3.6 4-5.5 9-5.5s9 1.9 9 5.5V15a1 1 0 0 1-1 1h-3.6a1 1 0 0 1-1-1v-1.7c-2.2-.8-4.6-.8-6.8 0V15a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1z"
				fill="#fff"
			/>
			<circle cx="16" cy="21" r="3.5" fill="none" stroke="#fff" strokeWidth="2" />
		</svg>
	);
}
