/** Operations on many sessions at once: listing, ending, sweeping, clearing. */

import type { Decide, StoredRecord, Tombstone } from './backend.js';
import type { Engine } from './engine.js';
import { isSessionError } from './errors.js';
import { pagesOf } from './pages.js';
import type { Lead } from './ports.js';
import * as rules from './rules.js';
import type { Session } from './session.js';
import { alive } from './standing.js';

/** The records of a scan in pages. What cannot be read is left as it is and told, and hides nothing else (R8). */
async function* readablePages<Data>(
  { backend, options }: Engine<Data>,
  ...scan: DropFirst<Parameters<typeof pagesOf>>
): AsyncGenerator<readonly StoredRecord[]> {
  for await (const { records, unreadable } of pagesOf(backend, ...scan)) {
    for (const error of unreadable) {
      options.onError(error, { during: 'scan', id: isSessionError(error) ? error.id : undefined });
    }
    if (records.length > 0) yield records;
  }
}

type DropFirst<List extends unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;

/** The living sessions of an owner. One that cannot be read is reported, and does not hide the others. */
export async function listByOwner<Data>(
  engine: Engine<Data>,
  owner: string,
  after: string | undefined,
  limit: number,
): Promise<Session<Data>[]> {
  const { options, toSession } = engine;
  const sessions: Session<Data>[] = [];
  const cursor = after === undefined ? undefined : { at: null, id: after };
  for await (const records of readablePages(engine, { by: 'owner', owner }, cursor)) {
    for (const record of records) {
      const living = alive(record, engine.rules.now());
      if (living === undefined) continue;
      try {
        sessions.push(await toSession(living));
      } catch (error) {
        options.onError(error, { during: 'scan', id: living.id });
      }
      if (sessions.length >= limit) return sessions;
    }
  }
  return sessions;
}

/**
 * R7: touches only what has expired.
 *
 * @param lead - stops it before the next page when another tab leads by then, or may lead
 * @returns how many sessions it ended
 */
export async function sweep<Data>(engine: Engine<Data>, lead?: Lead): Promise<number> {
  const until = engine.rules.now();
  let ended = 0;
  for (const [by, rule] of [
    ['expiresAt', rules.expire],
    ['purgeAt', rules.forget],
  ] as const) {
    for await (const records of readablePages(engine, { by, until })) {
      await lead?.confirm();
      const ids = records.map(({ id }) => id);
      const decide = rule(engine.rules, ids);
      const decideAsLeader: typeof decide = (current) => {
        lead?.check();
        return decide(current);
      };
      ended += (await commitTombstones(engine, ids, decideAsLeader)).length;
    }
  }
  return ended;
}

/**
 * Ends an owner's sessions in one transaction; looks again, so that one begun meanwhile does not escape. One that cannot
 * be read is reported, and keeps none of the others alive.
 */
export async function endAll<Data>(
  engine: Engine<Data>,
  owner: string,
  except: string | undefined,
): Promise<number> {
  for (let ended = 0; ;) {
    const ids: string[] = [];
    for await (const records of readablePages(engine, { by: 'owner', owner })) {
      ids.push(...records.map(({ id }) => id).filter((id) => id !== except));
    }
    const rule = rules.endOwned(engine.rules, ids, owner);
    const tombstones = ids.length > 0 ? await commitTombstones(engine, ids, rule) : [];
    if (tombstones.length === 0) return ended;
    ended += tombstones.length;
  }
}

export function commitTombstones<Data>(
  { commit }: Engine<Data>,
  ids: readonly string[],
  rule: Decide<Tombstone[]>,
): Promise<Tombstone[]> {
  return commit(ids, rule, (tombstones) => tombstones);
}

/** Ends everything in one step; tombstones stay, all else goes. */
export async function clear<Data>({ backend, hub, rules: context }: Engine<Data>): Promise<void> {
  let ended: readonly Tombstone[] = [];
  await backend.clear((records) => {
    const tombstones = rules.clear(context, records);
    const before = new Set<StoredRecord>(records);
    ended = tombstones.filter((tombstone) => !before.has(tombstone));
    return tombstones;
  });
  hub.committed(ended);
}
