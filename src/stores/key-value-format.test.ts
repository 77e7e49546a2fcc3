import { afterEach, describe, expect, test, vi } from 'vitest';
import { contextWith } from '../../test/context.js';
import type { Backend } from '../backend.js';
import type { Codec } from '../codec.js';
import type { superjsonCodec } from '../codecs/superjson.js';
import { SessionError } from '../errors.js';
import { payloadOf } from '../payload.js';
import { simulateOrigin } from '../testing/index.js';
import { increment, live, plain, put, slot, tombstone } from '../testing/records.js';
import { localStorageBackend } from './local-storage.js';

const loads = vi.hoisted(() => ({ count: 0, error: undefined as Error | undefined }));

vi.mock('../codecs/superjson.js', async (importOriginal) => {
  const original = await importOriginal<{ superjsonCodec: typeof superjsonCodec }>();
  return {
    superjsonCodec() {
      loads.count++;
      if (loads.error !== undefined) throw loads.error;
      return original.superjsonCodec();
    },
  };
});

async function opened(backend: Backend, name = 'shop'): Promise<Backend> {
  await backend.open(contextWith({ name }));
  return backend;
}

function storageArea(): Storage {
  return simulateOrigin().openTab().storage;
}

afterEach(() => {
  loads.error = undefined;
});

const json: Codec = { name: 'json', encode: (data) => JSON.stringify(data), decode: JSON.parse };

describe('what lies in storage', () => {
  test('a record is a line of JSON and the text of the codec, all under one prefix', async () => {
    const storage = storageArea();
    const backend = await opened(localStorageBackend({ storage, locks: null }), 'a:b/ü');
    await put(backend, live('id', { data: payloadOf({ tea: 2n }) }));
    await put(backend, tombstone('gone'), slot('main', 'id'));
    const { data: _, ...header } = live('id');
    const prefix = 'tabkeep:a%3Ab%2F%C3%BC:';
    expect(storage.getItem(`${prefix}r:id`)).toBe(
      `${JSON.stringify({ ...header, codec: 'superjson' })}\n` +
        '{"json":{"tea":"2"},"meta":{"values":{"tea":["bigint"]},"v":1}}',
    );
    expect(storage.getItem(`${prefix}r:gone`)).toBe(JSON.stringify(tombstone('gone')));
    expect(storage.getItem(`${prefix}seq`)).toBe('0000000000000002');
    expect(JSON.parse(storage.getItem(`${prefix}epoch`)!)).toMatchObject({ told: [] });
    expect(storage).toHaveLength(5);
  });

  test('R14: names that begin alike, and keys of others, are never seen nor touched', async () => {
    const storage = storageArea();
    storage.setItem('r:a', 'of the app');
    storage.setItem('tabkeep:shop', 'of the app');
    const names = ['shop', 'shop:2', 'shop:r', 'sho', 'shop%3A2'];
    const backends: Backend[] = [];
    for (const name of names) {
      backends.push(await opened(localStorageBackend({ storage, locks: null }), name));
    }
    for (const [index, backend] of backends.entries()) await put(backend, live(`id${index}`));
    await backends[0]!.clear(() => []);
    const lists = backends.map((backend) => backend.listIds({ aliveAt: 0, limit: 9 }));
    expect(await Promise.all(lists)).toEqual([[], ['id1'], ['id2'], ['id3'], ['id4']]);
    expect(storage.getItem('r:a')).toBe('of the app');
    expect(storage.getItem('tabkeep:shop')).toBe('of the app');
  });

  test('R8: what cannot be read is told with the first page of a scan, and left as it is', async () => {
    const storage = storageArea();
    const backend = await opened(localStorageBackend({ storage, locks: null }));
    const raws: Record<string, string> = {
      empty: '',
      garbage: '{"kind":"live"',
      list: '[]',
      null: 'null',
      stranger: JSON.stringify(tombstone('another id')),
      pollution: '{"__proto__":{"kind":"tombstone"}}',
    };
    for (const [id, raw] of Object.entries(raws)) storage.setItem(`tabkeep:shop:r:${id}`, raw);
    await put(backend, live('a'), live('b'));
    const { records, unreadable, next } = await backend.scan({ by: 'id', limit: 1 });
    expect(records.map(({ id }) => id)).toEqual(['a']);
    expect(unreadable).toHaveLength(6);
    expect(unreadable).toMatchObject(
      unreadable.map((error) => ({ raw: raws[(error as SessionError).id!] })),
    );
    expect(await backend.scan({ by: 'id', limit: 1, after: next })).toMatchObject({
      unreadable: [],
    });
    for (const [id, raw] of Object.entries(raws)) {
      const refused = { code: 'DECODE_FAILED', id, raw };
      await expect(backend.read(id)).rejects.toMatchObject(refused);
      await expect(backend.transact([id], increment(id))).rejects.toMatchObject(refused);
      expect(storage.getItem(`tabkeep:shop:r:${id}`)).toBe(raw);
    }
  });
});

