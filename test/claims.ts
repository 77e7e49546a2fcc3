/** What the files in test/examples lean on; scripts/examples.mjs makes them. */

import { expect, test, vi } from 'vitest';
import { FakeAlarms } from './fake-alarms.js';

interface Claim {
  readonly place: string;
  readonly actual: readonly unknown[];
  readonly expected: readonly unknown[];
}

const claims: Claim[] = [];
const consoleError = vi.spyOn(console, 'error');

// What an extension has, and neither Node nor a page.
vi.stubGlobal('chrome', { alarms: new FakeAlarms() });

/** Stands for `console.log` where a comment says what is logged. */
export function claim(
  place: string,
  expected: readonly unknown[],
): (...actual: readonly unknown[]) => void {
  // Compared later: what is thrown here may land in a listener, and the example would never hear of it.
  return (...actual) => claims.push({ place, actual, expected });
}

/** Waits until every place was reached, and compares what was said there with what was seen. */
export async function checkClaims(places: readonly string[]): Promise<void> {
  const neverReached = (): string[] =>
    places.filter((place) => !claims.some((made) => made.place === place));
  await expect.poll(neverReached, { message: 'places never reached' }).toEqual([]);
  const made = claims.filter(({ place }) => places.includes(place));
  const seen = made.map(({ place, actual }) => ({ place, logged: actual }));
  expect(seen).toStrictEqual(made.map(({ place, expected }) => ({ place, logged: expected })));
}

/** The test of one example: what it claims is so, and nothing has failed in the background. */
export function testExample(title: string, places: readonly string[]): void {
  test(`${title} does what it says`, async () => {
    await checkClaims(places);
    expect(consoleError).not.toHaveBeenCalled();
  });
}
