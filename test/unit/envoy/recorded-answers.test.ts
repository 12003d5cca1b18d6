import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';
import { describe, expect, it } from 'vitest';
import { fromJson, toJson, type Json } from '../../../src/envoy/json.js';
import { findMessageType } from '../../../src/envoy/message-type.js';
import { fullNameOf, typeUrls } from '../../../src/envoy/type-urls.js';

const golden = join(import.meta.dirname, '../../golden');
const answers = readdirSync(golden, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /expected\/[^/]+\.json$/.test(file),
);

type Answer = Partial<Record<'cds' | 'eds' | 'lds' | 'rds' | 'nds', readonly Json[]>>;

describe('every recorded answer', () => {
  it('is read without an unknown field, encoded, and decoded to the same JSON', () => {
    const problems: string[] = [];
    let resources = 0;
    for (const file of answers) {
      const answer = JSON.parse(readFileSync(join(golden, file), 'utf8')) as Answer;
      for (const [name, list] of Object.entries(answer)) {
        const type = findMessageType(fullNameOf(typeUrls[name as keyof Answer]));
        if (type === undefined) throw new Error(`${file}: no message for ${name}`);
        for (const recorded of list) {
          resources += 1;
          const bytes = type.encode(fromJson(type, recorded));
          const reader = protobuf.Reader.create(bytes);
          reader.discardUnknown = false;
          const message = type.reflected.decode(reader);
          if ('$unknowns' in message) problems.push(`${file}: ${name}: unknown fields`);
          if (type.reflected.verify(message) !== null)
            problems.push(`${file}: ${type.reflected.verify(message)}`);
          if (JSON.stringify(toJson(type, message)) !== JSON.stringify(recorded))
            problems.push(`${file}: ${name}: JSON differs`);
          if (!type.encode(type.decode(bytes)).equals(bytes)) problems.push(`${file}: ${name}: bytes differ`);
        }
      }
    }
    expect(problems).toEqual([]);
    expect(resources).toBeGreaterThan(3000);
  });
});
