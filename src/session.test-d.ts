/** What the types promise, and what they refuse; checked by `tsc`. */

import { expectTypeOf } from 'vitest';
import { isSessionError, openStore, type Session, type SessionStore } from './core.js';
import type { LiveSession, StoreEvent } from './session.js';
import type { StandardSchemaV1 } from './standard-schema.js';
import { memoryBackend } from './stores/memory.js';

interface Cart {
  items: string[];
  paid?: Date;
}

declare const store: SessionStore<Cart>;
declare const live: LiveSession<Cart>;
declare const cartSchema: StandardSchemaV1<unknown, Cart>;

// Data has the type that the store was opened with, everywhere.
expectTypeOf(openStore<Cart>({ name: 'shop', backend: memoryBackend() })).resolves.toEqualTypeOf<
  SessionStore<Cart>
>();
expectTypeOf(store.load('a')).resolves.toEqualTypeOf<Session<Cart> | undefined>();
expectTypeOf(store.update('a', (cart) => void cart.items.push('tea'))).resolves.toEqualTypeOf<
  Session<Cart>
>();
expectTypeOf(live.data).toEqualTypeOf<Cart>();

// A schema alone tells the type.
expectTypeOf(
  openStore({ name: 'shop', backend: memoryBackend(), schema: cartSchema }),
).resolves.toEqualTypeOf<SessionStore<Cart>>();

// Options may be passed on although they are undefined.
expectTypeOf<typeof store.create>().toBeCallableWith(
  { items: [] },
  { id: undefined, ttl: undefined },
);

// A code narrows the error.
declare const caught: unknown;
if (isSessionError(caught, 'VERSION_CONFLICT')) {
  expectTypeOf(caught.code).toEqualTypeOf<'VERSION_CONFLICT'>();
  expectTypeOf(caught.actual).toEqualTypeOf<number | undefined>();
}

// `type` narrows an event.
declare const event: StoreEvent;
if (event.type === 'backend') expectTypeOf(event.name).toEqualTypeOf<string>();
else if (event.type === 'reset') expectTypeOf(event.previous).toEqualTypeOf<string>();
else expectTypeOf(event.id).toEqualTypeOf<string>();

// @ts-expect-error -- data of another shape
void store.create({ items: 'tea' });
// @ts-expect-error -- a write inside a transaction cannot wait
void store.update('a', async (cart) => cart);
// @ts-expect-error -- nothing in hand may be assigned to
live.data = { items: [] };
// @ts-expect-error -- no such code
isSessionError(caught, 'NOT_A_CODE');
// @ts-expect-error -- the bare store has no default backend
void openStore<Cart>({ name: 'shop' });
