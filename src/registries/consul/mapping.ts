/** What records of Consul mean to the mesh, unless a registry's own `mapping:` says otherwise. */
import type { MappingRules } from '../../adapter/index.js';
import { compatibleRules } from './compatibility.js';
import type { ConsulSettings } from './options.js';

/** The rules for these settings. Hosts are those that Consul's DNS answers to, with what the settings name in them. */
export function consulMapping({
  compatibility,
  domain,
  namespaces,
  partitions,
}: ConsulSettings): MappingRules {
  if (compatibility !== undefined) return compatibleRules[compatibility];
  // Beside a namespace or partition a datacenter is only told by its suffix.
  const datacenter =
    namespaces === undefined && partitions === undefined ? '[.{datacenter}]' : '[.{datacenter}.dc]';
  return {
    host: `{service}.service[.{namespace}.ns][.{peer}.peer][.{partition}.ap]${datacenter}.${domain}`,
    protocol: { from: ['meta.protocol', 'tag.protocol'], default: 'tcp' },
    version: { from: ['meta.version', 'tag.version'] },
    locality: {
      region: { from: ['meta.region', 'meta.node.region', 'meta.node.datacenter'] },
      zone: { from: ['meta.zone', 'meta.node.zone'] },
      subZone: { from: ['meta.subzone', 'meta.node.subzone'] },
    },
    labels: { tags: true, plainTags: 'tag', exclude: ['node.*'] },
  };
}