describe('codecs', () => {
  test('superjson is loaded when there is something to read or write, and not before', async () => {
    const storage = storageArea();
    const before = loads.count;
    const backend = await opened(localStorageBackend({ storage, locks: null }));
    expect(await backend.read('a')).toBeUndefined();
    expect(await backend.scan({ by: 'id', limit: 1 })).toMatchObject({ records: [] });
    expect(loads.count).toBe(before);
    await put(backend, live('a'));
    await backend.read('a');
    expect(loads.count).toBe(before + 1);
  });

  test('an app with a codec of its own never loads superjson', async () => {
    const before = loads.count;
    const storage = storageArea();
    const backend = await opened(localStorageBackend({ storage, locks: null, codec: json }));
    await put(backend, live('a', { data: payloadOf([1]) }));
    expect(plain(await backend.read('a'))).toMatchObject({ data: [1] });
    expect(storage.getItem('tabkeep:shop:r:a')).toMatch(/"codec":"json"\}\n\[1\]$/);
    expect(loads.count).toBe(before);
  });

  test('where superjson cannot be loaded that is told, and tried again', async () => {
    const backend = await opened(localStorageBackend({ storage: storageArea(), locks: null }));
    loads.error = new TypeError('Failed to fetch dynamically imported module.');
    const { error: cause } = loads;
    const outcome = put(backend, live('a'));
    await expect(outcome).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
    loads.error = undefined;
    await put(backend, live('a'));
  });

  test('R8: text of another codec is recognised, and moves along unread', async () => {
    const storage = storageArea();
    const one = await opened(localStorageBackend({ storage, locks: null, codec: json }));
    await put(one, live('a', { data: payloadOf([1]) }));
    const other = await opened(localStorageBackend({ storage, locks: null }));
    const record = (await other.read('a'))!;
    expect(() => plain(record)).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED', id: 'a' }),
    );
    await put(other, { ...record, version: 2 });
    expect(plain(await one.read('a'))).toMatchObject({ version: 2, data: [1] });
  });

  test('data that is only moved or touched is neither decoded nor encoded', async () => {
    const calls: string[] = [];
    const watched: Codec = {
      name: 'watched',
      encode(data) {
        calls.push('encode');
        return JSON.stringify(data);
      },
      decode(text) {
        calls.push('decode');
        return JSON.parse(text) as unknown;
      },
    };
    const storage = storageArea();
    const backend = await opened(localStorageBackend({ storage, locks: null, codec: watched }));
    await put(backend, live('a', { data: payloadOf('a\nb') }));
    await backend.transact(['a', 'b'], (current) => {
      const { data } = current.get('a') as ReturnType<typeof live>;
      return { write: [live('b', { data, touchedAt: 2000 }), tombstone('a')], result: undefined };
    });
    await backend.scan({ by: 'id', limit: 9 });
    await backend.clear((records) => records);
    expect(calls).toEqual(['encode']);
    const moved = (await backend.read('b')) as ReturnType<typeof live>;
    expect([moved.data.value(), moved.data.value()]).toEqual(['a\nb', 'a\nb']);
    expect(calls).toEqual(['encode', 'decode']);
  });

  test('what another backend has read is encoded anew', async () => {
    const one = await opened(
      localStorageBackend({ storage: storageArea(), locks: null, codec: json }),
    );
    const storage = storageArea();
    const other = await opened(localStorageBackend({ storage, locks: null }));
    await put(one, live('a', { data: payloadOf([1]) }));
    await put(other, (await one.read('a'))!);
    expect(storage.getItem('tabkeep:shop:r:a')).toMatch(/"codec":"superjson"\}\n\{"json":\[1\]\}$/);
  });

  test('R12: what a codec refuses is refused with ENCODE_FAILED, and nothing is written', async () => {
    const storage = storageArea();
    const refusing: Codec = {
      ...json,
      encode(data) {
        if (data === 'own') throw new SessionError('ENCODE_FAILED', 'No.');
        throw new TypeError('Never.');
      },
    };
    const backend = await opened(localStorageBackend({ storage, locks: null, codec: refusing }));
    for (const data of ['own', 'foreign']) {
      const outcome = put(backend, tombstone('b'), live('a', { data: payloadOf(data) }));
      await expect(outcome).rejects.toMatchObject({ code: 'ENCODE_FAILED' });
    }
    expect(storage).toHaveLength(0);
  });
});
