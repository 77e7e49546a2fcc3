/**
 * The shape of session data in this version of the app: Standard Schema validation, and migration of what an older
 * version wrote (R13).
 */

import type { LiveRecord, Payload } from './backend.js';
import { SessionError } from './errors.js';
import { demand } from './options.js';
import { payloadOf } from './payload.js';
import type { OpenStoreOptions, Session } from './session.js';
import { snapshot } from './snapshot.js';
import type { SchemaResult } from './standard-schema.js';

export type Shape<Data> = ReturnType<typeof shapeOf<Data>>;

/** Thrown inside a transaction when the schema answers with a promise, which no transaction can wait for. */
export class SchemaIsAsync extends Error {}

/**
 * @throws TypeError, RangeError for options that are not what they should be
 */
export function shapeOf<Data>(
  options: Pick<OpenStoreOptions<Data>, 'schema' | 'schemaVersion' | 'migrate'>,
): {
  readonly version: number;
  /** A caller's data, checked and copied, ready to be stored. */
  encode(data: unknown): Promise<Payload>;
  /** The same inside a transaction. @throws {@link SchemaIsAsync} */
  encodeNow(data: unknown): Payload;
  /** The data of a record, a private copy brought up to date; not validated. */
  decode(record: LiveRecord): Data;
  /** The session of a record, validated. */
  load(record: LiveRecord): Promise<Session<Data>>;
  /** The session of a record whose data this store has validated itself. */
  present(record: LiveRecord): Session<Data>;
} {
  const { schema, schemaVersion: version = 1, migrate } = options;
  const isVersion = Number.isSafeInteger(version) && version > 0;
  demand(isVersion, 'schemaVersion must be a whole number of at least 1', RangeError);
  demand(migrate === undefined || typeof migrate === 'function', 'migrate must be a function');
  const isSchema = schema === undefined || typeof schema['~standard']?.validate === 'function';
  demand(isSchema, 'schema must implement Standard Schema version 1');

  const validate = (data: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> =>
    schema === undefined ? { value: data } : schema['~standard'].validate(data);

  const accepted = (result: SchemaResult<unknown>, record?: LiveRecord): unknown => {
    if (result.issues === undefined) return result.value;
    const stored = record === undefined ? {} : { id: record.id, raw: record.data.value() };
    const [first] = result.issues;
    throw new SessionError('INVALID_DATA', first?.message ?? 'The schema refused the data.', {
      issues: result.issues,
      ...stored,
    });
  };

  const decode = (record: LiveRecord): Data => {
    const data = snapshot(record.data.value());
    if (record.schemaVersion >= version || migrate === undefined) return data as Data;
    try {
      return migrate(data, record.schemaVersion);
    } catch (cause) {
      throw new SessionError(
        'DECODE_FAILED',
        'migrate failed on a stored session; it was left as it was.',
        {
          id: record.id,
          raw: record.data.value(),
          cause,
        },
      );
    }
  };

  const toSession = (record: LiveRecord, data: Data): Session<Data> => {
    const { id, version: sessionVersion, owner, createdAt, updatedAt, expiresAt } = record;
    return { id, data, version: sessionVersion, owner, createdAt, updatedAt, expiresAt };
  };

  return {
    version,
    async encode(data) {
      return payloadOf(snapshot(accepted(await validate(data))));
    },
    encodeNow(data) {
      const result = validate(data);
      if (result instanceof Promise) {
        result.catch(() => {}); // it is asked again where it can be waited for
        throw new SchemaIsAsync();
      }
      return payloadOf(snapshot(accepted(result)));
    },
    decode,
    async load(record) {
      return toSession(record, accepted(await validate(decode(record)), record) as Data);
    },
    present(record) {
      return toSession(record, decode(record));
    },
  };
}
