/** Labels of workloads, services and objects. */

export type Labels = Readonly<Record<string, string>>;

export const noLabels: Labels = Object.freeze({});

/** Whether every label of `selector` is among `labels`; an empty selector matches everything (Istio reference 0.1). */
export function labelsMatch(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}
