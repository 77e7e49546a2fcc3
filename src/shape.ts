/**
 * The shape of session data in this version of the app: Standard Schema validation, and migration of what an older
 * version wrote (R13).
 */

import type { LiveRecord, Payload } from './backend.js';
import { SessionError } from './errors.js';
import { demand } from './options.js';
import { payloadOf } from './payload.js';
import { unreadable } from './record.js';
import type { OpenStoreOptions, Session } from './session.js';
import { snapshot } from './snapshot.js';
import type { SchemaResult } from './standard-schema.js';

export type Shape<Data> = ReturnType<typeof shapeOf<Data>>;

/**
 * @throws TypeError, RangeError for options that are not what they should be
 */
export function shapeOf<Data>(
  options: Pick<OpenStoreOptions<Data>, 'schema' | 'schemaVersion' | 'migrate'>,
): {
  readonly version: number;
  /**
   * A caller's data, checked and copied, ready to be stored. At once unless the schema answers with a promise, so that
   * writes reach the backend in the order in which they were called.
   */
  encode(data: unknown): Payload | Promise<Payload>;
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

  const toPayload = (result: SchemaResult<unknown>): Payload =>
    payloadOf(snapshot(accepted(result)));

  const decode = (record: LiveRecord): Data => {
    const stored = record.data.value();
    try {
      const data = snapshot(stored);
      const isOlder = record.schemaVersion < version;
      return isOlder && migrate !== undefined
        ? migrate(data, record.schemaVersion)
        : (data as Data);
    } catch (cause) {
      throw unreadable(record.id, stored, cause);
    }
  };

  const toSession = (record: LiveRecord, data: Data): Session<Data> => {
    const { id, version: sessionVersion, owner, createdAt, updatedAt, expiresAt } = record;
    return { id, data, version: sessionVersion, owner, createdAt, updatedAt, expiresAt };
  };

  return {
    version,
    encode(data) {
      const result = validate(data);
      return result instanceof Promise ? result.then(toPayload) : toPayload(result);
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
