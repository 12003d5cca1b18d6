/** Which changes of a file take something away, so that they may be a file that is just being written. */
import type { FileContent } from './file-content.js';

/** Whether a file that now holds `after` lost something that it gave, or holds something new that is wrong. */
export function takesAway(before: FileContent | undefined, after: FileContent): boolean {
  if (before === after) return false;
  switch (after.type) {
    case 'unreadable':
      return before?.type !== 'unreadable';
    case 'objects':
      return losesObjects(before, after) || hasNewRefusals(before, after);
    case 'mesh':
    case 'networks':
    case 'proxies': {
      const was = before?.type === after.type ? before : undefined;
      const isRefusedNow = after.value === undefined && (was === undefined || was.value !== undefined);
      return isRefusedNow || (after.isEmpty && was !== undefined && !was.isEmpty);
    }
  }
}

type ObjectsContent = Extract<FileContent, { type: 'objects' }>;

function losesObjects(before: FileContent | undefined, after: ObjectsContent): boolean {
  if (before?.type !== 'objects') return false;
  const given = new Set(objectKeys(after));
  return objectKeys(before).some((key) => !given.has(key));
}

function objectKeys({ documents }: ObjectsContent): readonly string[] {
  return documents.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.type === 'object' ? [entry.key] : [])),
  );
}

function hasNewRefusals(before: FileContent | undefined, after: ObjectsContent): boolean {
  const known = new Set(before?.type === 'objects' ? before.documents.map(({ digest }) => digest) : []);
  return after.documents.some(
    ({ digest, entries }) => !known.has(digest) && entries.some(({ type }) => type === 'refused'),
  );
}
