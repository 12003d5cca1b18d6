/** The entry that a proxy becomes, as Istiod's workloadEntryFromGroup makes it. */
import { describe, expect, test } from 'vitest';
import { entryRef, groupEntry } from '../../../../src/mesh/auto-registration/group-entry.js';
import { registrantOf } from '../../../../src/mesh/auto-registration/registrant.js';
import { registrant, template, workloadGroup } from './builders.js';

const state = { healthy: undefined, since: 7 };

describe('who is registered', () => {
  const id = 'sidecar~10.1.2.3~vm-1.shop~shop.svc.cluster.local';

  test('is a proxy that names a group, with what its node says', () => {
    const node = {
      id,
      metadata: {
        AUTO_REGISTER_GROUP: 'legacy',
        NETWORK: 'net',
        LABELS: { app: 'legacy' },
        PROXY_CONFIG: { readinessProbe: { tcpSocket: { port: 80 } } },
      },
      locality: { region: 'r', zone: 'z' },
    };
    expect(registrantOf(node)).toEqual(
      registrant({ network: 'net', labels: { app: 'legacy' }, locality: 'r/z', reportsHealth: true }),
    );
  });

  test('is nobody who names no group, or has no namespace', () => {
    expect(registrantOf({ id, metadata: {} })).toBeUndefined();
    const nowhere = { id: 'sidecar~10.1.2.3~vm-1~local', metadata: { AUTO_REGISTER_GROUP: 'legacy' } };
    expect(registrantOf(nowhere)).toBeUndefined();
  });

  test('has no locality of its own only where the node says nothing of it', () => {
    const metadata = { AUTO_REGISTER_GROUP: 'legacy' };
    expect(registrantOf({ id, metadata })?.locality).toBeUndefined();
    expect(registrantOf({ id, metadata, locality: {} })?.locality).toBe('');
  });
});

describe('the name of an entry', () => {
  test.each([
    [registrant(), 'legacy-10.1.2.3'],
    [registrant({ network: 'net' }), 'legacy-10.1.2.3-net'],
    [registrant({ address: '2001:db8::7' }), 'legacy-2001-db8--7'],
  ])('is made of group, address and network', (each, name) => {
    expect(entryRef(each)).toEqual({ kind: 'WorkloadEntry', namespace: 'shop', name });
  });

  test('loses its beginning when it is too long', () => {
    const { name } = entryRef(registrant({ group: `x${'g'.repeat(260)}` }));
    expect(name).toHaveLength(253);
    expect(name.endsWith('g-10.1.2.3')).toBe(true);
  });
});

describe('the entry of a proxy', () => {
  test('is the template with the address of the proxy', () => {
    const { metadata, spec } = groupEntry(workloadGroup(), registrant(), state);
    expect(spec).toEqual({ ...template, address: '10.1.2.3' });
    expect(metadata).toMatchObject({
      name: 'legacy-10.1.2.3',
      namespace: 'shop',
      labels: template.labels,
      annotations: { 'istio.io/autoRegistrationGroup': 'legacy' },
      creationTime: 7,
      ownerReferences: [{ kind: 'WorkloadGroup', name: 'legacy', controller: true }],
    });
  });

  test('has the labels of the node over those of the group over those of the template, without the locality', () => {
    const group = workloadGroup({
      template,
      metadata: { labels: { tier: 'group', app: 'group' }, annotations: { note: 'x' } },
    });
    const labels = { app: 'node', 'istio-locality': 'r9.z9' };
    const { metadata, spec } = groupEntry(group, registrant({ labels }), state);
    expect(spec.labels).toEqual({ base: 'b', tier: 'group', app: 'node' });
    expect(metadata.labels).toEqual(spec.labels);
    expect(metadata.annotations).toMatchObject({ note: 'x' });
  });

  test('has the network and the locality of the node where it has them, even an empty locality', () => {
    const made = groupEntry(workloadGroup(), registrant({ network: 'net-p', locality: '' }), state);
    expect(made.spec).toMatchObject({ network: 'net-p', locality: '' });
  });

  test('is health checked when the proxy probes, and says what was reported last', () => {
    const made = groupEntry(workloadGroup(), registrant({ reportsHealth: true }), {
      ...state,
      healthy: false,
    });
    expect(made.metadata.annotations).toMatchObject({ 'proxy.istio.io/health-checks-enabled': 'true' });
    expect(made.spec.healthy).toBe(false);
  });
});
