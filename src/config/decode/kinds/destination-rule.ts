/** The decoder of DestinationRule. */
import type { DestinationRule, Subset } from '../../kinds/traffic-policy.js';
import { list, message } from '../composites.js';
import { optional } from '../decoder.js';
import { string } from '../scalars.js';
import { labels, matchLabelsSelector, specOnly } from './common.js';
import { trafficPolicy } from './traffic-policy.js';

const subset = message<Subset>({ name: string, labels, trafficPolicy: optional(trafficPolicy) });

export const destinationRule = specOnly(
  message<DestinationRule>({
    host: string,
    trafficPolicy: optional(trafficPolicy),
    subsets: list(subset),
    exportTo: list(string),
    workloadSelector: optional(matchLabelsSelector),
  }),
);
