/** Templates of hosts and namespaces: `{service}.service[.{namespace}].consul`. */

/** Looks a variable up. */
export type Variables = (name: string) => string | undefined;

/**
 * What is wrong with a template, as a sentence part; undefined when nothing is.
 */
export function templateFault(template: string): string | undefined {
  const rest = template
    .replaceAll(/\[[^[\]]*\]/g, (part) => part.slice(1, -1))
    .replaceAll(/\{[A-Za-z][\w.-]*\}/g, '');
  const wrong = /[[\]{}]/.exec(rest)?.[0];
  return wrong === undefined ? undefined : `${JSON.stringify(template)} has a ${wrong} that does not fit`;
}

/**
 * Fills a template in. A part in square brackets is left out when a variable in it has no value.
 *
 * @returns the name of a variable outside of brackets that has no value, as `missing`.
 */
export function fillTemplate(template: string, variables: Variables): { text: string } | { missing: string } {
  let missing: string | undefined;
  const fill = (part: string): { readonly text: string; readonly without: string | undefined } => {
    let without: string | undefined;
    const text = part.replaceAll(/\{([A-Za-z][\w.-]*)\}/g, (_, name: string) => {
      const value = variables(name) ?? '';
      if (value === '') without ??= name;
      return value;
    });
    return { text, without };
  };
  const text = template.replaceAll(/\[([^[\]]*)\]|[^[]+/g, (part, optional: string | undefined) => {
    const { text: filled, without } = fill(optional ?? part);
    if (without === undefined) return filled;
    if (optional === undefined) missing ??= without;
    return '';
  });
  return missing === undefined ? { text } : { missing };
}
