import { expect, test } from 'vitest';
import { apiResources } from '../../../../src/config/kubernetes/resources.js';
import { isInRevision } from '../../../../src/config/kubernetes/revision.js';
import type { Kind } from '../../../../src/config/object.js';
import type { RawObject } from '../../../../src/kubernetes/list-watch.js';

function counts(kind: Kind, labels: unknown, revision: string): boolean {
  const resource = apiResources.find((each) => each.kind === kind);
  if (resource === undefined) throw new Error(kind);
  return isInRevision(resource, { metadata: { name: 'a', labels } } as RawObject, revision);
}

test.each<[string, Kind, unknown, string, boolean]>([
  ['counts without labels', 'ServiceEntry', undefined, 'canary', true],
  ['counts without the label', 'Sidecar', { app: 'x' }, 'default', true],
  ['counts with its own revision', 'WorkloadEntry', { 'istio.io/rev': 'canary' }, 'canary', true],
  ['does not count with another one', 'PeerAuthentication', { 'istio.io/rev': 'canary' }, 'default', false],
  ['does not count with an empty one', 'Gateway', { 'istio.io/rev': '' }, 'default', false],
  ['of Kubernetes itself counts whatever it says', 'Pod', { 'istio.io/rev': 'canary' }, 'default', true],
])('an object %s', (_, kind, labels, revision, expected) => {
  expect(counts(kind, labels, revision)).toBe(expected);
});
