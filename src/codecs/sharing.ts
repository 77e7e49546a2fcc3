/**
 * Shared references and cycles, for a serialiser that knows only trees. superjson has references of its own, but loses
 * them inside an Error, merges the members of a Set and the keys of a Map that are met elsewhere as well, and writes an
 * object out again wherever it is met.
 */

import { SessionError } from '../errors.js';
import { errorNamed } from '../snapshot.js';

/** Stands for an object that has been met before: the nth, counted from 0 in reading order. */
export class Reference {
  readonly to: number;

  constructor(to: number) {
    this.to = to;
  }
}

const leaves = new Set<unknown>(
  [
    Date,
    RegExp,
    URL,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ].map(({ prototype }) => prototype),
);

/**
 * A copy in which every object appears once, and a {@link Reference} at each further place.
 *
 * @throws {@link SessionError} `ENCODE_FAILED` for an object that has no text form
 */
export function unshare(data: unknown): unknown {
  const met = new Map<object, Reference>();

  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const reference = met.get(value);
    if (reference !== undefined) return reference;
    met.set(value, new Reference(met.size));
    return copyObject(value);
  };

  const copyObject = (value: object): object => {
    if (Array.isArray(value)) return Array.from(value, copy);
    if (value instanceof Error) {
      const error = errorNamed(value.name, value.message);
      if ('cause' in value) error.cause = copy(value.cause);
      return error;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    switch (prototype) {
      case Object.prototype:
      case null:
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
      case Map.prototype:
        return new Map(
          Array.from(value as Map<unknown, unknown>, ([key, inner]) => [copy(key), copy(inner)]),
        );
      case Set.prototype:
        return new Set(Array.from(value as Set<unknown>, copy));
      default:
        if (leaves.has(prototype)) return value;
    }
    const kind = value.constructor?.name ?? 'nameless class';
    throw new SessionError(
      'ENCODE_FAILED',
      `The data holds an instance of ${kind}, which has no text form.`,
    );
  };

  return copy(data);
}

/**
 * Undoes {@link unshare}, in place.
 *
 * @throws RangeError for a reference to nowhere
 */
export function shareAgain(tree: unknown): unknown {
  const met: object[] = [];

  const resolve = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Reference) {
      const target = met[value.to];
      if (target === undefined) throw new RangeError('A reference leads nowhere.');
      return target;
    }
    met.push(value);
    resolveWithin(value);
    return value;
  };

  const resolveWithin = (value: object): void => {
    if (value instanceof Map) {
      const entries = [...value];
      value.clear();
      for (const [key, inner] of entries) value.set(resolve(key), resolve(inner));
    } else if (value instanceof Set) {
      const members = [...value];
      value.clear();
      for (const member of members) value.add(resolve(member));
    } else if (value instanceof Error) {
      if ('cause' in value) value.cause = resolve(value.cause);
    } else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
      const fields = value as Record<string, unknown>;
      for (const key of Object.keys(fields)) fields[key] = resolve(fields[key]);
    }
  };

  return resolve(tree);
}
