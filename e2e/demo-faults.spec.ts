/** The demo page where the browser refuses something: it stays open and says what is wrong. */

import { expect, test } from 'playwright/test';
import { addTea, openShop, quantityOf } from './shop.js';

test('where the browser refuses all storage the shop is open, and says so', async ({ page }) => {
  await page.addInitScript(() => {
    for (const area of ['indexedDB', 'localStorage'] as const) {
      Object.defineProperty(window, area, {
        get: () => {
          throw new DOMException('Storage is refused.', 'SecurityError');
        },
      });
    }
  });
  const shop = await openShop(page);
  await expect(shop.locator('#fact-backend')).toHaveText('memory');
  await expect(shop.locator('#refused')).toBeVisible();
  await addTea(shop, 'sencha');
  await expect(quantityOf(shop, 'sencha')).toHaveText('1');
});

test('once the browser gives storage back, the session moves there and is shared', async ({
  page,
}) => {
  await page.clock.install();
  await page.addInitScript(() => {
    const refuse = (): never => {
      throw new DOMException('Storage is refused.', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', { get: refuse });
    Object.defineProperty(indexedDB, 'open', { value: refuse, configurable: true });
    addEventListener('storage-is-back', () => Reflect.deleteProperty(indexedDB, 'open'));
  });
  const shop = await openShop(page);
  await addTea(shop, 'sencha');
  await expect(shop.locator('#fact-backend')).toHaveText('memory');

  await shop.evaluate(() => dispatchEvent(new Event('storage-is-back')));
  await shop.clock.fastForward('01:01'); // a better backend is tried again after a minute
  await addTea(shop, 'sencha');
  await expect(shop.locator('#fact-backend')).toHaveText('IndexedDB');
  await expect(shop.locator('#refused')).toBeHidden();
  await expect(shop.locator('#log-list')).toContainText('now in IndexedDB');
  const other = await openShop(await page.context().newPage());
  await expect(quantityOf(other, 'sencha')).toHaveText('2');
});

test('an error is shown with its code, and goes when it is closed', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', {
      value: {
        writeText: () => Promise.reject(new DOMException('Not allowed.', 'NotAllowedError')),
      },
    });
  });
  const shop = await openShop(page);
  await shop.getByRole('button', { name: 'Copy the session id' }).click();
  const status = shop.locator('#status');
  await expect(status).toContainText('NotAllowedError');
  await status.getByRole('button').click();
  await expect(status).toBeHidden();
});

test('a store that does not open leaves a page that says why', async ({ page }) => {
  await page.goto('/demo/?idle=-1');
  await expect(page.locator('#status')).toContainText('RangeError');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});
