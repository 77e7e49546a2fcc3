/** CONTRACT, types only: turns session data into text and back, for backends that hold text. */

/**
 * Carries at least JSON, `undefined`, NaN, ±Infinity, −0, BigInt, Date, RegExp, Map, Set, URL, Error, typed arrays and
 * cycles (R12). Synchronous, since it runs inside a commit.
 */
export interface Codec {
  /** Stored with each value, so that text of another codec is recognised and left alone. */
  readonly name: string;
  /** @throws {@link SessionError} `ENCODE_FAILED` for what it cannot carry unchanged */
  encode(data: unknown): string;
  /** @throws {@link SessionError} `DECODE_FAILED`; never lets text reach a prototype */
  decode(text: string): unknown;
}
