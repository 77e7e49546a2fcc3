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

/** Begins the reason of a test that is skipped where it could not possibly run. */
const cannot = 'This machine cannot';

/**
 * @param {any} report of Playwright's json reporter; undefined when there is none
 * @param {(project: any) => string | undefined} excuseFor why a project's tests may be skipped on this machine;
 *   undefined = they must run
 * @param {boolean} [isInCI] where a machine can do everything, so that nothing excuses a test
 * @returns {Counts}
 */
export function countPlaywright(report, excuseFor, isInCI = Boolean(process.env['CI'])) {
  const { expected = 0, unexpected = 0, flaky = 0 } = report?.stats ?? {};
  const skipped = testsIn(report).filter(
    ({ status, projectName, annotations = [] }) =>
      status === 'skipped' &&
      excuseFor(projectName) === undefined &&
      (isInCI || !annotations.some(({ description }) => description?.startsWith(cannot))),
  );
  return { passed: expected, failed: unexpected + flaky + skipped.length };
}

/**
 * @param {any} suite with tests, or further suites
 * @returns {{ status: string, projectName: string, annotations?: { description?: string }[] }[]}
 */
function testsIn(suite) {
  const { suites = [], specs = [] } = suite ?? {};
  return [...specs.flatMap((/** @type {any} */ { tests }) => tests), ...suites.flatMap(testsIn)];
}
