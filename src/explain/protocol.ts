/** How the protocol of a service port was told (Istio reference 2.2, 3.1). */
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import { objectKey } from '../config/object.js';
import { kubernetesProtocolChoice } from '../model/protocol.js';
import type { Service, ServicePort } from '../model/service.js';
import { isKubernetesService } from '../model/service.js';

/** What told the protocol of a port. */
export function explainProtocol(state: MeshDirectoryState, service: Service, port: ServicePort): string {
  const sniffed = port.protocol === 'UnsupportedProtocol';
  if (!isKubernetesService(service)) {
    return sniffed
      ? 'the protocol that the ServiceEntry names is not known, so it is sniffed'
      : 'the ServiceEntry names it';
  }
  const declared = declaredPort(state, service, port);
  const choice = kubernetesProtocolChoice(port.port, port.name, declared?.protocol, declared?.appProtocol);
  switch (choice.by) {
    case 'transport':
      return 'the transport of the port is UDP';
    case 'app-protocol':
      return `appProtocol is ${declared?.appProtocol}`;
    case 'name':
      return `by the name of the port, ${port.name}`;
    case 'well-known-port':
      return `nothing names it, and ${port.port} is the well-known port of a protocol that cannot be sniffed`;
    case 'nothing':
      return port.name === ''
        ? 'the port has neither a name nor an appProtocol, so it is sniffed'
        : `neither appProtocol nor the name ${port.name} is of a protocol, so it is sniffed`;
  }
}

/** The port as the Service declares it, in the first cluster that has the Service. */
function declaredPort(state: MeshDirectoryState, { attributes }: Service, { port, name }: ServicePort) {
  const key = objectKey({
    kind: 'Service',
    namespace: attributes.namespace,
    name: attributes.objectName,
  });
  for (const objects of state.clusters.values()) {
    const object = objects.get(key);
    if (object?.kind !== 'Service') continue;
    return object.spec.ports.find((candidate) => candidate.port === port && candidate.name === name);
  }
  return undefined;
}
