/** Data and operations as text: to compare them, and to be read. */

import type { HistoryEvent, HistoryOutcome } from './history.js';

/** The same text for the same data, whatever the order of its keys. */
export function textOf(data: unknown): string {
  return text(data, []);
}

function text(value: unknown, above: readonly unknown[]): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : String(value);
  const depth = above.indexOf(value);
  if (depth >= 0) return `<up ${above.length - depth}>`;
  const inner = (part: unknown): string => text(part, [...above, value]);
  if (Array.isArray(value)) return `[${value.map(inner).join()}]`;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof Map)
    return `Map {${[...value].map((pair) => pair.map(inner).join(':')).join()}}`;
  if (value instanceof Set) return `Set {${[...value].map(inner).join()}}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer [${new Uint8Array(value).join()}]`;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return `${tag} [${new Uint8Array(buffer, byteOffset, byteLength).join()}]`;
  }
  if (tag !== 'Object') return `${tag} ${value as unknown as string}`;
  const keys = Object.keys(value).sort();
  const pairs = keys.map((key) => {
    return `${JSON.stringify(key)}:${inner((value as Record<string, unknown>)[key])}`;
  });
  return `{${pairs.join()}}`;
}

/** One operation in one line. */
export function lineOf(event: HistoryEvent): string {
  const { client, number, op, id, input, invoked, returned } = event;
  const asked = [
    id,
    input.successor !== undefined && `to ${input.successor}`,
    input.expectedVersion !== undefined && `at version ${input.expectedVersion}`,
    input.saw !== undefined && `${input.saw} ->`,
    input.data,
    input.replaceEnded && 'replaceEnded',
  ];
  const what = asked.filter(Boolean).join(' ');
  const time = `${invoked.at} to ${returned?.at ?? '?'}`;
  return `${client} #${number} ${op}(${what}): ${resultOf(event.outcome)} [${time}]`;
}

function resultOf(outcome: HistoryOutcome | null): string {
  switch (outcome?.kind) {
    case 'session': {
      const { version, data } = outcome.session;
      return `version ${version} ${data}`;
    }
    case 'ended':
      return String(outcome.was);
    case 'error': {
      const { code, actual, successor } = outcome;
      const words = [code, actual !== undefined && `at version ${actual}`];
      return [...words, successor !== undefined && `to ${successor}`].filter(Boolean).join(' ');
    }
    case 'absent':
    case 'done':
      return outcome.kind;
    case undefined:
      return 'no answer';
  }
}
