import { expect as vitestExpect } from 'vitest';
import type { Backend } from '../src/backend.js';
import { nextTurn } from '../src/environment.js';
import {
  conformance,
  type ConformanceOptions,
  type Place,
  type PlaceFactory,
} from '../src/testing/index.js';
import { backendOver } from './backend-over.js';

export interface CaseResult {
  readonly title: string;
  readonly error?: unknown;
}

export interface Collecting extends ConformanceOptions {
  /** Runs only cases whose title matches. */
  readonly only?: RegExp;
  readonly expect?: Parameters<typeof conformance>[0]['expect'];
}

const patience = 1000;

/** Runs the kit as a test runner would, and gives what became of every case. */
export async function collectConformance(
  factory: PlaceFactory,
  { only = /./, expect = vitestExpect, ...options }: Collecting = {},
): Promise<CaseResult[]> {
  const cases: { title: string; run: () => Promise<void> }[] = [];
  conformance(
    {
      describe: (_, body) => body(),
      test: (title, run) => void cases.push({ title, run }),
      expect,
    },
    mortal(factory),
    options,
  );
  // Where a case fails or a backend is broken, promises are left behind that nobody waits for.
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', () => {});
  const results: CaseResult[] = [];
  for (const { title, run } of cases.filter((each) => only.test(each.title))) {
    results.push(
      await inTime(run).then(
        () => ({ title }),
        (error: unknown) => ({ title, error }),
      ),
    );
  }
  await nextTurn();
  process.removeAllListeners('unhandledRejection');
  for (const listener of listeners) process.on('unhandledRejection', listener);
  return results;
}

/** The titles of the cases that failed. */
export async function failuresOf(factory: PlaceFactory, options?: Collecting): Promise<string[]> {
  const results = await collectConformance(factory, options);
  return results.filter((result) => 'error' in result).map(({ title }) => title);
}

async function inTime(run: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The case did not end.')), patience);
  });
  await Promise.race([run(), tooLong]).finally(() => clearTimeout(timer));
}

/** Places of which each dies with the next one, so that a case that does not end stops when its time is over. */
function mortal(factory: PlaceFactory): PlaceFactory {
  let living: Place | undefined;
  let operations = 0;
  // One after the other, so that none overtakes another; and a turn now and then, or a loop would let no timer run.
  let queue: Promise<unknown> = Promise.resolve();
  return async () => {
    const place = await factory();
    living = place;
    const pass = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      queue = queue.then(() => (++operations % 100 === 0 ? nextTurn() : undefined));
      await queue;
      if (living !== place) throw new Error('The case is over.');
      return work();
    };
    const mortalBackend = (): Backend => {
      const inner = place.backend();
      return backendOver(inner, {
        read: (id) => pass(() => inner.read(id)),
        transact: (ids, decide) => pass(() => inner.transact(ids, decide)),
        scan: (query) => pass(() => inner.scan(query)),
        listIds: (query) => pass(() => inner.listIds(query)),
      });
    };
    return { ...place, backend: mortalBackend };
  };
}
