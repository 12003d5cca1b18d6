/**
 * MeshConfig and MeshNetworks of a live mesh: the keys `mesh` and `meshNetworks` of a ConfigMap in the system namespace
 * (`istio`, or that of a revision), with Istio's defaults where there are none. What is refused keeps its last valid version.
 */
import type { Decoded } from '../config/decode/decoded.js';
import { decodeMeshConfig, defaultMeshConfig } from '../config/decode/mesh-config.js';
import { decodeMeshNetworks } from '../config/decode/mesh-networks.js';
import { noMeshNetworks, type MeshConfig, type MeshNetworks } from '../config/mesh-config.js';
import type { Problem } from '../config/object.js';
import { parseChunk } from '../config/yaml.js';
import type { RawObject } from '../kubernetes/list-watch.js';

/** The name of a revision's ConfigMap, as in Istio. */
export function meshConfigMapName(revision: string): string {
  return revision === 'default' ? 'istio' : `istio-${revision}`;
}

/** What the mesh is run by. */
export interface MeshSettings {
  readonly config: MeshConfig;
  readonly networks: MeshNetworks;
}

/** Follows the ConfigMap. */
export class MeshSettingsReader {
  readonly #config: LastValid<MeshConfig>;
  readonly #networks: LastValid<MeshNetworks>;

  /**
   * @param source of the ConfigMap, for messages.
   * @param name `namespace/name` of the ConfigMap.
   */
  constructor(source: string, name: string, domainSuffix: string) {
    const place = { file: source, object: `ConfigMap ${name}` };
    this.#config = new LastValid(place, 'data.mesh', defaultMeshConfig({ domainSuffix }), (value) =>
      decodeMeshConfig(value, { domainSuffix }),
    );
    this.#networks = new LastValid(place, 'data.meshNetworks', noMeshNetworks, decodeMeshNetworks);
  }

  /** Takes in the ConfigMap as it is now; undefined when there is none. What did not change is the same object. */
  take(configMap: RawObject | undefined): MeshSettings {
    const { data } = (configMap ?? {}) as { readonly data?: Readonly<Record<string, string>> };
    return {
      config: this.#config.take(data?.['mesh']),
      networks: this.#networks.take(data?.['meshNetworks']),
    };
  }

  /** What is wrong or doubtful at present. */
  problems(): readonly Problem[] {
    return [...this.#config.problems, ...this.#networks.problems];
  }
}

/** One document under a key, of which the last valid version counts. */
class LastValid<T> {
  readonly #place: Pick<Problem, 'file' | 'object'>;
  readonly #path: string;
  readonly #absent: T;
  readonly #decode: (value: unknown) => Decoded<T>;
  #text: string | undefined;
  #value: T;
  problems: readonly Problem[] = [];

  constructor(
    place: Pick<Problem, 'file' | 'object'>,
    path: string,
    absent: T,
    decode: (value: unknown) => Decoded<T>,
  ) {
    this.#place = place;
    this.#path = path;
    this.#absent = absent;
    this.#decode = decode;
    this.#value = absent;
  }

  take(text: string | undefined): T {
    if (text === this.#text) return this.#value;
    this.#text = text;
    this.problems = [];
    if (text === undefined) this.#value = this.#absent;
    else this.#read(text);
    return this.#value;
  }

  #read(text: string): void {
    const document = parseChunk(text);
    if (document.type === 'broken') {
      this.problems = [
        this.#problem(document.line, { severity: 'error', path: '', message: document.message }),
      ];
      return;
    }
    const { value, findings } = this.#decode(document.value);
    this.problems = findings.map((finding) => this.#problem(undefined, finding));
    if (value !== undefined) this.#value = value;
  }

  #problem(
    line: number | undefined,
    { severity, path, message }: Pick<Problem, 'severity' | 'path' | 'message'>,
  ): Problem {
    const where = path === '' ? this.#path : `${this.#path}: ${path}`;
    const text = line === undefined ? message : `line ${line}: ${message}`;
    return { ...this.#place, severity, path: where, message: text };
  }
}
