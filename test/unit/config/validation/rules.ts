/** Tables of rules: for each a spec that breaks it, and the nearest one that does not. */
import { describe, expect, it } from 'vitest';
import type { KindSpecs } from '../../../../src/config/kinds/index.js';
import type { AnyObject, Kind, ObjectMeta } from '../../../../src/config/object.js';
import type { Finding } from '../../../../src/config/validation/finding.js';
import { validateObject } from '../../../../src/config/validation/index.js';

export interface Rule<K extends Kind> {
  readonly rule: string;
  /** What differs from the base spec, which breaks no rule. */
  readonly broken: Partial<KindSpecs[K]>;
  /** Everything that is found, as `error <path>` or `warning <path>`, in any order. */
  readonly finds: readonly string[];
  /** What one of the messages says. */
  readonly says?: string | RegExp;
  /** What differs from the base spec in the nearest one of which nothing is said. */
  readonly fine: Partial<KindSpecs[K]>;
  /** Metadata of both. */
  readonly metadata?: Partial<ObjectMeta>;
}

const apiVersions: Readonly<Record<Kind, string>> = {
  ServiceEntry: 'networking.istio.io/v1',
  WorkloadEntry: 'networking.istio.io/v1',
  DestinationRule: 'networking.istio.io/v1',
  VirtualService: 'networking.istio.io/v1',
  Sidecar: 'networking.istio.io/v1',
  Gateway: 'networking.istio.io/v1',
  PeerAuthentication: 'security.istio.io/v1',
  AuthorizationPolicy: 'security.istio.io/v1',
  RequestAuthentication: 'security.istio.io/v1',
  Telemetry: 'telemetry.istio.io/v1',
  EnvoyFilter: 'networking.istio.io/v1alpha3',
  WorkloadGroup: 'networking.istio.io/v1',
  Service: 'v1',
  Pod: 'v1',
  Node: 'v1',
  Namespace: 'v1',
  ConfigMap: 'v1',
  Secret: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
};

/** An object `default/checked` with a spec. */
export function objectOf<K extends Kind>(
  kind: K,
  spec: KindSpecs[K],
  metadata: Partial<ObjectMeta> = {},
): AnyObject {
  const object = {
    kind,
    apiVersion: apiVersions[kind],
    metadata: {
      name: 'checked',
      namespace: 'default',
      labels: {},
      annotations: {},
      creationTime: 0,
      resourceVersion: '',
      ...metadata,
    },
    spec,
    origin: { source: 'test' },
  };
  // The spec is that of the kind, which the type of a union cannot say.
  return object as unknown as AnyObject;
}

/** Findings as `error <path>` or `warning <path>`, sorted. */
export function shown(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, path }) => `${severity} ${path}`).sort();
}

/** Declares two tests for each rule. */
export function describeRules<K extends Kind>(kind: K, base: KindSpecs[K], rules: readonly Rule<K>[]): void {
  const check = (spec: Partial<KindSpecs[K]>, metadata?: Partial<ObjectMeta>): readonly Finding[] =>
    validateObject(objectOf(kind, { ...base, ...spec }, metadata));

  describe(`rules of ${kind}`, () => {
    it('has nothing said of the base of its table', () => {
      expect(check({})).toEqual([]);
    });

    it.each(rules)('finds that $rule', ({ broken, finds, says, metadata }) => {
      const findings = check(broken, metadata);
      expect(shown(findings)).toEqual([...finds].sort());
      expect(findings.map(({ message }) => message).join('\n')).toMatch(says ?? '');
    });

    it.each(rules)('says nothing where it is not so that $rule', ({ fine, metadata }) => {
      expect(check(fine, metadata)).toEqual([]);
    });
  });
}
