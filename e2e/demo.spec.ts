/** The demo page as its visitors use it: two real tabs of one browser profile. */

import { expect, test, type Page } from 'playwright/test';
import { addTea, noteOf, openShop, openTwoTabs, quantityOf, sessionIdOf, signIn } from './shop.js';

const backends = ['indexeddb', 'localstorage', 'memory'] as const;
const sharedBackends = ['indexeddb', 'localstorage'] as const;

const farewellOf = (page: Page) => page.getByRole('alert');

async function secondsLeft(page: Page): Promise<number> {
  const [minutes, seconds] = (await page.locator('#idle-left').innerText()).split(':').map(Number);
  return (minutes ?? 0) * 60 + (seconds ?? 0);
}

for (const backend of sharedBackends) {
  test.describe(`two tabs on ${backend}`, () => {
    const query = `?backend=${backend}`;

    test('share the cart: add, change, remove, total', async ({ page }) => {
      const [a, b] = await openTwoTabs(page, query);
      await expect(b.locator('#cart-empty')).toBeVisible();
      await addTea(a, 'oolong');
      await expect(quantityOf(b, 'oolong')).toHaveText('1');
      await Promise.all([addTea(a, 'oolong'), addTea(b, 'oolong')]);
      await addTea(b, 'matcha');
      for (const tab of [a, b]) {
        await expect(quantityOf(tab, 'oolong')).toHaveText('3');
        await expect(tab.locator('#cart-total')).toHaveText('€80.50');
        await expect(tab.locator('#cart-count')).toHaveText('4');
      }
      await a.getByRole('button', { name: 'One Tieguanyin Oolong less' }).click();
      await expect(quantityOf(b, 'oolong')).toHaveText('2');
      await b.getByRole('button', { name: 'Remove Tieguanyin Oolong' }).click();
      await a.getByRole('button', { name: 'Remove Matcha Uji' }).click();
      for (const tab of [a, b]) await expect(tab.locator('#cart-empty')).toBeVisible();
    });

    test('show a note while it is typed', async ({ page }) => {
      const [a, b] = await openTwoTabs(page, query);
      await noteOf(a).pressSequentially('Ring twice');
      await expect(noteOf(b)).toHaveValue('Ring twice');
      await expect(b.locator('#note-hint')).toContainText('Edited in another tab');
    });

    test('lose no character when both type at the same moment', async ({ page }) => {
      const [a, b] = await openTwoTabs(page, query);
      await noteOf(a).fill('|');
      await expect(noteOf(b)).toHaveValue('|');
      await noteOf(a).press('Home');
      await noteOf(b).press('End');
      const [left, right] = ['the first tab types here', 'and the second one there'];
      await Promise.all([
        noteOf(a).pressSequentially(left, { delay: 15 }),
        noteOf(b).pressSequentially(right, { delay: 15 }),
      ]);
      for (const tab of [a, b]) await expect(noteOf(tab)).toHaveValue(`${left}|${right}`);
    });

    test('keep everything through a reload', async ({ page }) => {
      const shop = await openShop(page, query);
      await addTea(shop, 'chamomile');
      await noteOf(shop).fill('No sugar');
      await signIn(shop, 'Ada');
      await expect(shop.locator('#note-hint')).toContainText('Saved');
      const id = await sessionIdOf(shop);
      await shop.reload();
      await expect(shop.locator('#owner-name')).toHaveText('Ada');
      await expect(quantityOf(shop, 'chamomile')).toHaveText('1');
      await expect(noteOf(shop)).toHaveValue('No sugar');
      expect(await sessionIdOf(shop)).toBe(id);
    });

    test('sign in and out together', async ({ page }) => {
      const [a, b] = await openTwoTabs(page, query);
      await addTea(a, 'sencha');
      const before = await sessionIdOf(a);
      expect(await sessionIdOf(b)).toBe(before);

      await signIn(a, 'Ada');
      await expect(b.locator('#owner-name')).toHaveText('Ada');
      const signedIn = await sessionIdOf(a);
      expect(signedIn).not.toBe(before);
      expect(await sessionIdOf(b)).toBe(signedIn);
      await expect(quantityOf(b, 'sencha')).toHaveText('1');

      await b.getByRole('button', { name: 'Sign out' }).click();
      for (const tab of [a, b]) await expect(farewellOf(tab)).toContainText('You are signed out');
      await a.getByRole('button', { name: 'Start a new session' }).click();
      for (const tab of [a, b]) {
        await expect(farewellOf(tab)).toBeHidden();
        await expect(tab.locator('#cart-empty')).toBeVisible();
        await expect(tab.getByRole('button', { name: 'Sign in' })).toBeVisible();
      }
      expect(await sessionIdOf(a)).not.toBe(signedIn);
      expect(await sessionIdOf(a)).toBe(await sessionIdOf(b));
      await addTea(b, 'rooibos');
      await expect(quantityOf(a, 'rooibos')).toHaveText('1');
    });

    test('lose none of 200 updates sent by two writers at once', async ({ page }) => {
      const shop = await openShop(page, query);
      await shop.getByRole('button', { name: 'Write from two tabs at once' }).click();
      const result = shop.locator('#two-writers-result');
      await expect(result).toContainText('200 sent, 200 kept, 0 lost', { timeout: 20_000 });
    });
  });
}

