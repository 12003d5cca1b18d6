/** The WorkloadEntry that a proxy becomes by its WorkloadGroup (Istio reference 3.10). */
import type { ConfigObject, ObjectRef } from '../../config/object.js';
import type { WorkloadEntry } from '../../config/kinds/networking.js';
import type { Labels } from '../../model/labels.js';
import type { Registrant } from './registrant.js';

/** The name of the source that registered entries are of, for people. */
export const registrationSource = 'auto-registration';

const longestName = 253;
const groupAnnotation = 'istio.io/autoRegistrationGroup';
const healthCheckAnnotation = 'proxy.istio.io/health-checks-enabled';
/** Has the locality of the node in a form that is not one of labels; the entry has a field for it. */
const localityLabel = 'istio-locality';

const emptyTemplate: WorkloadEntry = {
  address: '',
  ports: {},
  labels: {},
  network: '',
  locality: '',
  weight: 0,
  serviceAccount: '',
};

/** Facts of a registered proxy that change while it is. */
export interface RegistrationState {
  /** What it reported last; undefined before the first report. */
  readonly healthy: boolean | undefined;
  /** When it was registered, in seconds since the epoch. */
  readonly since: number;
}

/** Which WorkloadEntry a proxy is registered as: `<group>-<address>[-<network>]`, of which the end counts if it is long. */
export function entryRef({ group, namespace, address, network }: Registrant): ObjectRef {
  const parts = [group, address.replaceAll(':', '-'), ...(network === '' ? [] : [network])];
  return { kind: 'WorkloadEntry', namespace, name: parts.join('-').slice(-longestName) };
}

/**
 * The entry of a proxy: the group's template with the proxy's address, and with its network and locality where the node
 * has them. Of labels those of the node count before those of the group's metadata, and these before the template's.
 */
export function groupEntry(
  group: ConfigObject<'WorkloadGroup'>,
  registrant: Registrant,
  { healthy, since }: RegistrationState,
): ConfigObject<'WorkloadEntry'> {
  const { metadata, template = emptyTemplate } = group.spec;
  const labels = entryLabels(template.labels, metadata?.labels ?? {}, registrant.labels);
  const { namespace, name } = entryRef(registrant);
  return {
    kind: 'WorkloadEntry',
    apiVersion: group.apiVersion,
    metadata: {
      name,
      namespace,
      labels,
      annotations: {
        [groupAnnotation]: group.metadata.name,
        ...metadata?.annotations,
        ...(registrant.reportsHealth && { [healthCheckAnnotation]: 'true' }),
      },
      creationTime: since,
      resourceVersion: '',
      ownerReferences: [
        { apiVersion: group.apiVersion, kind: group.kind, name: group.metadata.name, controller: true },
      ],
    },
    spec: {
      ...template,
      address: registrant.address,
      labels,
      network: registrant.network || template.network,
      locality: registrant.locality ?? template.locality,
      ...(healthy !== undefined && { healthy }),
    },
    origin: { source: registrationSource },
  };
}

function entryLabels(...each: readonly Labels[]): Labels {
  const { [localityLabel]: _, ...labels }: Labels = Object.assign({}, ...each);
  return labels;
}
