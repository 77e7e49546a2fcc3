import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf, RuleRunner } from '../test/rule-runner.js';
import type { StoredRecord } from './backend.js';

const ids = ['a', 'b', 'c', 'd'];
const life = { idle: 40, absolute: 100 };

interface Step {
  readonly name: string;
  readonly take: (it: RuleRunner) => unknown;
}

const id = fc.constantFrom(...ids);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(id, fc.boolean()).map(([one, replaceEnded]) => ({
    name: replaceEnded ? 'create anew' : 'create',
    take: (it: RuleRunner) => it.create(one, { replaceEnded, life }),
  })),
  fc.tuple(id, fc.option(fc.nat(5), { nil: undefined })).map(([one, expected]) => ({
    name: 'save',
    take: (it: RuleRunner) => it.save(one, expected),
  })),
  fc.tuple(id, id).map(([one, successor]) => ({
    name: 'rotate',
    take: (it: RuleRunner) => it.rotate(one, successor),
  })),
  id.map((one) => ({ name: 'update', take: (it: RuleRunner) => it.update(one) })),
  id.map((one) => ({ name: 'touch', take: (it: RuleRunner) => it.touch(one) })),
  id.map((one) => ({ name: 'end', take: (it: RuleRunner) => it.end(one) })),
  fc.subarray(ids).map((some) => ({ name: 'sweep', take: (it: RuleRunner) => it.expire(...some) })),
  fc.nat(30).map((by) => ({ name: 'wait', take: (it: RuleRunner) => (it.now += by) })),
);

function isOver(record: StoredRecord, now: number): boolean {
  return record.kind !== 'live' || (record.expiresAt !== null && record.expiresAt <= now);
}

/** What is wrong with how one record became another. */
function wrongsOf(name: string, before: StoredRecord, after: StoredRecord, now: number): string[] {
  const growth = after.version - before.version;
  const wrongs: string[] = [];
  const isWrite = after.kind === 'live' && name !== 'touch';
  if (growth !== (isWrite ? 1 : 0)) wrongs.push(`R1 ${name} makes ${growth} of the version`);
  if (isOver(before, now) && after.kind === 'live' && name !== 'create anew')
    wrongs.push(`R4 ${name} revives`);
  if (before.kind === 'tombstone' && after.kind === 'tombstone')
    wrongs.push(`R4 ${name} ends twice`);
  if (after.kind === 'tombstone' && 'data' in after) wrongs.push('R4 a tombstone holds data');
  return wrongs;
}

/** What is wrong with all that is stored. */
function wrongsAmong(records: readonly StoredRecord[]): string[] {
  const wrongs: string[] = [];
  const successors = records.flatMap((record) =>
    record.kind === 'tombstone' && record.successor !== null ? [record.successor] : [],
  );
  if (new Set(successors).size < successors.length) wrongs.push('R5 two sessions became one');
  for (const record of records) {
    if (record.kind !== 'live' || record.absolute === null) continue;
    const isExtended = record.expiresAt! > record.createdAt + record.absolute;
    if (isExtended) wrongs.push('R5 the absolute timeout is extended');
  }
  return wrongs;
}

test('R1, R4, R5 hold after any sequence of rules', () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const it = new RuleRunner();
      for (const { name, take } of steps) {
        const before = new Map(it.stored);
        if (codeOf(() => take(it)) === 'done' && before.size > 0) taken.add(name);
        const changed = [...it.stored].flatMap(([one, after]) => {
          const earlier = before.get(one);
          return earlier === undefined || earlier === after
            ? []
            : wrongsOf(name, earlier, after, it.now);
        });
        expect([...changed, ...wrongsAmong([...it.stored.values()])]).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
  // Each of them was let through at least once, so that the above says something.
  expect(taken.size).toBe(9);
});