test('activity in one tab keeps the session of both', async ({ page }) => {
  const [a, b] = await openTwoTabs(page, '?idle=15000');
  await expect.poll(() => secondsLeft(b), { timeout: 15_000 }).toBeLessThanOrEqual(11);
  await a.getByRole('heading', { level: 1 }).click();
  await expect.poll(() => secondsLeft(b)).toBeGreaterThanOrEqual(12);
  await expect(b.locator('#log-list')).toContainText('touched');
});

test('a session that nobody touches expires in both tabs, and the next one is shared again', async ({
  page,
}) => {
  const [a, b] = await openTwoTabs(page, '?idle=4000');
  const first = await sessionIdOf(a);
  for (const tab of [a, b]) {
    await expect(farewellOf(tab)).toContainText('Your session has expired', { timeout: 15_000 });
    await expect(tab.locator('#fact-status')).toHaveText('expired');
  }
  await b.getByRole('button', { name: 'Start a new session' }).click();
  for (const tab of [a, b]) await expect(tab.locator('#fact-status')).toHaveText('active');
  expect(await sessionIdOf(a)).not.toBe(first);
  expect(await sessionIdOf(a)).toBe(await sessionIdOf(b));
});

for (const backend of backends) {
  test(`the switch leads to ${backend}, and the address remembers it`, async ({ page }) => {
    const shop = await openShop(page, backend === 'indexeddb' ? '?backend=memory' : '');
    const link = shop.locator(`#backend-switch [data-backend="${backend}"]`);
    await link.click();
    await expect(shop).toHaveURL(new RegExp(`backend=${backend}`));
    await expect(link).toHaveAttribute('aria-current', 'true');
    await expect(shop.locator('#fact-backend')).toHaveText(backend, { ignoreCase: true });
    await expect(shop.locator('#refused')).toBeHidden();
    await expect(shop.locator('#not-shared')).toBeHidden();
    await expect(shop.locator('#fact-shared')).toHaveText('every tab of this site');
    await addTea(shop, 'matcha');
    await expect(quantityOf(shop, 'matcha')).toHaveText('1');
  });
}

test('in memory without Web Locks, two writers of one page lose nothing, and the page says that they share it', async ({
  page,
  baseURL,
}) => {
  // No secure context, so no tab can share its memory.
  const origin = baseURL!.replace('127.0.0.1', 'plain.test');
  const shop = await openShop(page, '?backend=memory', origin);
  await expect(shop.locator('#not-shared')).toBeVisible();
  await expect(shop.locator('#fact-shared')).toHaveText('this tab only');
  await shop.getByRole('button', { name: 'Write from two tabs at once' }).click();
  await expect(shop.locator('#two-writers-result')).toHaveText(
    /^200 sent, 200 kept, 0 lost\. \d+ ms in memory, both writers in this page\.$/,
  );
});

