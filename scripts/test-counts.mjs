// What the reports of the test runners say, as two numbers. A test that did not run is not a test that passed.

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed skipped, unwritten (todo) and flaky tests included
 */

/**
 * @param {any} report of vitest's json reporter; undefined when there is none
 * @returns {Counts}
 */
export function countVitest(report) {
  const passed = report?.numPassedTests ?? 0;
  return { passed, failed: (report?.numTotalTests ?? 0) - passed };
}

/**
 * @param {any} report of Playwright's json reporter; undefined when there is none
 * @returns {Counts}
 */
export function countPlaywright(report) {
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = report?.stats ?? {};
  return { passed: expected, failed: unexpected + flaky + skipped };
}
