import { describe, expect, it } from 'vitest';
import { Cluster } from '../../../src/envoy/messages.js';
import { fullNameOf, typeNameOf, typeUrlOf, typeUrls } from '../../../src/envoy/type-urls.js';

describe('type URLs', () => {
  it('have a short name that leads back', () => {
    for (const [name, url] of Object.entries(typeUrls)) {
      expect(typeNameOf(url)).toBe(name);
      expect(typeUrlOf(name)).toBe(url);
    }
  });

  it('are those of the messages', () => {
    expect(typeUrls.cds).toBe(Cluster.typeUrl);
    expect(fullNameOf(typeUrls.cds)).toBe(Cluster.fullName);
  });

  it('are found by short names in either case, and by no other name', () => {
    expect(typeUrlOf('CDS')).toBe(typeUrls.cds);
    expect(typeUrlOf('constructor')).toBeUndefined();
    expect(typeNameOf('type.googleapis.com/no.such.Type')).toBeUndefined();
  });
});
