import type { Backend } from '../src/backend.js';

/** A backend that does as another one does, but for what is changed. */
export function backendOver(inner: Backend, changed: Partial<Backend>): Backend {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    open: (context) => inner.open(context),
    read: (id) => inner.read(id),
    transact: (ids, decide) => inner.transact(ids, decide),
    scan: (query) => inner.scan(query),
    listIds: (query) => inner.listIds(query),
    clear: (retain) => inner.clear(retain),
    close: () => inner.close(),
    ...changed,
  };
}
