/** The rules run on records in a Map: a backend's place, taken by as little as possible. */

import type { Decide, LiveRecord, StoredRecord, Tombstone } from '../src/backend.js';
import { isSessionError } from '../src/errors.js';
import { unlimited, type Lifetime } from '../src/expiry.js';
import { payloadOf } from '../src/payload.js';
import * as rules from '../src/rules.js';
import type { RuleContext } from '../src/standing.js';
import type { Given } from '../src/succession.js';

interface Birth {
  readonly replaceEnded?: boolean;
  readonly life?: Lifetime;
}

export class RuleRunner {
  now = 1000;
  readonly stored = new Map<string, StoredRecord>();

  readonly context: RuleContext = {
    now: () => this.now,
    tombstoneTtl: 500,
    schemaVersion: 2,
    present({ id, version, owner, createdAt, updatedAt, expiresAt, data }) {
      return { id, data: data.value(), version, owner, createdAt, updatedAt, expiresAt };
    },
  };

  /** Runs a rule as a backend does. Twice, since it may run again: it must decide the same, and change nothing itself. */
  run<Result>(decide: Decide<Result>): Result {
    const before = [...this.stored];
    const first = decide(this.stored);
    const second = decide(this.stored);
    if (JSON.stringify(first) !== JSON.stringify(second)) throw new Error('It decides otherwise.');
    const isUnchanged = before.every(([id, record]) => this.stored.get(id) === record);
    if (!isUnchanged || this.stored.size !== before.length) throw new Error('It writes itself.');
    for (const record of second.write ?? []) this.stored.set(record.id, Object.freeze(record));
    for (const id of second.remove ?? []) this.stored.delete(id);
    return second.result;
  }

  create(id: string, { replaceEnded = false, life = unlimited }: Birth = {}): LiveRecord {
    const admit = rules.isFree(this.context, id, replaceEnded);
    return this.#write(id, admit, life);
  }

  save(id: string, expected?: number): LiveRecord {
    return this.#write(id, rules.isAtVersion(this.context, id, expected), unlimited);
  }

  update(id: string): LiveRecord {
    return this.#write(id, rules.isAlive(id), unlimited);
  }

  rotate(id: string, successor: string): LiveRecord {
    const rule = rules.rotate(this.context, { id, successor }, [id, successor]);
    const outcome = this.run(rule);
    if (typeof outcome === 'string') throw new Error('No slot was expected.');
    return outcome.record;
  }

  touch(id: string): LiveRecord | undefined {
    return this.run(rules.touch(this.context, id))?.record;
  }

  end(id: string): Tombstone[] {
    return this.run(rules.end(this.context, id, undefined));
  }

  expire(...ids: readonly string[]): Tombstone[] {
    return this.run(rules.expire(this.context, ids));
  }

  #write(id: string, admit: rules.Admit, life: Lifetime): LiveRecord {
    const data = payloadOf(`data of ${id}`);
    const give = (before: LiveRecord | undefined): Given => ({ data, life: before ?? life });
    return this.run(rules.write(this.context, id, admit, give)).record;
  }
}

/** 'done', or the code of the SessionError that was thrown. */
export function codeOf(work: () => unknown): string {
  try {
    work();
    return 'done';
  } catch (error) {
    if (isSessionError(error)) return error.code;
    throw error;
  }
}
