/**
 * Istio's gauges of refused responses by client (Istio reference 8.12). A series is there as long as the client's
 * last word on the type is a refusal, and there are only so many.
 */
import { status } from '@grpc/grpc-js';
import { typeNameOf, type TypeName } from '../envoy/type-urls.js';
import type { NackReport, StreamIdentity } from '../xds/observer.js';
import { labelText, otherLabel } from './bounded-labels.js';
import type { Gauge } from './metric-set.js';

/** Series of one type beside those of `other`. */
const mostSeries = 500;

type RejectGauge = Gauge<readonly ['node', 'err']>;

interface Series {
  readonly node: string;
  readonly err: string;
  /** Streams that count in it. */
  streams: number;
}

export class Rejects {
  readonly #types: ReadonlyMap<string, RejectsOfType>;

  /** @param gauges by short type name; other types are not counted. */
  constructor(gauges: Readonly<Partial<Record<TypeName, RejectGauge>>>) {
    this.#types = new Map(Object.entries(gauges).map(([name, gauge]) => [name, new RejectsOfType(gauge)]));
  }

  refused(stream: StreamIdentity, { typeUrl, code }: NackReport): void {
    this.#types.get(typeNameOf(typeUrl) ?? '')?.refused(stream, code);
  }

  accepted({ connectionId }: StreamIdentity, typeUrl: string): void {
    this.#types.get(typeNameOf(typeUrl) ?? '')?.over(connectionId);
  }

  disconnected({ connectionId }: StreamIdentity): void {
    for (const type of this.#types.values()) type.over(connectionId);
  }
}

class RejectsOfType {
  readonly #gauge: RejectGauge;
  readonly #series = new Map<string, Series>();
  /** What each connection counts in. */
  readonly #ofConnection = new Map<string, Series>();

  constructor(gauge: RejectGauge) {
    this.#gauge = gauge;
  }

  refused({ connectionId, nodeId }: StreamIdentity, code: number): void {
    this.over(connectionId);
    const series = this.#seriesOf(labelText(proxyName(nodeId)), statusName(code));
    series.streams += 1;
    this.#ofConnection.set(connectionId, series);
    this.#gauge.set(series.streams, series.node, series.err);
  }

  over(connectionId: string): void {
    const series = this.#ofConnection.get(connectionId);
    if (series === undefined) return;
    this.#ofConnection.delete(connectionId);
    series.streams -= 1;
    if (series.streams > 0) this.#gauge.set(series.streams, series.node, series.err);
    else {
      this.#gauge.remove(series.node, series.err);
      this.#series.delete(keyOf(series));
    }
  }

  #seriesOf(node: string, err: string): Series {
    const own = this.#series.get(keyOf({ node, err }));
    if (own !== undefined) return own;
    if (this.#series.size >= mostSeries && node !== otherLabel) return this.#seriesOf(otherLabel, err);
    const series = { node, err, streams: 0 };
    this.#series.set(keyOf(series), series);
    return series;
  }
}

function keyOf({ node, err }: Pick<Series, 'node' | 'err'>): string {
  return `${err}\n${node}`;
}

/** The third part of a node id of Istio's form, which is what Istio calls the node here; otherwise the whole. */
function proxyName(nodeId: string): string {
  return nodeId.split('~')[2] ?? nodeId;
}

/** Go writes these otherwise than the rest. */
const goNames: ReadonlyMap<string, string> = new Map([
  ['OK', 'OK'],
  ['CANCELLED', 'Canceled'],
]);

/** The name that Go gives a gRPC status, as Istio's label has it: `InvalidArgument` for 3. */
function statusName(code: number): string {
  const name: string | undefined = status[code];
  if (name === undefined) return otherLabel;
  return (
    goNames.get(name) ??
    name.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  );
}
