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

// A list of backends needs the one, text without a codec of the app's own the other.
const fallback = './stores/fallback.js';
const superjson = '../codecs/superjson.js';

export default [
  budget('tabkeep', { 'dist/index.js': '{ openStore }' }, '24.2 kB', [superjson]),
  budget('tabkeep/core', { 'dist/core.js': '{ openStore }' }, '8.5 kB', [fallback]),
  budget(
    'core + IndexedDB + tabs',
    {
      'dist/core.js': '{ openStore }',
      'dist/stores/indexeddb.js': '{ indexedDBBackend }',
      'dist/sync/index.js': '{ tabSync }',
    },
    '17.2 kB',
    [fallback],
  ),
  budget('tabkeep/stores/indexeddb', { 'dist/stores/indexeddb.js': '*' }, '6.2 kB'),
  budget('tabkeep/stores/local-storage', { 'dist/stores/local-storage.js': '*' }, '5.9 kB', [
    superjson,
  ]),
  budget('tabkeep/stores/localforage', { 'dist/stores/localforage.js': '*' }, '5.9 kB', [
    superjson,
  ]),
  budget('tabkeep/stores/memory', { 'dist/stores/memory.js': '*' }, '1.7 kB'),
  budget('tabkeep/stores/fallback', { 'dist/stores/fallback.js': '*' }, '2.6 kB'),
  budget('tabkeep/sync', { 'dist/sync/index.js': '*' }, '5.4 kB'),
  budget('tabkeep/sync/sweepers', { 'dist/sync/sweepers.js': '*' }, '1 kB'),
  budget('tabkeep/codecs/superjson', { 'dist/codecs/superjson.js': '*' }, '6 kB'),
  budget('tabkeep/testing', { 'dist/testing/index.js': '*' }, '42.5 kB'),
];
