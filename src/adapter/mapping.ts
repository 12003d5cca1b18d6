/**
 * Mapping rules: how records become services and endpoints, as data. An adapter brings its registry's defaults, and
 * the settings of a registry (`mapping:`) are laid over them, rule by rule.
 */
import type { Labels } from '../model/labels.js';

/**
 * Where a value is looked for; the first place that has it counts:
 *
 * - `meta.KEY`: metadata of the instance, else of the service;
 * - `tag.KEY`: a tag `KEY|VALUE`, `KEY=VALUE` or `KEY:VALUE` of the instance, else of the service;
 * - `attribute.KEY`: an attribute of the service.
 */
export type Source = `meta.${string}` | `tag.${string}` | `attribute.${string}`;

/** A value that is looked for in several places. */
export interface TextRule {
  readonly from?: readonly Source[];
  /** When it is in none of them. */
  readonly default?: string;
}

/** Which services and instances are meant. All of its parts must fit; a part that is absent fits everything. */
export interface Selection {
  /** Names of services, with `*` for any text. */
  readonly services?: readonly string[];
  /** Tags of which an instance (or its service) has at least one; `*` for any text. */
  readonly tags?: readonly string[];
  /** Metadata that an instance (or its service) has; `*` for any text in a value. */
  readonly metadata?: Labels;
  /** Attributes of the service; `*` for any text in a value. */
  readonly attributes?: Labels;
  /** Addresses or ranges (CIDR) of which one holds the address of the instance. */
  readonly addresses?: readonly string[];
}

/** Which metadata becomes labels of endpoints. */
export interface LabelRules {
  /** Keys of metadata, `*` for any text; all when absent. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Tags `KEY|VALUE`, `KEY=VALUE` or `KEY:VALUE` become labels too; what has no value does not. */
  readonly tags?: boolean;
  /** Tags without a value become labels of this prefix with the value `true`: `tag` makes `tag/canary`. */
  readonly plainTags?: string;
  /** Key of metadata to the label that it becomes. */
  readonly rename?: Labels;
  /** Labels that every endpoint has, unless its metadata say otherwise. */
  readonly add?: Labels;
}

/** How records become services and endpoints. What is absent is as the adapter has it, else as said here. */
export interface MappingRules {
  /**
   * The host name: text with `{service}`, `{registry}` (the registry's name) and `{ATTRIBUTE}`; a part in square
   * brackets is left out when a variable in it has no value: `{service}.service[.{namespace}][.{datacenter}].consul`.
   * Made a legal DNS name; `{service}.{registry}` by default.
   */
  readonly host?: string;
  /** The namespace that services count to, as a template like `host`; `default` by default. */
  readonly namespace?: string;
  /** Namespaces that see the services; those of the mesh configuration when absent. */
  readonly exportTo?: readonly string[];
  /** The services are outside of the mesh; no by default. */
  readonly meshExternal?: boolean;
  /**
   * The one port that clients know, whatever the ports of instances are. Without it each port of an instance is a port
   * of the service, named by its own name or `<protocol>-<number>`.
   */
  readonly port?: number;
  /** The name of a protocol as Istio knows it, or tri, triple, dubbo, thrift, ws, h2c; `tcp` by default. */
  readonly protocol?: TextRule;
  /** The label `version`. */
  readonly version?: TextRule;
  readonly locality?: { readonly region?: TextRule; readonly zone?: TextRule; readonly subZone?: TextRule };
  /** The weight, a number; `scale` multiplies it before it is rounded (never from above 0 to 0) and capped at 128. */
  readonly weight?: TextRule & { readonly scale?: number };
  readonly labels?: LabelRules;
  /** SPIFFE identity of instances, for mutual TLS. */
  readonly serviceAccount?: TextRule;
  /** Whether instances speak Istio's mutual TLS: `istio` or `disabled`, the default. */
  readonly tlsMode?: TextRule;
  /** The network of instances. */
  readonly network?: TextRule;
  /** Only what one of these means is imported; everything when absent. */
  readonly include?: readonly Selection[];
  /** What one of these means is not imported. */
  readonly exclude?: readonly Selection[];
}
