/** Differences as text for a person: one line for each leaf, both values beside each other. */
import type { Difference } from './difference.js';
import type { Json } from '../envoy/json-value.js';
import type { ResourceDifference } from './resources.js';

/** What the two sides are called in a report. */
export interface SideNames {
  readonly left: string;
  readonly right: string;
}

const longestValue = 400;

/** A report of resource differences, grouped by resource; empty text when there are none. */
export function formatDifferences(found: readonly ResourceDifference[], sides: SideNames): string {
  return found.map((difference) => formatResource(difference, sides)).join('\n');
}

function formatResource(difference: ResourceDifference, sides: SideNames): string {
  const title = `${difference.type} ${difference.name === '' ? '(without a name)' : difference.name}`;
  if (difference.kind === 'different') {
    return [
      `${title}: different`,
      ...difference.differences.map((item) => `  ${formatLeaf(item, sides)}`),
    ].join('\n');
  }
  return `${title}: only in ${difference.kind === 'only-left' ? sides.left : sides.right}`;
}

function formatLeaf(item: Difference, sides: SideNames): string {
  const path = item.path === '' ? '(whole)' : item.path;
  switch (item.kind) {
    case 'only-left':
      return `${path}: only in ${sides.left}: ${valueText(item.left)}`;
    case 'only-right':
      return `${path}: only in ${sides.right}: ${valueText(item.right)}`;
    case 'changed':
      return `${path}: ${sides.left} ${valueText(item.left)}, ${sides.right} ${valueText(item.right)}`;
    case 'order':
      return `${path}: in another order: ${sides.left} ${valueText(item.left)}, ${sides.right} ${valueText(item.right)}`;
  }
}

function valueText(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}… (${text.length} characters)` : text;
}
