/** Decoders of messages that several kinds have in common. */
import type { Labels } from '../../../model/labels.js';
import type { Destination, StringMatch } from '../../kinds/virtual-service.js';
import { map, message } from '../composites.js';
import { mapped, optional, unlessZero, type Decoder } from '../decoder.js';
import { double, jsonObject, oneOfWords, string, uint32 } from '../scalars.js';

/** Labels, annotations and other maps from string to string. */
export const labels: Decoder<Labels> = map(string);

/** What of a document is decoded elsewhere. */
const envelope = ['apiVersion', 'kind', 'metadata'];

/** Options of a Kubernetes document, of which the envelope is decoded elsewhere. */
export const documentFields = { ignored: envelope } as const;

/** Transport protocol of a port of the Kubernetes API. */
export const protocol = oneOfWords('TCP', 'UDP', 'SCTP');

interface Document<S, U> {
  readonly spec: S;
  readonly status: U;
}

/** A document of an Istio kind as its spec and its status. */
export function specAndStatus<S, U>(spec: Decoder<S>, status: Decoder<U>): Decoder<Document<S, U>> {
  // The fields of a message are typed by what it holds, which is open here; what they decode is S and U.
  return message<Document<unknown, unknown>>({ spec, status }, { ignored: envelope }) as Decoder<
    Document<S, U>
  >;
}

/** A document of an Istio kind whose status does not matter, as its spec. */
export function specOnly<T>(spec: Decoder<T>): Decoder<T> {
  return mapped(specAndStatus(spec, jsonObject), (document) => document.spec);
}

/** `PortSelector`, as the number. */
export const portSelector: Decoder<number> = mapped(
  message<{ number: number }>({ number: uint32 }),
  ({ number }) => number,
);

/** `Percent`, as the number. */
export const percent: Decoder<number> = mapped(
  message<{ value: number }>({ value: double }),
  ({ value }) => value,
);

/** `Destination` of VirtualService and Sidecar. */
export const destination = message<Destination>({
  host: string,
  subset: unlessZero(string),
  port: optional(message<{ readonly number: number }>({ number: uint32 })),
});

/** `StringMatch`; one that names no way of matching is undefined. */
export const stringMatch: Decoder<StringMatch | undefined> = mapped(
  message<{ exact?: string; prefix?: string; regex?: string }>(
    { exact: optional(string), prefix: optional(string), regex: optional(string) },
    { oneofs: [['exact', 'prefix', 'regex']] },
  ),
  ({ exact, prefix, regex }) => {
    if (exact !== undefined) return { exact };
    if (prefix !== undefined) return { prefix };
    return regex === undefined ? undefined : { regex };
  },
);

/** `WorkloadSelector` of the networking kinds. */
export const workloadSelector = message<{ readonly labels: Labels }>({ labels });

/** `WorkloadSelector` of type.istio.io. */
export const matchLabelsSelector = message<{ readonly matchLabels: Labels }>({ matchLabels: labels });
