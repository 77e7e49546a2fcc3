import type { AlarmsApi } from 'tabkeep/sync/sweepers';

type Listener = Parameters<AlarmsApi['onAlarm']['addListener']>[0];

/** The alarms of an extension, as its browser keeps them: over every start of the worker. They ring when a test says so. */
export class FakeAlarms implements AlarmsApi {
  /** Period in minutes by name. */
  readonly set = new Map<string, number>();
  /** The names of all that were ever created, in their order. */
  readonly created: string[] = [];
  readonly #listeners: Listener[] = [];
  readonly onAlarm = { addListener: (listener: Listener) => void this.#listeners.push(listener) };

  get listening(): number {
    return this.#listeners.length;
  }

  async get(name: string): Promise<{ periodInMinutes: number } | undefined> {
    const periodInMinutes = this.set.get(name);
    return periodInMinutes === undefined ? undefined : { periodInMinutes };
  }

  async create(name: string, { periodInMinutes }: { periodInMinutes: number }): Promise<void> {
    this.set.set(name, periodInMinutes);
    this.created.push(name);
  }

  ring(name: string): void {
    for (const listener of this.#listeners) listener({ name });
  }

  /** The worker is stopped: what it heard with is gone, the alarms are not. */
  stopWorker(): void {
    this.#listeners.length = 0;
  }
}
