/** What the tests of the demo page do on it. */

import { expect, type Locator, type Page } from 'playwright/test';

export async function openShop(page: Page, query = '', origin = ''): Promise<Page> {
  await page.goto(`${origin}/demo/${query}`);
  await expect(page.locator('body[data-ready=yes]')).toBeVisible();
  return page;
}

export async function openTwoTabs(page: Page, query = ''): Promise<[Page, Page]> {
  const a = await openShop(page, query);
  const b = await openShop(await page.context().newPage(), query);
  return [a, b];
}

export const addTea = (page: Page, tea: string): Promise<void> =>
  page.locator(`.tea[data-tea="${tea}"]`).getByRole('button').click();

export const quantityOf = (page: Page, tea: string): Locator =>
  page.locator(`.cart-line[data-tea="${tea}"] .line-quantity`);

export const sessionIdOf = (page: Page): Promise<string | null> =>
  page.locator('#fact-id').getAttribute('title');

export const noteOf = (page: Page): Locator => page.getByLabel('Note to the shop');

export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.locator('#owner-name')).toHaveText(name);
}
