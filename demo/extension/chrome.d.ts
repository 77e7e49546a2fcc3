/** The few parts of the extension API that this demo and its tests use. Firefox has them under this name too. */
declare const chrome: {
  readonly action: {
    setBadgeText(details: { text: string }): Promise<void>;
    getBadgeText(details: object): Promise<string>;
    setBadgeBackgroundColor(details: { color: string }): Promise<void>;
  };
  readonly alarms: {
    getAll(): Promise<
      readonly {
        readonly name: string;
        readonly periodInMinutes?: number;
        readonly persistAcrossSessions?: boolean;
      }[]
    >;
    clearAll(): Promise<boolean>;
    readonly onAlarm: { addListener(listener: (alarm: { name: string }) => void): void };
  };
  readonly runtime: {
    sendMessage(message: unknown): Promise<unknown>;
    readonly onMessage: { addListener(listener: (message: unknown) => void): void };
  };
};
