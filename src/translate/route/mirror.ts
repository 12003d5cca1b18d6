/** Who gets copies of a route's requests (Istio reference 7.7). */
import type { Destination, HttpRoute } from '../../config/kinds/virtual-service.js';
import type { RouteActionShape } from '../../envoy/messages.js';
import { boolValue } from '../../envoy/well-known.js';
import { percentInMillionths, wholePercent, type FractionalPercent } from './percent.js';

type RequestMirrorPolicyShape = NonNullable<RouteActionShape['requestMirrorPolicies']>[number];

/** The mirrors of a route that get any share, the single one of the older field first. */
export function mirrorPolicies(
  { mirror, mirrors = [], mirrorPercentage, mirrorPercent }: HttpRoute,
  clusterOf: (destination: Destination) => string,
): readonly RequestMirrorPolicyShape[] {
  const single =
    mirrorPercentage === undefined && mirrorPercent !== undefined
      ? { share: positive(mirrorPercent, wholePercent), destination: mirror }
      : { share: shareOf(mirrorPercentage), destination: mirror };
  return [
    single,
    ...mirrors.map(({ destination, percentage }) => ({ share: shareOf(percentage), destination })),
  ].flatMap(({ share, destination }) =>
    share === undefined || destination === undefined ? [] : [mirrorPolicy(clusterOf(destination), share)],
  );
}

/** A share of 0 is no mirror at all. */
function shareOf(percentage: number | undefined): FractionalPercent | undefined {
  return percentage === undefined ? wholePercent(100) : positive(percentage, percentInMillionths);
}

function positive(
  percentage: number,
  count: (percent: number) => FractionalPercent,
): FractionalPercent | undefined {
  return percentage > 0 ? count(percentage) : undefined;
}

function mirrorPolicy(cluster: string, share: FractionalPercent): RequestMirrorPolicyShape {
  return {
    cluster,
    runtimeFraction: { defaultValue: share },
    traceSampled: boolValue(false),
    disableShadowHostSuffixAppend: true,
  };
}
