// What an app pays for each entry: minified and gzipped, dependencies included. `npm run size` fails above a limit.
// The unit is that of the README: 1 kB is 1,000 bytes.

/**
 * @param {string} name the entry, as imported
 * @param {Record<string, string>} imports built file → what is imported from it
 * @param {string} limit
 * @param {string[]} [later] modules that an app fetches only when it needs them, each with a budget of its own
 */
const budget = (name, imports, limit, later = []) => ({
  name,
  path: Object.keys(imports),
  import: imports,
  limit,
  gzip: true,
  ignore: later,
});

// A list of backends needs the first, text without a codec of the app's own the second, memory that tabs share the third.
const fallback = './stores/fallback.js';
const superjson = '../codecs/superjson.js';
const shared = './shared-memory/shared-memory.js';

export default [
  budget('tabkeep', { 'dist/index.js': '{ openStore }' }, '29.9 kB', [superjson, shared]),
  budget('tabkeep/core', { 'dist/core.js': '{ openStore }' }, '8.8 kB', [fallback]),
  budget(
    'core + IndexedDB + tabs',
    {
      'dist/core.js': '{ openStore }',
      'dist/stores/indexeddb.js': '{ indexedDBBackend }',
      'dist/sync/index.js': '{ tabSync }',
    },
    '18.3 kB',
    [fallback],
  ),
  budget('tabkeep/stores/indexeddb', { 'dist/stores/indexeddb.js': '*' }, '7.1 kB'),
  budget('tabkeep/stores/local-storage', { 'dist/stores/local-storage.js': '*' }, '8.8 kB', [
    superjson,
  ]),
  budget('tabkeep/stores/localforage', { 'dist/stores/localforage.js': '*' }, '8.9 kB', [
    superjson,
  ]),
  budget('tabkeep/stores/memory', { 'dist/stores/memory.js': '*' }, '3.5 kB', [shared]),
  budget('memory that tabs share', { 'dist/stores/shared-memory/shared-memory.js': '*' }, '6.1 kB'),
  budget('tabkeep/stores/fallback', { 'dist/stores/fallback.js': '*' }, '2.8 kB'),
  budget('tabkeep/stores/cached', { 'dist/stores/cached.js': '*' }, '2 kB'),
  budget('tabkeep/sync', { 'dist/sync/index.js': '*' }, '6.5 kB'),
  budget('tabkeep/sync/sweepers', { 'dist/sync/sweepers.js': '*' }, '3.5 kB'),
  budget('tabkeep/codecs/superjson', { 'dist/codecs/superjson.js': '*' }, '6 kB'),
  budget('tabkeep/testing', { 'dist/testing/index.js': '*' }, '51 kB'),
];
