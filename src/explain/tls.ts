/** Which TLS a cluster speaks, and why (Istio reference 4.10, 5.7, 6.4). */
import type { MutualTlsDecision, ProxyContext } from '../mesh/snapshot.js';
import type { Endpoint } from '../model/endpoint.js';
import { finalKind, type ClusterTarget } from '../translate/cluster/cluster-target.js';
import { mutualTlsModeSource } from '../translate/cluster/mutual-tls-mode.js';
import { mutualTlsModeInput, serviceSockets, tlsDecision } from '../translate/cluster/service-transport.js';
import { mutualTlsFault } from '../translate/endpoint/mtls.js';
import type { EndpointsInput } from '../translate/endpoint/build-endpoints.js';
import type { TlsExplanation } from './explanation.js';
import { originOf } from './settings.js';
import { objectText } from './source.js';

/** Explains the TLS of a cluster. */
export function explainTls(context: ProxyContext, target: ClusterTarget): TlsExplanation {
  if (target.input.mode === 'sni-dnat') {
    return { mode: 'none', why: 'the gateway passes the TLS of its clients through' };
  }
  const decision = tlsDecision(target);
  const { problem, fields } = serviceSockets(target, false);
  const left = fields.transportSocket === undefined && fields.transportSocketMatches === undefined;
  if (decision.kind === 'none') return { mode: 'none', why: whyNone(context, target) };
  if (decision.kind === 'origination') {
    const { mode, sni = '', subjectAltNames = [] } = decision.settings;
    const by =
      target.policy?.tls === undefined || decision.settings !== target.policy.tls
        ? 'the proxy’s metadata names certificates in files (TLS_CLIENT_CERT_CHAIN)'
        : `mode ${mode} of ${originOf(target, 'tls')}`;
    if (left) return { mode: 'none', why: `${by}, but ${problem ?? notServed}` };
    return { mode: 'origination', why: by, ...names(sni, subjectAltNames) };
  }
  const { sni, subjectAltNames, automatic } = decision;
  if (!automatic) {
    return {
      mode: 'mutual',
      why: `mode ${target.policy?.tls?.mode} of ${originOf(target, 'tls')}`,
      ...names(sni, subjectAltNames),
    };
  }
  const byEndpoint = finalKind(target) !== 'original-dst';
  const { namespace } = target.input.service.attributes;
  const peer = decisionText(context.snapshot.peerAuthentications.namespaceDecision(namespace), namespace);
  return {
    mode: byEndpoint ? 'mutual-by-endpoint' : 'mutual',
    why: `no rule says anything about TLS, so it is chosen automatically${byEndpoint ? ' for each endpoint' : ''}; ${peer}`,
    ...names(sni, subjectAltNames),
  };
}

const notServed =
  'secrets by credentialName are served to gateways, and to sidecars only if the rule has a workload selector';

function names(
  sni: string,
  subjectAltNames: readonly string[],
): Pick<TlsExplanation, 'sni' | 'subjectAltNames'> {
  return { ...(sni !== '' && { sni }), ...(subjectAltNames.length > 0 && { subjectAltNames }) };
}

function whyNone(context: ProxyContext, target: ClusterTarget): string {
  if (target.policy?.tls !== undefined) return `mode DISABLE of ${originOf(target, 'tls')}`;
  const { snapshot, autoMtls } = context;
  if (!autoMtls) {
    return snapshot.mesh.enableAutoMtls
      ? 'no rule says anything about TLS, and a plain Envoy has no certificates to choose mutual TLS by itself'
      : 'no rule says anything about TLS, and the mesh has enableAutoMtls false';
  }
  switch (mutualTlsModeSource(mutualTlsModeInput(target))) {
    case 'external':
      return 'no rule says anything about TLS, and the service is outside the mesh';
    case 'endpoints':
      return 'no rule says anything about TLS; connections go to the address that the client was going to, and not every endpoint speaks mutual TLS (or there is none)';
    case 'peer-authentication': {
      const { namespace } = target.input.service.attributes;
      const decision = snapshot.peerAuthentications.namespaceDecision(namespace);
      return `no rule says anything about TLS; ${decisionText(decision, namespace)}`;
    }
  }
}

/** What servers ask for, and by which policy. */
function decisionText({ mode, policy, portLevel }: MutualTlsDecision, namespace: string): string {
  if (policy === undefined)
    return `no PeerAuthentication is for the namespace ${namespace}, so its servers take plain text and mutual TLS`;
  return `${objectText(policy)} says ${mode}${portLevel ? ' for this port' : ''}`;
}

/** Why an endpoint is spoken to without mutual TLS; undefined for one that is spoken to with it. */
export function explainPlainText(
  context: ProxyContext,
  input: EndpointsInput,
  tlsOrigin: string | undefined,
): (endpoint: Endpoint) => string | undefined {
  const fault = mutualTlsFault({ ...input, port: input.port.port });
  return (endpoint) => {
    switch (fault(endpoint)) {
      case undefined:
        return endpoint.tlsMode === 'istio' ? undefined : `its workload says tlsMode ${endpoint.tlsMode}`;
      case 'rule':
        return `the rule has another TLS mode${tlsOrigin === undefined ? '' : `: ${tlsOrigin}`}`;
      case 'workload':
        return 'its workload has no proxy of the mesh (no label security.istio.io/tlsMode: istio)';
      case 'peer-authentication': {
        const { namespace, labels, port } = endpoint;
        const decision = context.snapshot.peerAuthentications.workloadDecision(namespace, labels, port);
        return decisionText(decision, namespace);
      }
    }
  };
}
