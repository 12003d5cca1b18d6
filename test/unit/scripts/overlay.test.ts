import { describe, expect, it } from 'vitest';
import { parseOverlay, withOverlay } from '../../../scripts/overlay.mjs';

const proto = `syntax = "proto3";

package a.v1;

// A message Outer { in a comment }
message Outer {
  string name = 1; // "with a brace {"
  oneof choice {
    string one = 2;
  }
  message Inner {
    string name = 1;
    string other = 4;
  }
  reserved 3;
}

message Other {
  message Inner {
  }
}
`;
const fileOf = (type: string): string => `${type.toLowerCase().replaceAll('.', '/')}.proto`;

function overlaid(message: string, field: string): string {
  return withOverlay('a.proto', proto, [{ file: 'a.proto', message, field }], fileOf);
}

describe('an overlay', () => {
  it('adds a field to the message that it names, nested or not, and imports its type', () => {
    expect(overlaid('Outer', 'b.v1.Thing thing = 4;')).toBe(
      proto
        .replace('package a.v1;', 'package a.v1;\n\nimport "b/v1/thing.proto";')
        .replace('  reserved 3;\n', '  reserved 3;\n\n  b.v1.Thing thing = 4;\n'),
    );
    expect(overlaid('Other.Inner', 'repeated string more = 1;')).toContain(
      'message Inner {\n  \n  repeated string more = 1;\n}',
    );
    expect(overlaid('Outer', 'google.protobuf.Duration time = 9;')).toContain(
      'import "google/protobuf/duration.proto";',
    );
  });

  it('leaves other files alone', () => {
    const overlay = [{ file: 'b.proto', message: 'Nothing', field: 'string a = 1;' }];
    expect(withOverlay('a.proto', proto, overlay, fileOf)).toBe(proto);
  });

  it.each([
    ['Missing', 'string a = 9;', 'declared 0 times'],
    ['Inner', 'string a = 9;', 'declared 0 times'],
    ['Outer', 'string name = 9;', 'has a field name or number 9 already'],
    ['Outer', 'string new = 1;', 'has a field new or number 1 already'],
    ['Outer', 'string new = 2;', 'has a field new or number 2 already'],
    ['Outer', 'new field', 'not a field declaration'],
  ])('is refused for %s { %s }: %s', (message, field, reason) => {
    expect(() => overlaid(message, field)).toThrow(reason);
  });

  it('is refused when the message is declared twice', () => {
    const overlay = [{ file: 'a.proto', message: 'Other', field: 'string a = 1;' }];
    expect(() => withOverlay('a.proto', `${proto}\nmessage Other {\n}\n`, overlay, fileOf)).toThrow(
      'declared 2 times',
    );
  });

  it('says which entry of its file lacks something', () => {
    expect(() => parseOverlay('- file: a\n  message: b\n')).toThrow('entry 1 needs file, message and field');
    expect(() => parseOverlay('file: a')).toThrow('a list');
  });
});
