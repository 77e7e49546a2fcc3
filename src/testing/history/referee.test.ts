// A checker that is fast is worth as much as one that is slow and easy to believe says of it.

import { expect, test } from 'vitest';
import { mutated, possibleHistory, randomFrom } from '../../../test/history-generator.js';
import { isExplained } from '../../../test/history-referee.js';
import { checkHistory, type HistoryEvent } from '../index.js';

const histories = 3000;

test.each(['latest', 'ordered'] as const)(
  `R1 R2 R3 R4 R5: ${histories} small histories are judged as by trying every order, reads being %s`,
  { timeout: 120_000 },
  (reads) => {
    const judge = (events: readonly HistoryEvent[]) =>
      checkHistory(events, { tolerance: 0, reads });
    const count = { explained: 0, unexplained: 0, told: 0 };
    for (let seed = 0; seed < histories; seed++) {
      const random = randomFrom(seed);
      const possible = possibleHistory(random, 4 + random(4));
      expect(judge(possible).violations, `seed ${seed}`).toEqual([]);
      let history = possible;
      for (let changes = random(6); changes > 0; changes--) history = mutated(history, random);

      const { ok, violations } = judge(history);

      expect(ok, `seed ${seed}: ${JSON.stringify(history)}`).toBe(isExplained(history, reads));
      count[ok ? 'explained' : 'unexplained']++;
      for (const { operations, text } of violations) {
        // Whoever says that nobody did something speaks of all.
        if (text.includes('nobody')) continue;
        // They contradict each other, whatever came of the rest.
        const rest = history.map((event) =>
          operations.includes(event) ? event : { ...event, returned: null, outcome: null },
        );
        expect(judge(rest).ok, `seed ${seed}: ${text}`).toBe(false);
        count.told++;
      }
    }
    expect(count.explained).toBeGreaterThan(histories / 4);
    expect(count.unexplained).toBeGreaterThan(histories / 4);
    expect(count.told).toBeGreaterThan(histories / 8);
  },
);
