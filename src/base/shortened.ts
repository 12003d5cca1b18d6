/** Text of others, kept to a length. */

/**
 * At most so many UTF-16 units of a text, without half a character at the end; what is left out is counted. For
 * what clients and registries say in their own words, of which pages, log lines and metrics hold only so much.
 */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const kept = text.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}… (${text.length - kept.length} more characters)`;
}
