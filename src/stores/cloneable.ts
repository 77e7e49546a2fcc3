/**
 * Session data in a form that the structured clone algorithm carries unchanged. It refuses a URL, and of an Error it
 * loses any name that is not built in; so both are stored as placeholder objects, listed beside the data. A clone keeps
 * the identity of objects within one value: the list tells placeholders from data that merely looks like one.
 */

import { errorNamed, snapshot } from '../snapshot.js';

/** Two properties of a stored row. */
export interface CloneableData {
  readonly data: unknown;
  /** The very objects within `data` that stand for something else; absent when there are none. */
  readonly placeholders?: readonly Placeholder[];
}

type Placeholder = { readonly href: string } | { readonly name: string; readonly message: string };

/** Leaves `data` as it is; and passes it on where it needs no placeholder, as most does. */
export function toCloneable(data: unknown): CloneableData {
  const placeholders: Placeholder[] = [];
  const replaced = snapshot(data, (value) => {
    const placeholder = placeholderFor(value);
    if (placeholder !== undefined) placeholders.push(placeholder);
    return placeholder;
  });
  return placeholders.length > 0 ? { data: replaced, placeholders } : { data };
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
  return snapshot(data, (value) => originals.get(value));
}

function placeholderFor(value: object): Placeholder | undefined {
  if (value instanceof URL) return { href: value.href };
  if (value instanceof Error) {
    // Whoever writes past the store may have given it anything for a name.
    const { name, message }: { readonly name: unknown; readonly message: unknown } = value;
    return { name: String(name), message: String(message) };
  }
  return undefined;
}

function originalOf({ href, name, message }: Record<string, unknown>): object {
  if (typeof href === 'string') return new URL(href);
  if (typeof name === 'string' && typeof message === 'string') return errorNamed(name, message);
  throw new TypeError('A placeholder is neither that of a URL nor of an Error.');
}
