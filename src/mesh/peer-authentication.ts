/** The mutual TLS that servers ask for, composed of PeerAuthentications (Istio reference 4.10). */
import { createHash } from 'node:crypto';
import type { MutualTlsMode, PeerAuthentication } from '../config/kinds/networking.js';
import type { ConfigObject } from '../config/object.js';
import { labelsMatch, noLabels, type Labels } from '../model/labels.js';
import type { Table } from './rebuild.js';
import type { MutualTlsDecision, PeerAuthenticationDecisions, PeerAuthenticationIndex } from './snapshot.js';

type PeerAuthenticationObject = ConfigObject<'PeerAuthentication'>;

/** What is asked for where nobody says anything. */
const byDefault: MutualTlsDecision = { mode: 'PERMISSIVE', portLevel: false };

/** The policies of one namespace. */
interface NamespacePolicies {
  /** The oldest one for all workloads. */
  forAll?: PeerAuthenticationObject;
  /** Those with a selector, oldest first. */
  readonly selecting: PeerAuthenticationObject[];
}

/** What PeerAuthentications are indexed from. */
export interface PeerAuthenticationSources {
  /** Sorted by age. */
  readonly objects: readonly PeerAuthenticationObject[];
  readonly rootNamespace: string;
}

/** The index of all PeerAuthentications. */
export class PeerAuthenticationTable
  implements PeerAuthenticationIndex, PeerAuthenticationDecisions, Table<PeerAuthenticationSources>
{
  readonly sources: PeerAuthenticationSources;
  readonly version: string;
  readonly #byNamespace = new Map<string, NamespacePolicies>();
  readonly #root: MutualTlsDecision;

  constructor(sources: PeerAuthenticationSources) {
    const { objects, rootNamespace } = sources;
    this.sources = sources;
    this.version = contentHash(objects, rootNamespace);
    for (const object of objects) {
      const { metadata, spec } = object;
      const policies = this.#byNamespace.get(metadata.namespace) ?? { selecting: [] };
      this.#byNamespace.set(metadata.namespace, policies);
      if (Object.keys(selectorOf(spec)).length > 0) policies.selecting.push(object);
      else policies.forAll ??= object;
    }
    const root = this.#byNamespace.get(rootNamespace)?.forAll;
    this.#root = decide(root, root?.spec.mtls, false) ?? byDefault;
  }

  namespaceMode(namespace: string): MutualTlsMode {
    return this.namespaceDecision(namespace).mode;
  }

  namespaceDecision(namespace: string): MutualTlsDecision {
    if (namespace === this.sources.rootNamespace) return this.#root;
    const policy = this.#byNamespace.get(namespace)?.forAll;
    return decide(policy, policy?.spec.mtls, false) ?? this.#root;
  }

  workloadMode(namespace: string, labels: Labels, port: number): MutualTlsMode {
    return this.workloadDecision(namespace, labels, port).mode;
  }

  workloadPorts(namespace: string, labels: Labels): readonly number[] {
    const policy = this.#workloadPolicy(namespace, labels);
    return Object.keys(policy?.spec.portLevelMtls ?? {})
      .map(Number)
      .sort((a, b) => a - b);
  }

  workloadDecision(namespace: string, labels: Labels, port: number): MutualTlsDecision {
    if (namespace === this.sources.rootNamespace) return this.#root;
    const policy = this.#workloadPolicy(namespace, labels);
    return (
      decide(policy, policy?.spec.portLevelMtls[port], true) ??
      decide(policy, policy?.spec.mtls, false) ??
      this.namespaceDecision(namespace)
    );
  }

  /** Policies of the root namespace that select workloads count nowhere. */
  #workloadPolicy(namespace: string, labels: Labels): PeerAuthenticationObject | undefined {
    if (namespace === this.sources.rootNamespace) return undefined;
    return this.#byNamespace
      .get(namespace)
      ?.selecting.find(({ spec }) => labelsMatch(selectorOf(spec), labels));
  }
}

function selectorOf({ selector }: PeerAuthentication): Labels {
  return selector?.matchLabels ?? noLabels;
}

/** What a policy decides, if it does. */
function decide(
  policy: PeerAuthenticationObject | undefined,
  mtls: { readonly mode: MutualTlsMode } | undefined,
  portLevel: boolean,
): MutualTlsDecision | undefined {
  if (policy === undefined || mtls === undefined || mtls.mode === 'UNSET') return undefined;
  return { mode: mtls.mode, policy, portLevel };
}

function contentHash(objects: readonly PeerAuthenticationObject[], rootNamespace: string): string {
  const hash = createHash('sha256').update(rootNamespace);
  for (const { metadata, spec } of objects) {
    hash.update(JSON.stringify([metadata.namespace, metadata.name, metadata.creationTime, spec]));
  }
  return hash.digest('base64url').slice(0, 16);
}
