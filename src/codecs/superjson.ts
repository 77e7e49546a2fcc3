/** `tabkeep/codecs/superjson`: session data as text. */

import { SuperJSON } from 'superjson';
import type { Codec } from '../codec.js';
import { isSessionError, SessionError } from '../errors.js';
import { errorNamed } from '../snapshot.js';
import { Reference, shareAgain, unshare } from './sharing.js';
import { checkText, type AnnotatedJSON } from './superjson-text.js';

/**
 * A {@link Codec} that makes JSON with annotations, by superjson. The default of every backend that holds text.
 *
 * It carries JSON, `undefined`, NaN, ±Infinity, −0, BigInt, Date, RegExp, Map, Set, URL, Error, typed arrays of numbers,
 * shared references and cycles (R12). It refuses what superjson would lose without a word: ArrayBuffer, DataView, arrays of
 * BigInt, Blob, File, CryptoKey, and instances of classes. No text it reads reaches a prototype.
 *
 * @example
 * ```ts
 * import { superjsonCodec } from 'tabkeep/codecs/superjson';
 *
 * const { encode, decode } = superjsonCodec();
 * decode(encode(new Map([['tea', 2n]]))); // the Map again
 * ```
 */
export function superjsonCodec(): Codec {
  const superjson = newSuperJSON();
  return {
    name: 'superjson',
    encode(data) {
      try {
        const { json, meta } = superjson.serialize(unshare(data));
        // Equal NaNs and BigInts are listed as references; applying those reorders a Set and loses keys of a Map.
        const values = meta?.values;
        return JSON.stringify({ json, ...(values && { meta: { values, v: 1 } }) });
      } catch (cause) {
        if (isSessionError(cause)) throw cause;
        throw new SessionError('ENCODE_FAILED', 'The data cannot be written as text.', { cause });
      }
    },
    decode(text) {
      try {
        const checked: AnnotatedJSON = checkText(JSON.parse(text));
        return shareAgain(superjson.deserialize(checked, { inPlace: true }));
      } catch (cause) {
        throw new SessionError('DECODE_FAILED', 'This is no text of session data.', { cause });
      }
    },
  };
}

/** One of our own: what an app registers with the global one must not change what is stored. */
function newSuperJSON(): SuperJSON {
  const superjson = new SuperJSON();
  superjson.registerCustom<Reference, number>(
    {
      isApplicable: (value): value is Reference => value instanceof Reference,
      serialize: ({ to }) => to,
      deserialize: (to) => new Reference(to),
    },
    'reference',
  );
  // superjson itself gives every Error a cause, and a place in the stack.
  superjson.registerCustom<Error, { name: string; message: string; cause?: never }>(
    {
      isApplicable: (value): value is Error => value instanceof Error,
      serialize: (error) => ({
        name: error.name,
        message: error.message,
        ...('cause' in error && { cause: error.cause as never }),
      }),
      deserialize: ({ name, message, ...rest }) => {
        const error = errorNamed(name, message);
        if ('cause' in rest) error.cause = rest.cause;
        return error;
      },
    },
    'error',
  );
  superjson.registerCustom<Date, null>(
    {
      isApplicable: (value): value is Date =>
        value instanceof Date && Number.isNaN(value.getTime()),
      serialize: () => null,
      deserialize: () => new Date(NaN),
    },
    'invalid-date',
  );
  // JSON knows no NaN, no infinity and no −0, and superjson annotates only those that stand alone.
  superjson.registerCustom<Float32Array | Float64Array, [wide: boolean, numbers: string[]]>(
    {
      isApplicable: (value): value is Float32Array | Float64Array =>
        (value instanceof Float32Array || value instanceof Float64Array) && !value.every(isInJSON),
      serialize: (array) => [
        array instanceof Float64Array,
        Array.from(array, (number) => (Object.is(number, -0) ? '-0' : String(number))),
      ],
      deserialize: ([wide, numbers]) =>
        (wide ? Float64Array : Float32Array).from(numbers.map(Number)),
    },
    'floats',
  );
  return superjson;
}

function isInJSON(number: number): boolean {
  return Number.isFinite(number) && !Object.is(number, -0);
}
