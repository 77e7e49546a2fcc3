/** What a browser may refuse or lose, and what an app that uses the defaults then sees. */

// oxlint-disable unicorn/require-post-message-target-origin -- a rule for windows; channels have no such argument

import { expect, test, type BrowserContext, type Page } from 'playwright/test';
import type * as Tabkeep from 'tabkeep';

declare global {
  interface Window {
    tabkeep: Pick<typeof Tabkeep, 'openStore' | 'isSessionError'>;
    store: Tabkeep.SessionStore<unknown>;
  }
}

async function openPage(context: BrowserContext, before?: () => void, origin = ''): Promise<Page> {
  const page = await context.newPage();
  if (before) await page.addInitScript(before);
  await page.goto(`${origin}/e2e/pages/default.html`);
  await page.waitForFunction(() => 'tabkeep' in window);
  return page;
}

/** Opens the default store. @returns the backend in use */
function openStore(page: Page): Promise<{ name: string; capabilities: object }> {
  return page.evaluate(async () => {
    window.store = await window.tabkeep.openStore({ name: 'platform' });
    return window.store.backend;
  });
}

function updateOnce(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const session = await window.store.current({ create: () => ({ count: 0 }) });
    await session.update((data) => void (data as { count: number }).count++);
    return session.version;
  });
}

test('by default sessions lie in IndexedDB, and a reload finds them', async ({ context }) => {
  const page = await openPage(context);
  expect(await openStore(page)).toMatchObject({ name: 'IndexedDB' });
  expect(await updateOnce(page)).toBe(2);

  await page.reload();
  await page.waitForFunction(() => 'tabkeep' in window);
  await openStore(page);
  expect(await updateOnce(page)).toBe(3);
});

test('IndexedDB refused: localStorage serves, and a reload finds the session', async ({
  context,
}) => {
  const refuse = (): void => {
    Object.defineProperty(window, 'indexedDB', {
      get() {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      },
    });
  };
  const page = await openPage(context, refuse);
  expect(await openStore(page)).toMatchObject({ name: 'localStorage' });
  expect(await updateOnce(page)).toBe(2);

  await page.reload();
  await page.waitForFunction(() => 'tabkeep' in window);
  await openStore(page);
  expect(await updateOnce(page)).toBe(3);
});

test('R1 IndexedDB is back at the next visit: the session moves up with its version', async ({
  context,
}) => {
  const refuse = (): void => {
    if (sessionStorage.getItem('allowed') === null) {
      Object.defineProperty(window, 'indexedDB', { value: undefined });
    }
  };
  const page = await openPage(context, refuse);
  expect(await openStore(page)).toMatchObject({ name: 'localStorage' });
  expect(await updateOnce(page)).toBe(2);

  await page.evaluate(() => sessionStorage.setItem('allowed', 'yes'));
  await page.reload();
  await page.waitForFunction(() => 'tabkeep' in window);
  expect(await openStore(page)).toMatchObject({ name: 'IndexedDB' });
  expect(await updateOnce(page)).toBe(3);
});

test('every storage refused: memory serves, shared by the tabs, and says that it is not kept', async ({
  context,
}) => {
  const refuse = (): void => {
    for (const storage of ['indexedDB', 'localStorage']) {
      Object.defineProperty(window, storage, {
        get() {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        },
      });
    }
  };
  const page = await openPage(context, refuse);
  expect(await openStore(page)).toMatchObject({
    name: 'memory',
    capabilities: { shared: 'origin', persistent: false, durability: 'none' },
  });
  expect(await updateOnce(page)).toBe(2);

  const other = await openPage(context, refuse);
  await openStore(other);
  expect(await updateOnce(other)).toBe(3);
});

test('indexedDB.open that never settles: the store opens all the same, within its bound', async ({
  context,
}) => {
  const hang = (): void => {
    IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
  };
  const page = await openPage(context, hang);
  expect(await openStore(page)).toMatchObject({ name: 'localStorage' });
  expect(await updateOnce(page)).toBe(2);
});

test('a plain-http origin: no Web Locks there, and everything works that can', async ({
  context,
  baseURL,
}) => {
  const origin = baseURL!.replace('127.0.0.1', 'plain.test');
  const page = await openPage(context, undefined, origin);
  expect(await page.evaluate(() => [isSecureContext, 'locks' in navigator])).toEqual([
    false,
    false,
  ]);
  expect(await openStore(page)).toMatchObject({
    name: 'IndexedDB',
    capabilities: { atomic: true },
  });
  expect(await updateOnce(page)).toBe(2);

  const withoutIndexedDB = (): void => {
    Object.defineProperty(window, 'indexedDB', { value: undefined });
  };
  const other = await openPage(context, withoutIndexedDB, origin);
  expect(await openStore(other)).toMatchObject({
    name: 'localStorage',
    capabilities: { atomic: false },
  });
  expect(await updateOnce(other)).toBe(2);
});

test('R11 a tab that hears no message is right again after focus, pageshow and online', async ({
  context,
}) => {
  const deafen = (): void => {
    BroadcastChannel.prototype.addEventListener = () => {};
    Object.defineProperty(BroadcastChannel.prototype, 'onmessage', { set() {} });
  };
  const [writer, deaf] = [await openPage(context), await openPage(context, deafen)];
  for (const page of [writer, deaf]) {
    await openStore(page);
    await page.evaluate(async () => {
      const create = (): object => ({ count: 0 });
      Object.assign(window, { live: await window.store.current({ create }) });
    });
  }
  const versionIn = (page: Page): Promise<number> =>
    page.evaluate(() => (window as never as { live: { version: number } }).live.version);

  for (const event of ['focus', 'pageshow', 'online']) {
    const version = await updateOnce(writer);
    expect(await versionIn(deaf)).toBe(version - 1);
    await deaf.evaluate((type) => void dispatchEvent(new Event(type)), event);
    await expect.poll(() => versionIn(deaf)).toBe(version);
  }
});

test('R11 strangers on the channel and messages of a newer protocol change nothing', async ({
  context,
}) => {
  const [page, stranger] = [await openPage(context), await openPage(context)];
  await openStore(page);
  const id = await page.evaluate(async () => {
    const live = await window.store.current({ create: () => ({ count: 0 }) });
    const events: unknown[] = [];
    window.store.subscribe((event) => events.push(event));
    Object.assign(window, { live, events });
    return live.id;
  });

  await stranger.evaluate((session) => {
    const channel = new BroadcastChannel('tabkeep:platform');
    const forged = { id: session, version: 99, kind: 'ended' };
    const data = { protocol: 1, from: 'stranger', seq: 1, changes: [forged] };
    const newer = { ...data, protocol: 2 };
    const cut = { ...data, changes: [{ id: session }] };
    for (const message of ['hello', null, 42, data, newer, cut]) {
      channel.postMessage(message);
      channel.postMessage({ time: Date.now(), uuid: 'stranger', type: 'message', data: message });
    }
  }, id);
  // A true message after them shows that they have arrived.
  await stranger.evaluate(async (session) => {
    const store = await window.tabkeep.openStore({ name: 'platform' });
    await store.update(session, () => ({ count: 1 }));
  }, id);

  type Seen = { live: { status: string; version: number }; events: { type: string }[] };
  await page.waitForFunction(() => (window as never as Seen).live.version === 2);
  const seen = await page.evaluate(() => {
    const { live, events } = window as never as Seen;
    return { status: live.status, types: events.map(({ type }) => type) };
  });
  expect(seen).toEqual({ status: 'active', types: ['saved'] });
});
