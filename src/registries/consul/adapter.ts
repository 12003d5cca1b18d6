/**
 * Consul, the adapter to look at before writing the next one. One concern to a file: what a person sets (`options.ts`),
 * the wire (`client.ts`) and its answers (`answers.ts`), what an answer is as records (`convert.ts`), what records mean to
 * the mesh (`mapping.ts`), and what is asked when (`registry.ts`).
 */
import { defineAdapter, serversFromText } from '../../adapter/index.js';
import { ConsulClient } from './client.js';
import { consulMapping } from './mapping.js';
import { type ConsulSettings, consulSchema } from './options.js';
import { watchConsul } from './registry.js';

/** `type: consul`. */
export const adapter = defineAdapter<ConsulSettings>({
  type: 'consul',
  summary: 'HashiCorp Consul, by blocking queries on its catalog and health',
  settings: consulSchema,
  fromText: serversFromText,
  mapping: consulMapping,
  open: (settings, context) => {
    // Opens nothing; but what is wrong with the servers is told now.
    new ConsulClient(settings, context).end();
    return watchConsul(settings, context);
  },
});
