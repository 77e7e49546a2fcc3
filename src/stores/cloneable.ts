/**
 * Session data in a form that the structured clone algorithm carries unchanged. It refuses a URL, and of an Error it
 * loses any name that is not built in; so both are stored as placeholder objects, listed beside the data. A clone keeps
 * the identity of objects within one value: the list tells placeholders from data that merely looks like one.
 */

import { errorNamed } from '../snapshot.js';

/** Two properties of a stored row. */
export interface CloneableData {
  readonly data: unknown;
  /** The very objects within `data` that stand for something else; absent when there are none. */
  readonly placeholders?: readonly Placeholder[];
}

type Placeholder =
  | { readonly href: string }
  | { readonly name: string; readonly message: string; cause?: unknown };

/** Leaves `data` as it is; what is returned shares everything with it that needs no placeholder. */
export function toCloneable(data: unknown): CloneableData {
  if (!holdsUrlOrError(data, new Set())) return { data };
  const placeholders: Placeholder[] = [];
  const replacer = new Replacer((value) => {
    const placeholder = placeholderFor(value);
    if (placeholder !== undefined) placeholders.push(placeholder);
    return placeholder;
  });
  return { data: replacer.replace(data), placeholders };
}

/**
 * Undoes {@link toCloneable} on what came back from storage, where anybody may have written.
 *
 * @throws when the list of placeholders is not one
 */
export function fromCloneable(data: unknown, placeholders: unknown): unknown {
  if (placeholders === undefined) return data;
  if (!Array.isArray(placeholders)) throw new TypeError('The list of placeholders is no array.');
  const originals = new Map<object, object>();
  for (const placeholder of placeholders) originals.set(placeholder, originalOf(placeholder));
  return new Replacer((value) => originals.get(value)).replace(data);
}

function placeholderFor(value: object): Placeholder | undefined {
  if (value instanceof URL) return { href: value.href };
  if (value instanceof Error) return { name: value.name, message: value.message };
  return undefined;
}

function originalOf({ href, name, message }: Record<string, unknown>): object {
  if (typeof href === 'string') return new URL(href);
  if (typeof name === 'string' && typeof message === 'string') return errorNamed(name, message);
  throw new TypeError('A placeholder is neither that of a URL nor of an Error.');
}

/** Looks before anything is copied: most data holds neither. */
function holdsUrlOrError(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  if (value instanceof URL || value instanceof Error) return true;
  seen.add(value);
  if (value instanceof Map) {
    for (const [key, inner] of value) {
      if (holdsUrlOrError(key, seen) || holdsUrlOrError(inner, seen)) return true;
    }
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const inner of value) if (holdsUrlOrError(inner, seen)) return true;
  } else if (isPlain(value)) {
    for (const key of Object.keys(value)) if (holdsUrlOrError(value[key], seen)) return true;
  }
  return false;
}

/** Copies the containers of a value, with something else in the place of whatever has a substitute. */
class Replacer {
  readonly #substituteFor: (value: object) => object | undefined;
  readonly #done = new Map<object, object>();

  constructor(substituteFor: (value: object) => object | undefined) {
    this.#substituteFor = substituteFor;
  }

  replace(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    return this.#done.get(value) ?? this.#replaceObject(value);
  }

  /** Cycles need to know what an object becomes before its contents are looked at. */
  #become<T extends object>(value: object, result: T): T {
    this.#done.set(value, result);
    return result;
  }

  #replaceObject(value: object): object {
    const substitute = this.#substituteFor(value);
    if (substitute !== undefined) {
      this.#become(value, substitute);
      if ('cause' in value) Object.assign(substitute, { cause: this.replace(value.cause) });
      return substitute;
    }
    if (value instanceof Map) {
      const copy = this.#become(value, new Map());
      for (const [key, inner] of value) copy.set(this.replace(key), this.replace(inner));
      return copy;
    }
    if (value instanceof Set) {
      const copy = this.#become(value, new Set());
      for (const inner of value) copy.add(this.replace(inner));
      return copy;
    }
    if (Array.isArray(value)) {
      const copy: unknown[] = this.#become(value, []);
      for (const inner of value) copy.push(this.replace(inner));
      return copy;
    }
    if (isPlain(value)) {
      // Spread first: then even a stored `__proto__` is a property of its own, and no assignment reaches the prototype.
      const copy = this.#become(value, { ...value });
      for (const key of Object.keys(copy)) copy[key] = this.replace(copy[key]);
      return copy;
    }
    return value;
  }
}

// Both the snapshots that are stored and the clones that are read were made in this realm.
function isPlain(value: object): value is Record<string, unknown> {
  return Object.getPrototypeOf(value) === Object.prototype;
}
