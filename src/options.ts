/** Checks the options of `openStore` once, and fills in the defaults. */

import type { Backend } from './backend.js';
import { systemClock, type Clock } from './clock.js';
import { reportToConsole } from './environment.js';
import { checkMilliseconds, lifetimeOf, unlimited, type Lifetime } from './expiry.js';
import type { ErrorContext, Sweeper, TabSync } from './ports.js';
import { generateSessionId, isWellFormedId } from './session-id.js';
import type { Milliseconds, OpenStoreOptions } from './session.js';

export interface CheckedOptions {
  readonly name: string;
  readonly backends: readonly Backend[];
  readonly life: Lifetime;
  readonly tombstoneTtl: Milliseconds;
  readonly sync: TabSync | null | undefined;
  readonly sweeper: Sweeper | null | undefined;
  readonly clock: Clock;
  readonly generateId: () => string;
  readonly maxIdCollisionRetries: number;
  readonly onError: (error: unknown, context: ErrorContext) => void;
}

const oneDay: Milliseconds = 86_400_000;

/** @throws TypeError for an option of the wrong type; RangeError for a number outside its range */
export function checkOptions<Data>(options: OpenStoreOptions<Data>): CheckedOptions {
  demand(typeof options === 'object' && options !== null, 'openStore takes an options object');
  const {
    name,
    backend,
    ttl,
    tombstoneTtl = oneDay,
    sync,
    sweeper,
    clock = systemClock,
    generateId = generateSessionId,
    maxIdCollisionRetries = 5,
    onError = report,
  } = options;
  demand(
    isWellFormedId(name),
    'name must be a string of 1 to 256 characters, no control characters',
  );
  const backends: readonly Backend[] = Array.isArray(backend) ? backend : [backend];
  const areBackends = backends.every((each) => typeof each?.transact === 'function');
  demand(areBackends && backends.length > 0, 'backend must be a backend or a list of them');
  const isRetryCount = maxIdCollisionRetries === Infinity || isCount(maxIdCollisionRetries);
  demand(isRetryCount, 'maxIdCollisionRetries must be a whole number or Infinity', RangeError);
  demand(typeof generateId === 'function', 'generateId must be a function');
  demand(typeof onError === 'function', 'onError must be a function');
  demand(typeof clock?.now === 'function', 'clock must have a function now');
  return {
    name,
    backends,
    life: lifetimeOf(ttl, unlimited),
    tombstoneTtl: checkMilliseconds('tombstoneTtl', tombstoneTtl),
    sync,
    sweeper,
    clock,
    generateId,
    maxIdCollisionRetries,
    onError: (error, context) => {
      try {
        onError(error, context);
      } catch (thrown) {
        report(error, context);
        report(thrown, { during: 'listener' });
      }
    },
  };
}

function report(error: unknown, { during }: ErrorContext): void {
  reportToConsole('tabkeep:', during, error);
}

/** Throws a TypeError, or a RangeError, unless all is as it should be. */
export function demand(
  isMet: boolean,
  message: string,
  Misuse: new (message: string) => Error = TypeError,
): asserts isMet {
  if (!isMet) throw new Misuse(message);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A version that a session may be expected to have; 0 means that there is none. */
export function checkExpectedVersion(version: number): number {
  demand(typeof version === 'number', 'a version must be a number');
  demand(isCount(version), 'a version must be a whole number', RangeError);
  return version;
}

export function checkLimit(limit: number | undefined = Infinity): number {
  demand(
    limit === Infinity || (isCount(limit) && limit > 0),
    'limit must be at least 1',
    RangeError,
  );
  return limit;
}

export function checkOwner(owner: string): string {
  demand(typeof owner === 'string' && owner !== '', 'owner must be a non-empty string');
  return owner;
}
