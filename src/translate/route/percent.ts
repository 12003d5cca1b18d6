/** Percentages as Envoy counts them. */
import { DenominatorType } from '../../envoy/enums.js';

/** A numerator with what it is a part of. */
export interface FractionalPercent {
  readonly numerator: number;
  readonly denominator: DenominatorType;
}

/** A percentage in millionths; what is smaller is cut off. */
export function percentInMillionths(percent: number): FractionalPercent {
  return { numerator: Math.trunc(percent * 10_000), denominator: DenominatorType.MILLION };
}

/** A whole percentage. */
export function wholePercent(percent: number): FractionalPercent {
  return { numerator: percent, denominator: DenominatorType.HUNDRED };
}
