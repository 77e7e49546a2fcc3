/** How promises end, and whether data came back as it was. */

import { errorName, isSessionError, type SessionError } from '../errors.js';

/** How a promise ended: `'done'`, the code of a {@link SessionError}, or the name of another error. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'done';
  } catch (error) {
    return isSessionError(error) ? error.code : errorName(error);
  }
}

/** The {@link SessionError} that a promise was refused with. @throws Error when it was not */
export async function refusalOf(promise: Promise<unknown>): Promise<SessionError> {
  try {
    await promise;
  } catch (error) {
    if (isSessionError(error)) return error;
    throw error;
  }
  throw new Error('Expected a SessionError, but the promise was fulfilled.');
}

/**
 * The values of the promises that were fulfilled, and the errors of those that were refused.
 *
 * @throws what is no {@link SessionError}
 */
export async function settle<Value>(
  promises: readonly Promise<Value>[],
): Promise<{ readonly done: Value[]; readonly refused: SessionError[] }> {
  const done: Value[] = [];
  const refused: SessionError[] = [];
  for (const outcome of await Promise.allSettled(promises)) {
    if (outcome.status === 'fulfilled') done.push(outcome.value);
    else if (isSessionError(outcome.reason)) refused.push(outcome.reason);
    else throw outcome.reason;
  }
  return { done, refused };
}

/**
 * Where two values differ, as a path; `undefined` when they are the same in every respect that R12 names: types, −0 and
 * NaN, missing and `undefined`, order in a Map or Set, cycles and shared references.
 */
export function differenceOf(one: unknown, other: unknown): string | undefined {
  return difference(one, other, 'data', new Map());
}

/** Each object that was met, and the one in its place on the other side. */
type Seen = Map<unknown, unknown>;

function difference(one: unknown, other: unknown, path: string, seen: Seen): string | undefined {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) {
    return Object.is(one, other) ? undefined : path;
  }
  if (seen.has(one) || seen.has(other)) {
    const isSame = seen.get(one) === other && seen.get(other) === one;
    return isSame ? undefined : `${path} (a reference)`;
  }
  seen.set(one, other);
  seen.set(other, one);
  const [left, right] = [partsOf(one), partsOf(other)];
  if (left.tag !== right.tag || left.parts.length !== right.parts.length) return path;
  for (const [i, [key, inner]] of left.parts.entries()) {
    const [otherKey, otherInner] = right.parts[i]!;
    const found =
      difference(key, otherKey, `${path}.(key ${i})`, seen) ??
      difference(
        inner,
        otherInner,
        `${path}.${typeof key === 'string' || typeof key === 'number' ? key : i}`,
        seen,
      );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value taken apart: what kind it is, and its keyed parts in order. */
function partsOf(value: object): { tag: string; parts: (readonly [unknown, unknown])[] } {
  const tag = Object.prototype.toString.call(value);
  if (value instanceof Date) return { tag, parts: [['time', value.getTime()]] };
  if (value instanceof RegExp || value instanceof URL)
    return { tag, parts: [['text', String(value)]] };
  if (value instanceof Map) return { tag, parts: [...value] };
  if (value instanceof Set) return { tag, parts: [...value].map((inner) => [inner, inner]) };
  if (value instanceof ArrayBuffer) return { tag, parts: [...new Uint8Array(value).entries()] };
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { tag, parts: [...bytes.entries()] };
  }
  if (value instanceof Error) {
    const { name, message, cause } = value;
    return {
      tag,
      parts: [
        ['name', name],
        ['message', message],
        ['cause', cause],
      ],
    };
  }
  const keys = Object.keys(value).sort();
  return { tag, parts: keys.map((key) => [key, (value as Record<string, unknown>)[key]]) };
}
