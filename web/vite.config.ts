// Builds the dashboard into OUT_DIR (default build/assets): index.html and hashed files in assets/.
// The server's Content-Security-Policy allows files of its own origin and nothing else, so nothing
// may be written into the page: no inline script, no inline style, no data: address.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const outDir = resolve(process.env.OUT_DIR ?? resolve(here, '../build/assets'));

export default defineConfig({
  root: here,
  publicDir: false,
  cacheDir: resolve(here, '../build/vite'),
  plugins: [svelte({ configFile: false, preprocess: [] })],
  build: {
    outDir,
    emptyOutDir: false,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // One file for the charting library, fetched only when a chart is on the screen.
        codeSplitting: { groups: [{ name: 'charting', test: /node_modules[\\/](echarts|zrender|tslib)/ }] },
      },
    },
  },
  server: {
    port: 8723,
    proxy: Object.fromEntries(
      ['/api', '/e', '/demo', '/cairn.js'].map((path) => [path, 'http://127.0.0.1:8722']),
    ),
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
