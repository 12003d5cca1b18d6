import type { PeerAuthentication } from '../../../../src/config/kinds/networking.js';
import { describeRules } from './rules.js';

const base: PeerAuthentication = { mtls: { mode: 'STRICT' }, portLevelMtls: {} };
const selector = { matchLabels: { app: 'a' } };

describeRules('PeerAuthentication', base, [
  {
    rule: 'ports are set for a whole namespace',
    broken: { portLevelMtls: { 80: { mode: 'DISABLE' } } },
    finds: ['error spec.portLevelMtls'],
    fine: { selector, portLevelMtls: { 80: { mode: 'DISABLE' } } },
  },
  {
    rule: 'a port is out of range',
    broken: { selector, portLevelMtls: { 0: { mode: 'DISABLE' }, 65536: { mode: 'DISABLE' } } },
    finds: ['error spec.portLevelMtls.0', 'error spec.portLevelMtls.65536'],
    says: 'port 65536 is not in 1..65535',
    fine: { selector, portLevelMtls: { 1: { mode: 'DISABLE' }, 65535: { mode: 'DISABLE' } } },
  },
  {
    rule: 'a selector has no labels',
    broken: { selector: { matchLabels: {} } },
    finds: ['warning spec.selector.matchLabels'],
    fine: { selector },
  },
  {
    rule: 'a selector without labels has ports',
    broken: { selector: { matchLabels: {} }, portLevelMtls: { 80: { mode: 'DISABLE' } } },
    finds: ['error spec.portLevelMtls', 'warning spec.selector.matchLabels'],
    fine: { selector, portLevelMtls: { 80: { mode: 'DISABLE' } } },
  },
  {
    rule: 'a selector has a wildcard',
    broken: { selector: { matchLabels: { app: 'a*' } } },
    finds: ['error spec.selector.matchLabels.app'],
    says: '"app=a*"',
    fine: { selector },
  },
]);
