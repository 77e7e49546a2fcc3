/** A browser engine as the tests use it: profiles, and in each of them real tabs that run what they are told. */

export type EngineName = 'chromium' | 'firefox' | 'webkit';

export interface Engine {
  readonly name: EngineName;
  /**
   * An empty profile: nothing stored, no tab open.
   *
   * @param origin - where its tabs find the test pages
   */
  newProfile(origin: string): Promise<Profile>;
  /** Ends every process of it, those of profiles that are still open included. */
  close(): Promise<void>;
}

export interface Profile {
  /** @param path - such as `/e2e/pages/tab.html`. @returns once the page has loaded */
  openTab(path: string): Promise<Tab>;
  close(): Promise<void>;
}

/** One tab. A Playwright `Page` is one as well. */
export interface Tab {
  /**
   * Runs a function in the page. It goes there as text, so it sees nothing around it but its argument; that and the result
   * go as JSON at least.
   *
   * @throws Error when the function throws, or its tab is gone before it ends
   */
  evaluate<Result>(run: () => Result): Promise<Awaited<Result>>;
  evaluate<Argument, Result>(
    run: (argument: Argument) => Result,
    argument: Argument,
  ): Promise<Awaited<Result>>;
  /** @returns once the page has loaded again */
  reload(): Promise<unknown>;
  close(): Promise<void>;
  /** Kills the process of the page: nothing in it runs any more. Absent where the engine cannot be made to. */
  crash?(): Promise<void>;
}
