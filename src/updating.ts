/** Read-modify-write: in one transaction, or by version where the schema cannot answer inside one. */

import type { Engine } from './engine.js';
import { isSessionError } from './errors.js';
import type { Lifetime } from './expiry.js';
import * as rules from './rules.js';
import type { Session, Updater } from './session.js';
import { mustLive } from './standing.js';
import type { Given } from './succession.js';

/** What is written beside the data, given what there is. */
type Changes = (before?: Lifetime) => Omit<Given, 'data'>;

/** Thrown inside a transaction when the schema answers with a promise, which no transaction can wait for. */
class SchemaIsAsync extends Error {}

/** Runs `change` on the current data and writes the result, with nobody in between. */
export async function update<Data>(
  engine: Engine<Data>,
  id: string,
  change: Updater<Data>,
  changes: Changes,
): Promise<Session<Data>> {
  const { shape } = engine;
  const rule = rules.write(engine.rules, id, rules.isAlive(id), (record) => {
    const data = shape.encode(changed(shape.decode(record!), change));
    if (!(data instanceof Promise)) return { ...changes(record), data };
    data.catch(() => {}); // it is asked again where it can be waited for
    throw new SchemaIsAsync();
  });
  try {
    return await engine.commitSession(id, rule);
  } catch (error) {
    if (!(error instanceof SchemaIsAsync)) throw error;
  }
  return updateByVersion(engine, id, change, changes);
}

/** For a schema that answers with promises: change a copy, validate it, and write it if nobody was faster. */
async function updateByVersion<Data>(
  engine: Engine<Data>,
  id: string,
  change: Updater<Data>,
  changes: Changes,
): Promise<Session<Data>> {
  for (;;) {
    const read = await engine.backend.read(id);
    const record = mustLive(read, id, engine.rules.now());
    const { data: draft } = await engine.toSession(record);
    const data = await engine.shape.encode(changed(draft, change));
    const admit = rules.isAtVersion(engine.rules, id, record.version);
    const rule = rules.write(engine.rules, id, admit, (before) => ({ ...changes(before), data }));
    try {
      return await engine.commitSession(id, rule);
    } catch (error) {
      if (!isSessionError(error, 'VERSION_CONFLICT')) throw error;
    }
  }
}

function changed<Data>(draft: Data, change: Updater<Data>): unknown {
  const result: unknown = change(draft);
  if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
    Promise.resolve(result).catch(() => {}); // its outcome no longer matters to anyone
    throw new TypeError('update takes a synchronous function: it runs inside a transaction');
  }
  return result === undefined ? draft : result;
}
