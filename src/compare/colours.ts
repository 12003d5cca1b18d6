/** Colours of a terminal, or none. */

/** Puts a colour around text. */
export interface Colours {
  readonly left: (text: string) => string;
  readonly right: (text: string) => string;
  readonly changed: (text: string) => string;
  readonly good: (text: string) => string;
  readonly title: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly warning: (text: string) => string;
}

const escape = '\u001B[';

/** Red for the left side, green for the right one, as in any diff. */
export function colours(enabled: boolean): Colours {
  const code = (number: number) => (text: string) =>
    enabled ? `${escape}${number}m${text}${escape}0m` : text;
  return {
    left: code(31),
    right: code(32),
    changed: code(33),
    good: code(32),
    title: code(1),
    faint: code(2),
    warning: code(33),
  };
}
