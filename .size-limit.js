// What an app pays for each entry: minified and gzipped, dependencies included. `npm run size` fails above a limit.
// The unit is that of the README: 1 kB is 1,000 bytes.

/**
 * @param {string} name the entry, as imported
 * @param {Record<string, string>} imports built file → what is imported from it
 * @param {string} limit
 */
const budget = (name, imports, limit) => ({
  name,
  path: Object.keys(imports),
  import: imports,
  limit,
  gzip: true,
});

export default [
  budget('tabkeep', { 'dist/index.js': '{ openStore }' }, '20 kB'),
  budget('tabkeep/core', { 'dist/core.js': '{ openStore }' }, '5 kB'),
  budget(
    'core + IndexedDB + tabs',
    {
      'dist/core.js': '{ openStore }',
      'dist/stores/indexeddb.js': '{ indexedDBBackend }',
      'dist/sync/index.js': '{ tabSync }',
    },
    '13 kB',
  ),
  budget('tabkeep/stores/indexeddb', { 'dist/stores/indexeddb.js': '*' }, '4 kB'),
  budget('tabkeep/stores/local-storage', { 'dist/stores/local-storage.js': '*' }, '4 kB'),
  budget('tabkeep/stores/localforage', { 'dist/stores/localforage.js': '*' }, '4 kB'),
  budget('tabkeep/stores/memory', { 'dist/stores/memory.js': '*' }, '3 kB'),
  budget('tabkeep/stores/fallback', { 'dist/stores/fallback.js': '*' }, '2 kB'),
  budget('tabkeep/sync', { 'dist/sync/index.js': '*' }, '7 kB'),
  budget('tabkeep/sync/sweepers', { 'dist/sync/sweepers.js': '*' }, '2 kB'),
  budget('tabkeep/codecs/superjson', { 'dist/codecs/superjson.js': '*' }, '5 kB'),
  budget('tabkeep/testing', { 'dist/testing/index.js': '*' }, '10 kB'),
];
