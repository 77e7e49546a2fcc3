import { describe, expect, test } from 'vitest';
import { backendIn, contentOf } from '../../test/key-value-fixture.js';
import { keyValuePlace } from '../../test/places.js';
import { virtualClock } from '../../test/virtual-clock.js';
import { conformance, simulateOrigin } from '../testing/index.js';

conformance(
  { describe, test, expect },
  () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const { storage } = origin.openTab();
    const place = keyValuePlace(
      storage,
      () => Object.keys(contentOf(storage)),
      () => backendIn(origin.openTab(), clock),
    );
    return {
      ...place,
      async plant(...damaged) {
        origin.settle();
        const raw = await place.plant!(...damaged);
        origin.settle();
        return raw;
      },
      catchUp: async () => origin.settle(),
    };
  },
  { title: 'conformance in simulated tabs' },
);
