import { describe, expect, it } from 'vitest';
import {
  inboundClusterName,
  outboundClusterName,
  parseClusterName,
  sniClusterName,
} from '../../../src/translate/names.js';

describe('parseClusterName', () => {
  it('reads what the names of clusters were made of', () => {
    const made = { direction: 'outbound', port: 80, subset: 'v1', hostname: 'a.shop.svc.cluster.local' };
    const { port, subset, hostname } = made;
    expect(parseClusterName(outboundClusterName(port, subset, hostname))).toEqual({
      ...made,
      sniForm: false,
    });
    expect(parseClusterName(sniClusterName(port, subset, hostname))).toEqual({ ...made, sniForm: true });
    expect(parseClusterName(inboundClusterName(8080))).toMatchObject({
      direction: 'inbound',
      port: 8080,
      hostname: '',
    });
  });

  it('leaves a separator in a host alone', () => {
    expect(parseClusterName('outbound_.80_._.a_.b.test')).toMatchObject({
      subset: '',
      hostname: 'a_.b.test',
    });
  });

  it.each([
    'BlackHoleCluster',
    'outbound|80|x',
    'outbound|80||a|b',
    'sideways|80||a',
    'outbound|http||a',
    'outbound_.80_.x',
  ])('does not take %s for the name of a cluster of a service', (name) => {
    expect(parseClusterName(name)).toBeUndefined();
  });
});
