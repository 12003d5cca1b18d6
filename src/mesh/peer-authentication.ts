/** The mutual TLS that servers ask for, composed of PeerAuthentications (Istio reference 4.10). */
import { createHash } from 'node:crypto';
import type { MutualTlsMode, PeerAuthentication } from '../config/kinds/networking.js';
import type { ConfigObject } from '../config/object.js';
import { labelsMatch, noLabels, type Labels } from '../model/labels.js';
import type { Table } from './rebuild.js';
import type { PeerAuthenticationIndex } from './snapshot.js';

type PeerAuthenticationObject = ConfigObject<'PeerAuthentication'>;

/** What is asked for where nobody says anything. */
const defaultMode: MutualTlsMode = 'PERMISSIVE';

/** The policies of one namespace. */
interface NamespacePolicies {
  /** The oldest one for all workloads. */
  forAll?: PeerAuthentication;
  /** Those with a selector, oldest first. */
  readonly selecting: PeerAuthentication[];
}

/** What PeerAuthentications are indexed from. */
export interface PeerAuthenticationSources {
  /** Sorted by age. */
  readonly objects: readonly PeerAuthenticationObject[];
  readonly rootNamespace: string;
}

/** The index of all PeerAuthentications. */
export class PeerAuthenticationTable implements PeerAuthenticationIndex, Table<PeerAuthenticationSources> {
  readonly sources: PeerAuthenticationSources;
  readonly version: string;
  readonly #byNamespace = new Map<string, NamespacePolicies>();
  readonly #rootMode: MutualTlsMode;

  constructor(sources: PeerAuthenticationSources) {
    const { objects, rootNamespace } = sources;
    this.sources = sources;
    this.version = contentHash(objects, rootNamespace);
    for (const { metadata, spec } of objects) {
      const policies = this.#byNamespace.get(metadata.namespace) ?? { selecting: [] };
      this.#byNamespace.set(metadata.namespace, policies);
      if (Object.keys(selectorOf(spec)).length > 0) policies.selecting.push(spec);
      else policies.forAll ??= spec;
    }
    this.#rootMode = modeOf(this.#byNamespace.get(rootNamespace)?.forAll?.mtls, defaultMode);
  }

  namespaceMode(namespace: string): MutualTlsMode {
    if (namespace === this.sources.rootNamespace) return this.#rootMode;
    return modeOf(this.#byNamespace.get(namespace)?.forAll?.mtls, this.#rootMode);
  }

  /** Policies of the root namespace that select workloads count nowhere. */
  workloadMode(namespace: string, labels: Labels, port: number): MutualTlsMode {
    const ofNamespace = this.namespaceMode(namespace);
    if (namespace === this.sources.rootNamespace) return ofNamespace;
    const policy = this.#byNamespace
      .get(namespace)
      ?.selecting.find((candidate) => labelsMatch(selectorOf(candidate), labels));
    if (policy === undefined) return ofNamespace;
    return modeOf(policy.portLevelMtls[port], modeOf(policy.mtls, ofNamespace));
  }
}

function selectorOf({ selector }: PeerAuthentication): Labels {
  return selector?.matchLabels ?? noLabels;
}

function modeOf(mtls: { readonly mode: MutualTlsMode } | undefined, inherited: MutualTlsMode): MutualTlsMode {
  return mtls === undefined || mtls.mode === 'UNSET' ? inherited : mtls.mode;
}

function contentHash(objects: readonly PeerAuthenticationObject[], rootNamespace: string): string {
  const hash = createHash('sha256').update(rootNamespace);
  for (const { metadata, spec } of objects) {
    hash.update(JSON.stringify([metadata.namespace, metadata.name, metadata.creationTime, spec]));
  }
  return hash.digest('base64url').slice(0, 16);
}
