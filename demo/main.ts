/** The shop: opens its store, resumes the session that all tabs share, and shows it. */

import { mountAccount } from './account-view.js';
import { mountActivityLog } from './activity-log.js';
import { mountAddress } from './address-form.js';
import { mountCart } from './cart-view.js';
import { mountCatalogue } from './catalogue-view.js';
import { CurrentSession } from './current-session.js';
import { findAs } from './dom.js';
import { mountFacts } from './facts-panel.js';
import { mountFarewell } from './farewell.js';
import { mountIdleTimer } from './idle-timer.js';
import { mountNote } from './note-view.js';
import { openShopStore } from './shop-store.js';
import { report } from './status-line.js';
import { mountTwoWriters } from './two-writers.js';

findAs(HTMLAnchorElement, '#second-tab').href = location.href;

try {
  const store = await openShopStore(report);
  mountActivityLog(store);
  const session = await CurrentSession.resume(store);
  mountCatalogue(session);
  mountCart(session);
  mountNote(session);
  mountAddress(session);
  mountAccount(session);
  mountIdleTimer(session);
  mountFarewell(session);
  mountFacts(session);
  mountTwoWriters();
  document.body.dataset['ready'] = 'yes';
} catch (error) {
  document.body.dataset['ready'] = 'no';
  report(error);
}
