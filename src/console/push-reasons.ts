/**
 * What changed, in the words that Istio's metrics have for it (Istio reference 8.3, 8.4.1). Our words are the kinds of
 * `MeshChange`, those of a push joined by `+`; clients choose none of them.
 */

/** Istio's reason for a push by what changed. Words that are not here stand for themselves. */
const triggers: ReadonlyMap<string, string> = new Map([
  ['endpoints', 'endpoint'],
  ['workload', 'endpoint'],
  ['workload-removed', 'endpoint'],
  ['service-removed', 'service'],
  ['gateways', 'networks'],
  ['mesh', 'global'],
  ['registry', 'cluster'],
]);

/** Istio's type of an update that arrives, by what changed; everything else is configuration. */
const updateTypes: ReadonlyMap<string, string | undefined> = new Map([
  ['endpoints', 'eds'],
  ['workload', 'eds'],
  ['workload-removed', 'eds'],
  ['service', 'svc'],
  ['service-removed', 'svcdelete'],
  // How a registry is doing is no update of what it holds.
  ['synced', undefined],
  ['status', undefined],
]);

/** Istio's reasons in one of ours, each once. */
export function triggersOf(reason: string): string[] {
  return [...new Set(reason.split('+').map((word) => triggers.get(word) ?? word))];
}

/** One label for a reason: Istio's word, or `several`. */
export function reasonLabel(reason: string): string {
  const [only = 'several', ...more] = triggersOf(reason);
  return more.length === 0 ? only : 'several';
}

/** Istio's type of an update; undefined when nothing that is served changed. */
export function updateType(what: string): string | undefined {
  return updateTypes.has(what) ? updateTypes.get(what) : 'config';
}
