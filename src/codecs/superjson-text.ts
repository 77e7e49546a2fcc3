/**
 * The check of a text before superjson applies it. Any script of the origin can write to storage, and the annotations of
 * superjson are instructions: each must name a place that the JSON has of its own, and fit what lies there.
 */

import type { SuperJSONResult } from 'superjson';

export type AnnotatedJSON = SuperJSONResult;

type Check = (json: unknown) => boolean;

const isText: Check = (json) => typeof json === 'string';
const isNull: Check = (json) => json === null;

const simpleTypes = new Map<unknown, Check>([
  ['undefined', isNull],
  ['bigint', isText],
  ['Date', isText],
  ['regexp', isText],
  ['URL', isText],
  ['number', (json) => ['NaN', 'Infinity', '-Infinity', '-0'].includes(json as string)],
  ['set', Array.isArray],
  [
    'map',
    (json) =>
      Array.isArray(json) && json.every((entry) => Array.isArray(entry) && entry.length === 2),
  ],
]);

const customTypes = new Map<unknown, Check>([
  ['reference', Number.isSafeInteger],
  ['invalid-date', isNull],
  ['error', (json) => isFields(json) && isText(json['name']) && isText(json['message'])],
  ['floats', (json) => Array.isArray(json) && Array.isArray(json[1]) && json[1].every(isText)],
]);

const typedArrays = /^(?:Int8|Uint8|Uint8Clamped|Int16|Uint16|Int32|Uint32|Float32|Float64)Array$/;

const dangerousKeys = ['__proto__', 'constructor', 'prototype'];

/** @throws when it is not what `encode` writes */
export function checkText(parsed: unknown): AnnotatedJSON {
  if (!isFields(parsed)) throw new TypeError('Not an object.');
  const { json, meta, ...more } = parsed;
  checkKeys(json);
  checkNothingElse(more);
  if (meta !== undefined) {
    if (!isFields(meta)) throw new TypeError('Annotations that are none.');
    const { values, v, ...rest } = meta;
    checkNothingElse(rest);
    if (v !== 1) throw new TypeError('Annotations of another version.');
    checkAnnotations(json, values);
  }
  return parsed as unknown as AnnotatedJSON;
}

function checkKeys(json: unknown): void {
  if (Array.isArray(json)) json.forEach(checkKeys);
  else if (isFields(json)) {
    for (const [key, inner] of Object.entries(json)) {
      if (dangerousKeys.includes(key)) throw new TypeError(`The key ${key} is not allowed.`);
      checkKeys(inner);
    }
  }
}

/** An annotation is `[type]`, `[type, those within]`, or only those within, keyed by their path from here. */
function checkAnnotations(json: unknown, annotation: unknown): void {
  if (!Array.isArray(annotation)) checkWithin(json, annotation);
  else {
    const [type, within] = annotation as unknown[];
    if (within !== undefined) checkWithin(json, within);
    if (!fits(json, type)) throw new TypeError('An annotation that does not fit.');
  }
}

function checkWithin(json: unknown, annotations: unknown): void {
  if (!isFields(annotations)) throw new TypeError('Annotations that are none.');
  for (const [path, inner] of Object.entries(annotations)) {
    checkAnnotations(segmentsOf(path).reduce(ownProperty, json), inner);
  }
}

function fits(json: unknown, type: unknown): boolean {
  if (!Array.isArray(type)) return simpleTypes.get(type)?.(json) === true;
  const [kind, name] = type as unknown[];
  if (kind === 'custom') return customTypes.get(name)?.(json) === true;
  // superjson would make an array of any length that a lone number asks for.
  return kind === 'typed-array' && typedArrays.test(String(name)) && Array.isArray(json);
}

/** `a.b\.c` is `a`, then `b.c`. */
function segmentsOf(path: string): string[] {
  const segments = [''];
  for (const [character, escaped] of path.matchAll(/\\([.\\])|[^]/g)) {
    if (character === '.') segments.push('');
    else segments[segments.length - 1] += escaped ?? character;
  }
  return segments;
}

function ownProperty(json: unknown, key: string): unknown {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, key)) {
    throw new TypeError('An annotation that leads nowhere.');
  }
  return (json as Record<string, unknown>)[key];
}

function checkNothingElse(rest: object): void {
  if (Object.keys(rest).length > 0) throw new TypeError('Something that does not belong here.');
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
