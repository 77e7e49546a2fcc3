/**
 * What tabs that share memory say to each other. There is no storage to look anything up in, so these messages are
 * believed: the memory trusts every script of the origin, as localStorage does. Their shape is checked all the same, and
 * what is not sound is ignored.
 */

import type { StoredRecord } from '../../backend.js';
import { payloadOf } from '../../payload.js';
import { headerOf, parseRecord } from '../../record.js';
import { fromCloneable, toCloneable, type CloneableData } from '../cloneable.js';
import type { RecordChanges } from '../memory-records.js';

/** Goes up when a tab of an older version could misread a message; such a tab then ignores it. */
const protocol = 1;

/** How far a tab has come in the one history of its records. */
export interface Position {
  /** The beginning of the history: another one has nothing in common with it. */
  readonly epoch: string;
  /** How many commits there were since. */
  readonly seq: number;
  /** The last of them. */
  readonly uid: string;
}

/** One message, without its sender. */
export type Message =
  | { readonly kind: 'ask'; readonly round: string }
  | (Position & { readonly kind: 'have'; readonly to: string; readonly round: string })
  | { readonly kind: 'pull'; readonly to: string }
  | (Position & {
      readonly kind: 'state';
      readonly to: string;
      readonly changes: RecordChanges;
    })
  | (Position & {
      readonly kind: 'commit';
      /** The `uid` of the commit before. */
      readonly after: string;
      readonly changes: RecordChanges;
    })
  | { readonly kind: 'leave' };

export type Received = Message & { readonly from: string };

/** A record as it is sent: what is not plain data in it has been replaced, see {@link toCloneable}. */
type Row = { readonly header: unknown } & Partial<CloneableData>;

/** @throws {@link SessionError} `ENCODE_FAILED` */
export function toWire(message: Message, from: string): unknown {
  if (!('changes' in message)) return { ...message, protocol, from };
  const { changes, ...rest } = message;
  const rows = Array.from(changes, ([id, record]) => [id, record && toRow(record)] as const);
  return { ...rest, protocol, from, rows };
}

/** @returns `undefined` for anything that is no sound message of this protocol, or is for another tab than `me` */
export function fromWire(received: unknown, me: string): Received | undefined {
  const { rows, ...message } = Object(received) as Record<string, unknown>;
  const { protocol: spoken, to = me } = message;
  if (spoken !== protocol || to !== me) return undefined;
  const fields = Object.hasOwn(fieldsOf, message['kind'] as Message['kind'])
    ? fieldsOf[message['kind'] as Message['kind']]
    : undefined;
  if (!fields?.every((field) => isSound(field, message[field]))) return undefined;
  if (!fields.includes('changes')) return message as unknown as Received;
  try {
    const changes = new Map((rows as [string, Row | undefined][]).map(parseRow));
    return { ...message, changes } as unknown as Received;
  } catch {
    return undefined;
  }
}

const position = ['epoch', 'seq', 'uid'];

/** The fields of each kind; but for `seq` and `changes` they are texts. */
const fieldsOf: Record<Message['kind'], readonly string[]> = {
  ask: ['from', 'round'],
  have: ['from', 'to', 'round', ...position],
  pull: ['from', 'to'],
  state: ['from', 'to', ...position, 'changes'],
  commit: ['from', 'after', ...position, 'changes'],
  leave: ['from'],
};

function isSound(field: string, value: unknown): boolean {
  if (field === 'changes') return true;
  if (field === 'seq') return Number.isSafeInteger(value) && (value as number) >= 0;
  return typeof value === 'string';
}

function toRow(record: StoredRecord): Row {
  const header = headerOf(record);
  return record.kind === 'live' ? { header, ...toCloneable(record.data.value()) } : { header };
}

/** @throws when it is none */
function parseRow([id, row]: [string, Row | undefined]): [string, StoredRecord | undefined] {
  if (typeof id !== 'string') throw new TypeError('An id is a text.');
  if (row === undefined) return [id, undefined];
  const { header, data, placeholders } = row;
  return [id, parseRecord(id, header, row, () => payloadOf(fromCloneable(data, placeholders)))];
}
