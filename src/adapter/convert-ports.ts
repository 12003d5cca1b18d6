/** Ports of instances as ports of their service. */
import { parseProtocol, type Protocol } from '../model/protocol.js';
import type { ServicePort } from '../model/service.js';
import type { MappingRules } from './mapping.js';
import type { Reasons } from './reasons.js';
import type { InstancePort } from './record.js';
import { type Subject, textOf } from './sources.js';

/** What registries call protocols that Istio calls otherwise. */
const aliases: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ['tri', 'GRPC'],
  ['triple', 'GRPC'],
  ['grpcs', 'TLS'],
  ['h2c', 'HTTP2'],
  ['ws', 'HTTP'],
  ['dubbo', 'TCP'],
  ['thrift', 'TCP'],
]);

/** The ports of one service, put together from those of its instances: one for each number that clients know. */
export class PortTable {
  readonly #rules: MappingRules;
  readonly #reasons: Reasons;
  readonly #byNumber = new Map<number, ServicePort>();

  constructor(rules: MappingRules, reasons: Reasons) {
    this.#rules = rules;
    this.#reasons = reasons;
  }

  /** Takes in a port. @returns the port of the service that it serves; undefined when it cannot exist. */
  add(given: InstancePort, subject: Subject): ServicePort | undefined {
    const where = subject.instance === undefined ? 'the service' : `instance ${subject.instance.id}`;
    const number = this.#rules.port ?? given.servicePort ?? given.port;
    const wrong = [given.port, number].find((port) => !Number.isInteger(port) || port < 1 || port > 65535);
    if (wrong !== undefined) {
      this.#reasons.add(`${where}: port ${wrong} is not a number from 1 to 65535`);
      return undefined;
    }
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const protocol = this.#protocol(given, subject, where);
    const name = this.#freeName(given.name?.toLowerCase() ?? `${protocol.toLowerCase()}-${number}`, number);
    const port: ServicePort = { name, port: number, protocol };
    this.#byNumber.set(number, port);
    return port;
  }

  /** All ports, by number. */
  list(): readonly ServicePort[] {
    return [...this.#byNumber.values()].sort((a, b) => a.port - b.port);
  }

  #protocol(given: InstancePort, subject: Subject, where: string): Protocol {
    const text = given.protocol ?? textOf(this.#rules.protocol, subject) ?? 'tcp';
    const protocol = aliases.get(text.toLowerCase()) ?? parseProtocol(text);
    if (protocol !== 'UnsupportedProtocol') return protocol;
    this.#reasons.add(`${where}: ${JSON.stringify(text)} is no protocol; TCP is used`);
    return 'TCP';
  }

  #freeName(name: string, number: number): string {
    const taken = [...this.#byNumber.values()].some((port) => port.name === name);
    return taken ? `${name}-${number}` : name;
  }
}
