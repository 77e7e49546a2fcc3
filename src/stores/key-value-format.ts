/**
 * A record as one text: a line of JSON with all but the data, then the data as the codec wrote it. So a scan reads the
 * first lines only, and a record that is written back with the same data keeps its text.
 */

import type { LiveRecord, Payload, StoredRecord } from '../backend.js';
import type { Codec } from '../codec.js';
import { isSessionError, SessionError } from '../errors.js';
import { headerOf, parseRecord, unreadable } from '../record.js';

/** @throws {@link SessionError} `ENCODE_FAILED` */
export function formatRecord(record: StoredRecord, codec: Codec): string {
  if (record.kind !== 'live') return JSON.stringify(headerOf(record));
  const { codecName, text } = textOf(record, codec);
  return `${JSON.stringify({ ...headerOf(record), codec: codecName })}\n${text}`;
}

/**
 * @param raw - what lies in storage; `null` when there is nothing
 * @throws {@link SessionError} `DECODE_FAILED`
 */
export function parseStored(id: string, raw: unknown, codec: Codec): StoredRecord | undefined {
  if (raw === null || raw === undefined) return undefined;
  if (typeof raw !== 'string') throw unreadable(id, raw);
  const end = raw.includes('\n') ? raw.indexOf('\n') : raw.length;
  const { codec: codecName, ...fields } = parseHeader(id, raw, raw.slice(0, end));
  const text = raw.slice(end + 1);
  return parseRecord(
    id,
    fields,
    raw,
    () => new StoredText(id, raw, text, String(codecName), codec),
  );
}

function parseHeader(id: string, raw: string, header: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(header) };
  } catch (cause) {
    throw unreadable(id, raw, cause);
  }
}

function textOf({ id, data }: LiveRecord, codec: Codec): { codecName: string; text: string } {
  if (data instanceof StoredText && data.codec === codec) return data;
  try {
    return { codecName: codec.name, text: codec.encode(data.value()) };
  } catch (cause) {
    if (isSessionError(cause)) throw cause;
    throw new SessionError('ENCODE_FAILED', 'The codec cannot write the data.', { id, cause });
  }
}

/** Data that is still text until somebody asks for it. */
class StoredText implements Payload {
  readonly codecName: string;
  readonly text: string;
  /** That of the backend which read it: another one may not know `codecName`. */
  readonly codec: Codec;
  readonly #id: string;
  readonly #raw: string;
  #decoded: { readonly value: unknown } | undefined;

  constructor(id: string, raw: string, text: string, codecName: string, codec: Codec) {
    this.#id = id;
    this.#raw = raw;
    this.text = text;
    this.codecName = codecName;
    this.codec = codec;
  }

  value(): unknown {
    this.#decoded ??= { value: this.#decode() };
    return this.#decoded.value;
  }

  #decode(): unknown {
    try {
      if (this.codecName !== this.codec.name) throw new TypeError('Written by another codec.');
      return this.codec.decode(this.text);
    } catch (cause) {
      throw unreadable(this.#id, this.#raw, cause);
    }
  }
}
