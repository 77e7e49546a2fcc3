// `npm run demo`: the page to open in two tabs, on the library's sources.

import { defineConfig } from 'vite';
import { aliases } from '../scripts/entries.mjs';

export default defineConfig({
  root: import.meta.dirname,
  resolve: { alias: aliases },
  // The loopback address is a secure context, so Web Locks are there; and nobody else can reach the page.
  server: { host: '127.0.0.1' },
});
