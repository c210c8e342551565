import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// "npm run dev" serves the page with the API of a server that runs: OFFHOOK_URL, or make run's.
const server = process.env['OFFHOOK_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
	esbuild: { jsx: 'automatic', legalComments: 'none' },
	resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
	build: {
		target: 'es2022',
		modulePreload: { polyfill: false },
		// scripts and styles stand in files of their own: the page's Content-Security-Policy wants it so
		assetsInlineLimit: 0,
		reportCompressedSize: false,
		chunkSizeWarningLimit: 1000,
		rollupOptions: {
			onwarn: (w, warn) => {
				// "use client" is for servers that render; here it means nothing
				if (w.code !== 'MODULE_LEVEL_DIRECTIVE') warn(w);
			},
		},
	},
	server: { host: '127.0.0.1', proxy: { '/api': { target: server, ws: true } } },
	test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
