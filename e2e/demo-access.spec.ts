/** The demo page for everybody: by keyboard, on a phone, in the dark, with a screen reader. */

import { expect, test, type Page } from 'playwright/test';
import { addTea, noteOf, openShop, openTwoTabs, quantityOf, signIn } from './shop.js';

test('the keyboard alone is enough to sign in and to add a tea', async ({ page }) => {
  const shop = await openShop(page);
  const focused = shop.locator(':focus');
  async function tabTo(reached: () => Promise<boolean>): Promise<void> {
    for (let presses = 0; presses < 30; presses++) {
      await shop.keyboard.press('Tab');
      if (await reached()) return;
    }
    throw new Error('The Tab key does not lead there.');
  }

  await shop.keyboard.press('Tab');
  await expect(focused).toHaveText('Skip to the teas');
  await tabTo(async () => (await focused.getAttribute('id')) === 'sign-in-name');
  await shop.keyboard.type('Ada');
  await shop.keyboard.press('Enter');
  await expect(shop.locator('#owner-name')).toHaveText('Ada');
  await expect(focused).toHaveText('Sign out');
  await tabTo(async () => (await focused.innerText()).startsWith('Add'));
  const outline = await focused.evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(outline).toBe('solid');
  await shop.keyboard.press('Enter');
  await expect(quantityOf(shop, 'sencha')).toHaveText('1');
});

for (const width of [320, 360, 400]) {
  test(`nothing scrolls sideways on a phone of ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 740 });
    const shop = await openShop(page);
    await addTea(shop, 'oolong');
    await signIn(shop, 'Augusta Ada King, Countess of Lovelace');
    await noteOf(shop).fill('W'.repeat(200));
    const overflow = (): Promise<number> =>
      shop.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await shop.getByRole('button', { name: 'Edit the delivery address' }).click();
    await expect(shop.locator('#address-dialog')).toBeVisible();
    expect(await overflow()).toBeLessThanOrEqual(0);
  });
}

test('nothing jumps while the page loads, nor when another tab changes something', async ({
  page,
}) => {
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const [a, b] = await openTwoTabs(page);
  await addTea(b, 'oolong');
  await expect(quantityOf(a, 'oolong')).toHaveText('1');
  await noteOf(b).fill('Hello');
  await expect(noteOf(a)).toHaveValue('Hello');
  await signIn(b, 'Ada');
  await expect(a.locator('#owner-name')).toHaveText('Ada');
  const shifts = await a.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  // Up to 0.1 counts as good (https://web.dev/articles/cls).
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.02);
});

test('the page is dark where the visitor prefers that', async ({ page }) => {
  const brightness = (): Promise<number> =>
    page.evaluate(() => {
      const [red = 0, green = 0, blue = 0] =
        getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
      return red + green + blue;
    });
  await page.emulateMedia({ colorScheme: 'light' });
  await openShop(page);
  expect(await brightness()).toBeGreaterThan(600);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await brightness()).toBeLessThan(150);
});

test('every field has a label, every button and link a name', async ({ page }) => {
  const shop = await openShop(page);
  await addTea(shop, 'oolong');
  await expect(quantityOf(shop, 'oolong')).toHaveText('1');
  const nameless = await shop.evaluate(() => {
    const fields = [...document.querySelectorAll<HTMLInputElement>('input, textarea, select')];
    const controls = [...document.querySelectorAll('button, a')];
    const named = (element: Element): boolean =>
      Boolean((element.getAttribute('aria-label') ?? element.textContent ?? '').trim());
    return [
      ...fields.filter((field) => ![...(field.labels ?? [])].some(named)),
      ...controls.filter((control) => !named(control)),
    ].map((element) => element.outerHTML);
  });
  expect(nameless).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`text stands out from what is behind it (WCAG AA), ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const shop = await openShop(page);
    await addTea(shop, 'oolong');
    await expect(quantityOf(shop, 'oolong')).toHaveText('1');
    const { faint, enough } = await contrasts(shop);
    expect(faint).toEqual([]);
    expect(enough).toBeGreaterThan(50);
  });
}

/** Of every visible piece of text: what is below 4.5 to 1, and how many are not. */
function contrasts(page: Page): Promise<{ faint: string[]; enough: number }> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const paint = (colours: readonly string[]): number => {
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map(
        (channel) => {
          const part = channel / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        },
      );
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const layersBehind = (element: Element): string[] => {
      const layers: string[] = [];
      for (let each: Element | null = element; each !== null; each = each.parentElement) {
        layers.unshift(getComputedStyle(each).backgroundColor);
      }
      return layers;
    };
    const hasText = (element: Element): boolean =>
      [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim());
    const texts = [...document.body.querySelectorAll('*')].filter(
      (element) => hasText(element) && element.checkVisibility({ visibilityProperty: true }),
    );
    const faint = texts.filter((element) => {
      const layers = layersBehind(element);
      const behind = paint(layers);
      const text = paint([...layers, getComputedStyle(element).color]);
      return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05) < 4.5;
    });
    return {
      faint: faint.map((element) => element.outerHTML),
      enough: texts.length - faint.length,
    };
  });
}
