/** The suite that every adapter passes, on a real Consul with ACLs. */
import { conformance } from '../../../src/conformance/index.js';
import { consulDriver } from './driver.js';

conformance(consulDriver('Consul, with a blocking query for each service', { blockingQueries: 1_000 }));
conformance(consulDriver('Consul, with hardly any blocking queries', { blockingQueries: 1 }));
