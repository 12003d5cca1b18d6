import { conformance } from '../../../src/conformance/index.js';
import { inventoryDriver, opened, polled } from './polled-inventory.js';

conformance(inventoryDriver('a long-polling adapter', (server, options) => opened(polled, server, options)));
