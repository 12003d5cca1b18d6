/**
 * Lists within an input of the memo, which compares inputs field by field: a list that was put together anew equals
 * another if its elements are the same, not if it is the same array.
 */

/** The elements of a list as fields by their places. */
export type ListFields<Element> = Readonly<Record<`${number}`, Element>>;

/** A list as fields. */
export function listFields<Element>(list: readonly Element[]): ListFields<Element> {
  return Object.fromEntries(list.entries());
}

/** The list of which an object has the elements, whatever other fields it has. */
export function listOf<Element>(fields: ListFields<Element>): readonly Element[] {
  return Object.entries(fields).flatMap(([key, element]) => (/^\d+$/.test(key) ? [element] : []));
}
