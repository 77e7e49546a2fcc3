/**
 * Session data is copied on its way in and out, so that no caller shares an object with the store; the copy is also where
 * data that cannot be carried is found, before anything is written (R12).
 */

import { SessionError } from './errors.js';

// Deeper data would overflow the stack of one engine or another, in us or in the codec.
const deepest = 1000;

// As keys they reach the prototype of whatever careless code copies them into; no codec carries them alike.
const dangerousKeys = ['__proto__', 'constructor', 'prototype'];

// Opaque and immutable: shared instead of copied. Structured clone carries them, a text codec refuses them.
const immutables = ['Blob', 'File', 'CryptoKey'];

/** What was refused, and where: the path grows while the copy unwinds, so that copying itself pays nothing for it. */
class Refusal extends Error {
  readonly path: string[] = [];
}

/** Another object in the place of one; it gets a copy of the `cause` that the one has. */
export type Substitute = (value: object) => object | undefined;

/**
 * A deep copy of session data: plain objects, arrays, Map, Set, Date, RegExp, URL, Error, ArrayBuffer and its views,
 * Blob, File, and every primitive but symbols; cycles and shared references stay what they are. A proxy over such data is
 * copied as what it shows.
 *
 * @param substitute - may put something else in the place of an object
 * @throws {@link SessionError} `ENCODE_FAILED`, its text naming the path to what cannot be carried
 */
export function snapshot(data: unknown, substitute: Substitute = () => undefined): unknown {
  try {
    return copier(substitute)(data);
  } catch (error) {
    const { message, path, cause } = refusalOf(error);
    const place = ['data', ...path.reverse().slice(0, 20)].join('.');
    throw new SessionError('ENCODE_FAILED', `${place} is ${message}`, { cause });
  }
}

/** A getter, a proxy or a forged tag may throw anything. */
function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('not readable', { cause: error });
}

function copier(substitute: Substitute): (value: unknown) => unknown {
  const seen = new Map<object, object>();
  let depth = 0;

  const copy = (value: unknown): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new Refusal(`a ${typeof value}`);
    }
    if (typeof value !== 'object' || value === null) return value;
    const known = seen.get(value);
    if (known !== undefined) return known;
    if (++depth > deepest) throw new Refusal('nested too deeply');
    const result = copyObject(value, <T extends object>(empty: T): T => {
      seen.set(value, empty); // before its contents, which may lead back to it
      return empty;
    });
    depth--;
    return result;
  };

  const within = (key: unknown, inner: unknown): unknown => {
    try {
      return copy(inner);
    } catch (error) {
      const refusal = refusalOf(error);
      refusal.path.push(String(key));
      throw refusal;
    }
  };

  const copyObject = (value: object, keep: <T extends object>(empty: T) => T): object => {
    const other = substitute(value);
    if (other !== undefined) return withCause(value, keep(other));
    // The tag and not `instanceof`: data may come from an iframe.
    const tag = tagOf(value);
    switch (tag) {
      case 'Array': {
        const result: unknown[] = keep([]);
        const items = value as readonly unknown[];
        for (let i = 0; i < items.length; i++) result.push(within(i, items[i]));
        return result;
      }
      case 'Object':
        if (isPlain(value)) return copyPlain(value, keep({}));
        break;
      case 'Map': {
        const result = keep(new Map());
        for (const [key, inner] of value as ReadonlyMap<unknown, unknown>) {
          result.set(within('key', key), within(key, inner));
        }
        return result;
      }
      case 'Set': {
        const result = keep(new Set());
        for (const inner of value as ReadonlySet<unknown>) result.add(within('member', inner));
        return result;
      }
      case 'Error': {
        // They need not be the strings that they ought to be.
        const { name, message } = value as Readonly<Record<'name' | 'message', unknown>>;
        return withCause(value, keep(errorNamed(String(name), String(message))));
      }
      case 'URL':
        return keep(new URL((value as URL).href));
      case 'Date':
      case 'RegExp':
      case 'ArrayBuffer':
        return keep(structuredClone(value));
      default:
        if (immutables.includes(tag)) return keep(value);
    }
    if (ArrayBuffer.isView(value) && value.constructor.name === tag) {
      // Only the viewed part is copied: the rest of the buffer is not the session's.
      const { buffer, byteOffset, byteLength } = value;
      if (tagOf(buffer) !== 'ArrayBuffer') throw new Refusal(`a view of a ${tagOf(buffer)}`);
      const View = value.constructor as new (bytes: ArrayBufferLike) => object;
      // The clone is of this realm, even when the view is not.
      return keep(structuredClone(new View(buffer.slice(byteOffset, byteOffset + byteLength))));
    }
    throw new Refusal(`an instance of ${value.constructor?.name || tag}`);
  };

  const withCause = (value: object, result: object): object =>
    'cause' in value ? Object.assign(result, { cause: within('cause', value.cause) }) : result;

  const copyPlain = (value: Record<string, unknown>, result: Record<string, unknown>): object => {
    for (const key of Object.keys(value)) {
      if (dangerousKeys.includes(key)) throw new Refusal(`an object with the key ${key}`);
      result[key] = within(key, value[key]);
    }
    return result;
  };

  return copy;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The Object.prototype of any realm is the one that has no prototype itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const errorTypes = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** An Error of the built-in type of that name, or a plain one that bears it. Its stack is that of nobody. */
export function errorNamed(name: string, message: string): Error {
  const Type = errorTypes.find((type) => type.name === name) ?? Error;
  const error = new Type(message);
  if (error.name !== name) error.name = name;
  // The stack is long, differs by engine, and says where the code of an app lies.
  delete error.stack;
  return error;
}
