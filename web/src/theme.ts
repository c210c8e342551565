// How the page looks: one accent colour, the system's own fonts, dense enough for work.
import { Badge, Button, createTheme, Menu, Modal, Paper, Tooltip, type MantineColorsTuple } from '@mantine/core';

const sea: MantineColorsTuple = [
	'#e9f7f8',
	'#d4ecee',
	'#a9d8dd',
	'#7bc3ca',
	'#55b0b9',
	'#339da8',
	'#1c8b97',
	'#0f7884',
	'#0b6872',
	'#075059',
];
const slate: MantineColorsTuple = [
	'#f7f8fa',
	'#eef1f4',
	'#e3e7ec',
	'#d3d9e0',
	'#b4bdc8',
	'#97a2b0',
	'#66717f',
	'#4a5460',
	'#323a44',
	'#1d232b',
];
const night: MantineColorsTuple = [
	'#d5dae0',
	'#b5bdc7',
	'#98a2ae',
	'#6c7683',
	'#414a55',
	'#333b45',
	'#262d35',
	'#1c2229',
	'#151a20',
	'#0f1317',
];

export const theme = createTheme({
	primaryColor: 'sea',
	primaryShade: { light: 8, dark: 8 },
	colors: { sea, gray: slate, dark: night },
	fontFamily:
		'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
	fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace',
	headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1.0625rem' } } },
	defaultRadius: 'md',
	cursorType: 'pointer',
	respectReducedMotion: true,
	components: {
		Button: Button.extend({ defaultProps: { size: 'sm' } }),
		Badge: Badge.extend({
			defaultProps: { variant: 'light', radius: 'sm' },
			styles: { root: { textTransform: 'none' } },
		}),
		Modal: Modal.extend({ defaultProps: { centered: true, radius: 'lg' } }),
		// the placeholder stands among the items of a menu, where screen readers expect nothing else
		Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
		Paper: Paper.extend({ defaultProps: { withBorder: true, radius: 'lg' } }),
		Tooltip: Tooltip.extend({
			defaultProps: { openDelay: 300, multiline: true, maw: 320, events: { hover: true, focus: true, touch: false } },
		}),
	},
});
