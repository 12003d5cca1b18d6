/** The rules of PeerAuthentication: Istio's ValidatePeerAuthentication, with selectors as in Istio reference 10.5. */
import type { ConfigObject } from '../object.js';
import { type FindingSink, keyPath } from './finding.js';
import { validateSelector } from './labels.js';
import { portNumberProblem } from './port.js';

/** Checks a PeerAuthentication (Istio reference 10.5). */
export function validatePeerAuthentication(
  object: ConfigObject<'PeerAuthentication'>,
  sink: FindingSink,
): void {
  const { selector, portLevelMtls } = object.spec;
  const ports = Object.keys(portLevelMtls);
  if (ports.length > 0 && Object.keys(selector?.matchLabels ?? {}).length === 0) {
    sink.error(
      'spec.portLevelMtls',
      'portLevelMtls needs a selector with labels; it is not for a namespace or the mesh',
    );
  }
  for (const port of ports) sink.error(keyPath('spec.portLevelMtls', port), portNumberProblem(Number(port)));
  if (selector !== undefined) validateSelector(selector.matchLabels, 'spec.selector.matchLabels', sink);
}
