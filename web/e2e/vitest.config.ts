import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The page in headless Chromium against the real server: tools/web-e2e. One file after the other: the machine may be small.
export default defineConfig({
	resolve: { alias: { '@': fileURLToPath(new URL('../src', import.meta.url)) } },
	cacheDir: fileURLToPath(new URL('../node_modules/.vite-e2e', import.meta.url)),
	test: {
		root: fileURLToPath(new URL('.', import.meta.url)),
		include: ['*.test.ts'],
		environment: 'node',
		fileParallelism: false,
		testTimeout: 180_000,
		hookTimeout: 60_000,
	},
});
