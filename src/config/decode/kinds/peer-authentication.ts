/** The decoder of PeerAuthentication. */
import type { MutualTlsMode, PeerAuthentication } from '../../kinds/networking.js';
import { message, numberMap } from '../composites.js';
import { optional } from '../decoder.js';
import { enumeration } from '../scalars.js';
import { matchLabelsSelector, specOnly } from './common.js';

const mutualTls = message<{ readonly mode: MutualTlsMode }>({
  mode: enumeration({ UNSET: 0, DISABLE: 1, PERMISSIVE: 2, STRICT: 3 }),
});

export const peerAuthentication = specOnly(
  message<PeerAuthentication>({
    selector: optional(matchLabelsSelector),
    mtls: optional(mutualTls),
    portLevelMtls: numberMap(mutualTls),
  }),
);
