/** `tabkeep/testing`: proves that a backend keeps every rule, and what such proofs are made with. */

export { conformance } from './conformance.js';
export { fakeClock } from './fake-clock.js';
export type { FakeClock } from './fake-clock.js';
export { faultyBackend } from './faulty-backend.js';
export type { BackendOperation, FaultyBackend } from './faulty-backend.js';
export { checkHistory } from './history/check.js';
export { historyRecorder } from './history/recorder.js';
export type { HistoryRecorder, HistoryRecorderOptions, RecordedStore } from './history/recorder.js';
export type {
  CheckHistoryOptions,
  HistoryEvent,
  HistoryInput,
  HistoryMoment,
  HistoryOperation,
  HistoryOutcome,
  HistorySession,
  HistoryVerdict,
  HistoryViolation,
} from './history/history.js';
export { simulateOrigin } from './simulated-origin.js';
export type { SimulatedOrigin, SimulatedOriginOptions, SimulatedTab } from './simulated-origin.js';
export { simulatedTabs } from './simulated-tabs.js';
export type { MessageFaults, SimulatedTabs, SimulatedTabsOptions } from './simulated-tabs.js';
export type {
  ConformanceException,
  ConformanceOptions,
  Damage,
  Expectation,
  Place,
  PlaceFactory,
  ReadRaw,
  TestRunner,
} from './runner.js';
