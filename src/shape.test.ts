import { describe, expect, test } from 'vitest';
import type { Payload } from './backend.js';
import { payloadOf } from './payload.js';
import { shapeOf } from './shape.js';
import type { SchemaResult, StandardSchemaV1 } from './standard-schema.js';
import { live } from './testing/records.js';

type Answer = SchemaResult<string>;

function schema(
  answer: (value: unknown) => Answer | Promise<Answer>,
): StandardSchemaV1<unknown, string> {
  return { '~standard': { version: 1, vendor: 'test', validate: answer } };
}

const trimming = (value: unknown): Answer =>
  typeof value === 'string' ? { value: value.trim() } : { issues: [{ message: 'no text' }] };

describe('R13 options', () => {
  test.each([0, -1, 1.5, Number.NaN, '2'])('schemaVersion %o is a RangeError', (schemaVersion) => {
    expect(() => shapeOf({ schemaVersion: schemaVersion as number })).toThrow(RangeError);
  });

  test('migrate and schema of the wrong type are a TypeError', () => {
    expect(() => shapeOf({ migrate: 'up' as never })).toThrow(TypeError);
    expect(() => shapeOf({ schema: {} as never })).toThrow(TypeError);
  });

  test('the version is 1 unless told otherwise', () => {
    expect([shapeOf({}).version, shapeOf({ schemaVersion: 7 }).version]).toEqual([1, 7]);
  });
});

describe('R13 writing', () => {
  test('the schema shapes what is stored, at once', () => {
    const shape = shapeOf({ schema: schema(trimming) });
    expect((shape.encode(' tea ') as Payload).value()).toBe('tea');
  });

  test('what is stored is a copy', async () => {
    const given = { items: ['tea'] };
    const stored = (await shapeOf({}).encode(given)).value();
    expect(stored).toEqual(given);
    expect(stored).not.toBe(given);
  });

  test('what the schema refuses is INVALID_DATA with its issues', () => {
    const shape = shapeOf({ schema: schema(trimming) });
    expect(() => shape.encode(5)).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA', issues: [{ message: 'no text' }] }),
    );
  });

  test('a schema that answers with a promise is waited for', async () => {
    const shape = shapeOf({ schema: schema(async (value) => trimming(value)) });
    expect((await shape.encode(' tea ')).value()).toBe('tea');
    await expect(shape.encode(5)).rejects.toMatchObject({ code: 'INVALID_DATA' });
  });
});

describe('R13 reading', () => {
  const older = live('a', { schemaVersion: 1, data: payloadOf({ tea: 2 }) });

  test('older data is migrated, from a copy; newer and equal data is not', () => {
    const seen: unknown[] = [];
    const shape = shapeOf({
      schemaVersion: 2,
      migrate(data, from) {
        seen.push(from);
        (data as { tea: number }).tea++;
        return data;
      },
    });
    expect(shape.present(older).data).toEqual({ tea: 3 });
    expect(shape.present(older).data).toEqual({ tea: 3 });
    expect(shape.present({ ...older, schemaVersion: 2 }).data).toEqual({ tea: 2 });
    expect(seen).toEqual([1, 1]);
  });

  test('without migrate older data is what it is', () => {
    expect(shapeOf({ schemaVersion: 9 }).present(older).data).toEqual({ tea: 2 });
  });

  test('a migration that fails is DECODE_FAILED, with what is stored', () => {
    const cause = new RangeError('cannot');
    const shape = shapeOf({
      schemaVersion: 2,
      migrate() {
        throw cause;
      },
    });
    expect(() => shape.present(older)).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED', id: 'a', raw: { tea: 2 }, cause }),
    );
  });

  test('R8 stored data that reaches for a prototype is DECODE_FAILED', () => {
    const polluting = live('a', { data: payloadOf(JSON.parse('{"__proto__":{"polluted":true}}')) });
    expect(() => shapeOf({}).present(polluting)).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED', id: 'a' }),
    );
  });

  test('what is loaded is validated, and refused with what is stored', async () => {
    const shape = shapeOf({ schema: schema(trimming) });
    const good = live('a', { data: payloadOf(' tea ') });
    expect((await shape.load(good)).data).toBe('tea');
    await expect(shape.load(older)).rejects.toMatchObject({
      code: 'INVALID_DATA',
      id: 'a',
      raw: { tea: 2 },
    });
  });

  test('a session shows its own fields and none of the store', () => {
    expect(Object.keys(shapeOf({}).present(older)).sort()).toEqual([
      'createdAt',
      'data',
      'expiresAt',
      'id',
      'owner',
      'updatedAt',
      'version',
    ]);
  });
});
