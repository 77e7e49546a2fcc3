// Tries every order there is, by the rules as a newcomer would write them down: slow, and easy to believe. What
// `checkHistory` says of small histories is compared with it.

import type { HistoryEvent, HistoryOutcome } from '../src/testing/index.js';

interface Life {
  readonly alive: boolean;
  readonly version: number;
  readonly data: string;
  readonly successor?: string | undefined;
}

export type World = ReadonlyMap<string, Life>;

/** What an operation comes to in a world, and the world after it. */
export function play(world: World, event: HistoryEvent): readonly [HistoryOutcome, World] {
  const { op, id, input } = event;
  const life = world.get(id);
  const fail = (code: string, more: object = {}): readonly [HistoryOutcome, World] => [
    { kind: 'error', code, ...more },
    world,
  ];
  const ended = () => fail('SESSION_ENDED', { actual: life!.version, successor: life!.successor });
  const session = (name: string, { version, data }: Life): HistoryOutcome => {
    return { kind: 'session', session: { id: name, version, data, expiresAt: null } };
  };
  const put = (next: Life): readonly [HistoryOutcome, World] => [
    session(id, next),
    new Map(world).set(id, next),
  ];
  const conflict = () => {
    const current = life && { id, version: life.version, data: life.data, expiresAt: null };
    return fail('VERSION_CONFLICT', { actual: life?.version ?? 0, current });
  };
  const isOther = input.expectedVersion !== undefined && input.expectedVersion !== life?.version;
  const next = (data: string): Life => ({ alive: true, version: (life?.version ?? 0) + 1, data });

  switch (op) {
    case 'create':
      if (life?.alive) return fail('ID_COLLISION');
      return life && !input.replaceEnded ? ended() : put(next(input.data!));
    case 'load':
      return [life?.alive ? session(id, life) : { kind: 'absent' }, world];
    case 'touch':
      if (life && !life.alive) return ended();
      return [life ? session(id, life) : { kind: 'absent' }, world];
    case 'save':
      return life && !life.alive ? ended() : put(next(input.data!));
    case 'saveIfVersion':
      if (life && !life.alive) return ended();
      return input.expectedVersion === (life?.version ?? 0) ? put(next(input.data!)) : conflict();
    case 'update':
      if (!life) return fail('SESSION_NOT_FOUND');
      if (!life.alive) return ended();
      // Not what its function was given: no such outcome is possible here.
      return life.data === input.saw ? put(next(input.data!)) : fail('another draft');
    case 'rotate': {
      const { successor } = life ?? {};
      if (successor) return fail('VERSION_CONFLICT', { actual: life!.version, successor });
      if (!life) return fail('SESSION_NOT_FOUND');
      if (!life.alive) return ended();
      if (isOther) return conflict();
      if (world.has(input.successor!)) return fail('ID_COLLISION');
      const moved = next(input.data ?? life.data);
      const after = new Map(world).set(id, { ...life, alive: false, successor: input.successor });
      return [session(input.successor!, moved), after.set(input.successor!, moved)];
    }
    case 'delete':
      if (!life?.alive) return [{ kind: 'ended', was: false }, world];
      if (isOther) return conflict();
      return [{ kind: 'ended', was: true }, new Map(world).set(id, { ...life, alive: false })];
    default: {
      const all = [...world].map(([each, one]) => [each, { ...one, alive: false }] as const);
      return [{ kind: 'done' }, new Map(all)];
    }
  }
}

/** Whether some order explains a history. */
export function isExplained(events: readonly HistoryEvent[], reads: 'latest' | 'ordered'): boolean {
  const precedes = (one: HistoryEvent, other: HistoryEvent): boolean => {
    if (one.returned === null) return false;
    if (one.client === other.client) return one.returned.tick < other.invoked.tick;
    return !(reads === 'ordered' && other.op === 'load') && one.returned.at < other.invoked.at;
  };
  const explain = (world: World, left: readonly HistoryEvent[]): boolean => {
    if (left.every(({ returned }) => returned === null)) return true;
    return left.some((event) => {
      const others = left.filter((each) => each !== event);
      if (others.some((other) => precedes(other, event))) return false;
      const [outcome, after] = play(world, event);
      const fits = event.returned === null || same(outcome, event.outcome);
      return fits && explain(after, others);
    });
  };
  // Of loads that lag nothing is said between one session and another.
  const parts = reads === 'ordered' ? lineagesOf(events) : [events];
  return parts.every((part) => explain(new Map(), part));
}

function lineagesOf(events: readonly HistoryEvent[]): HistoryEvent[][] {
  let groups: { ids: string[]; events: HistoryEvent[] }[] = [];
  const all = events.flatMap(({ id, input }) => [id, input.successor ?? '']).filter(Boolean);
  for (const event of events) {
    const { op, id, input, outcome } = event;
    const isOne = outcome === null || outcome.kind === 'session' || hasCode(outcome);
    const ids = op === 'clear' ? all : op === 'rotate' && isOne ? [id, input.successor!] : [id];
    const isApart = (group: (typeof groups)[0]): boolean =>
      !group.ids.some((one) => ids.includes(one));
    const met = groups.filter((group) => !isApart(group));
    groups = [
      ...groups.filter(isApart),
      {
        ids: [...ids, ...met.flatMap((group) => group.ids)],
        events: [...met.flatMap((group) => group.events), event],
      },
    ];
  }
  return groups.map((group) => group.events);
}

function hasCode(outcome: HistoryOutcome): boolean {
  return outcome.kind === 'error' && outcome.code === 'ID_COLLISION';
}

function same(one: HistoryOutcome | null, other: HistoryOutcome | null): boolean {
  const plain = (outcome: HistoryOutcome | null): string => {
    const { kind, ...rest } = { reason: undefined, ...outcome } as Record<string, unknown>;
    return JSON.stringify([
      kind,
      Object.entries(rest)
        .filter(([, part]) => part !== undefined)
        .sort(([before], [after]) => (before < after ? -1 : 1)),
    ]);
  };
  return plain(one) === plain(other);
}
