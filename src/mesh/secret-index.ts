/** What gateways may be given by name: Secrets with certificates, and ConfigMaps with CAs (Istio's `credentialName`). */
import type { ConfigObject } from '../config/object.js';
import type { SecretIndex } from './snapshot.js';

interface Sources {
  readonly secrets: readonly ConfigObject<'Secret'>[];
  readonly configMaps: readonly ConfigObject<'ConfigMap'>[];
}

/** Objects of the primary cluster by kind, namespace and name. */
export class SecretTable implements SecretIndex {
  readonly sources: Sources;
  readonly #secrets: ReadonlyMap<string, ConfigObject<'Secret'>>;
  readonly #configMaps: ReadonlyMap<string, ConfigObject<'ConfigMap'>>;

  constructor(sources: Sources) {
    this.sources = sources;
    this.#secrets = byName(sources.secrets);
    this.#configMaps = byName(sources.configMaps);
  }

  secret(namespace: string, name: string): ConfigObject<'Secret'> | undefined {
    return this.#secrets.get(`${namespace}/${name}`);
  }

  configMap(namespace: string, name: string): ConfigObject<'ConfigMap'> | undefined {
    return this.#configMaps.get(`${namespace}/${name}`);
  }
}

function byName<Kind extends 'Secret' | 'ConfigMap'>(
  objects: readonly ConfigObject<Kind>[],
): ReadonlyMap<string, ConfigObject<Kind>> {
  return new Map(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
}