for (const backend of backends) {
  test.describe(`a conflict on ${backend}`, () => {
    async function provokeConflict(page: Page): Promise<Page> {
      const shop = await openShop(page, `?backend=${backend}`);
      await shop.getByRole('button', { name: 'Edit the delivery address' }).click();
      await shop.getByLabel('Name', { exact: true }).fill('Ada');
      await shop.getByLabel('Street').fill('12 Square');
      await shop.getByLabel('Town').fill('London');
      await shop.getByRole('button', { name: 'Let another tab save' }).click();
      await expect(shop.locator('#stored-version')).toHaveText('2');
      await shop.getByRole('button', { name: 'Save address' }).click();
      await expect(shop.locator('#conflict')).toContainText('VERSION_CONFLICT');
      await expect(shop.locator('#conflict')).toContainText(
        'You edited version 1; stored is version 2',
      );
      await expect(shop.locator('#conflict-mine')).toContainText('12 Square');
      await expect(shop.locator('#conflict-theirs')).toContainText('3 Harbour Lane');
      return shop;
    }

    test('ends with theirs', async ({ page }) => {
      const shop = await provokeConflict(page);
      await shop.getByRole('button', { name: 'Keep theirs' }).click();
      await expect(shop.locator('#address-dialog')).toBeHidden();
      await expect(shop.locator('#address')).toHaveText('Robin Teasdale, 3 Harbour Lane, Bristol');
      await expect(shop.locator('#fact-version')).toHaveText('2');
    });

    test('ends with mine, on top of theirs', async ({ page }) => {
      const shop = await provokeConflict(page);
      await shop.getByRole('button', { name: 'Save mine on top of version 2' }).click();
      await expect(shop.locator('#address-dialog')).toBeHidden();
      await expect(shop.locator('#address')).toHaveText('Ada, 12 Square, London');
      await expect(shop.locator('#fact-version')).toHaveText('3');
    });
  });
}

test('a real second tab provokes the conflict as well; a change of the cart does not', async ({
  page,
}) => {
  const [a, b] = await openTwoTabs(page);
  for (const [tab, street] of [
    [a, '1 Mine'],
    [b, '2 Theirs'],
  ] as const) {
    await tab.getByRole('button', { name: 'Edit the delivery address' }).click();
    await tab.getByLabel('Name', { exact: true }).fill('Ada');
    await tab.getByLabel('Street').fill(street);
    await tab.getByLabel('Town').fill('London');
  }
  await b.getByRole('button', { name: 'Save address' }).click();
  await a.getByRole('button', { name: 'Save address' }).click();
  await expect(a.locator('#conflict-theirs')).toContainText('2 Theirs');
  await a.getByRole('button', { name: 'Save mine' }).click();
  await expect(b.locator('#address')).toHaveText('Ada, 1 Mine, London');

  await a.getByRole('button', { name: 'Edit the delivery address' }).click();
  await a.getByLabel('Street').fill('3 Later');
  await addTea(b, 'matcha');
  await expect(a.locator('#cart-count')).toHaveText('1');
  await a.getByRole('button', { name: 'Save address' }).click();
  await expect(a.locator('#address-dialog')).toBeHidden();
  await expect(b.locator('#address')).toHaveText('Ada, 3 Later, London');
  await expect(quantityOf(b, 'matcha')).toHaveText('1');
});

test('the log tells which tab did what', async ({ page }) => {
  const [a, b] = await openTwoTabs(page);
  await addTea(a, 'sencha');
  await expect(a.locator('#log-list li').first()).toContainText(/this tab\s*saved version 2/);
  await expect(b.locator('#log-list li').first()).toContainText(/another tab\s*saved version 2/);
  await signIn(b, 'Ada');
  await expect(a.locator('#log-list')).toContainText(/another tab\s*new id/);
});
