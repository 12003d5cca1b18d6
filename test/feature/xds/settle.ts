/** How tests know that nothing more will come, without waiting for a time. */
import { serviceTypes, type Answer, type DeltaClient, type SotwClient } from './client.js';

/** Served last of all, so that an answer to it comes after everything that was owed before. */
export const probeType = 'type.googleapis.com/pilotlight.test.Probe';

/** Brings a resource into force and pushes it; without a content it is taken away. */
export type Probe = (typeUrl: string, name: string, content: string | undefined) => void | Promise<void>;

let probes = 0;

/**
 * Waits until the server has handled everything that the client sent so far and has sent everything that it owes:
 * the client asks for something else, which then changes, and both come last of all. Where nothing else can be asked
 * for, on a service of a single type whose every resource is wanted anyway, two changes stand for it.
 * @returns what came before the answers to these. None of it is accepted.
 */
export async function settle(client: SotwClient | DeltaClient, probe: Probe): Promise<Answer[]> {
  probes += 1;
  const others: Answer[] = [];
  const name = `probe-${probes}`;
  const typeUrl = client.service === undefined ? probeType : serviceTypes[client.service];
  const wildcard = client.wantsEverything(typeUrl);
  const answered = async (content: string): Promise<Answer> => {
    for (;;) {
      const answer = await client.next();
      if (answer.typeUrl === typeUrl && answer.content[name] === content) return answer;
      others.push(answer);
    }
  };
  await probe(typeUrl, name, 'asked');
  if (!wildcard) client.subscribe(typeUrl, name);
  const asked = await answered('asked');
  if (wildcard) client.accept(asked);
  await probe(typeUrl, name, 'pushed');
  client.accept(await answered('pushed'));
  if (wildcard) {
    await probe(typeUrl, name, undefined);
    client.accept(await client.next());
  } else {
    client.unsubscribe(typeUrl, name); // it stays: whoever has not heard of this yet would be told of its end
  }
  return others;
}
