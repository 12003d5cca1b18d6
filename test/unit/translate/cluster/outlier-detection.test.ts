import { describe, expect, it } from 'vitest';
import { outlierDetectionMessage } from '../../../../src/translate/cluster/outlier-detection.js';

const off = { value: 0 };

describe('outlierDetectionMessage', () => {
  it('never ejects by success rate', () => {
    expect(outlierDetectionMessage({})).toEqual({ enforcingSuccessRate: off });
  });

  it('turns a detection off by 0 errors', () => {
    expect(outlierDetectionMessage({ consecutive5xxErrors: 0, consecutiveGatewayErrors: 3 })).toEqual({
      enforcingSuccessRate: off,
      consecutive5xx: off,
      enforcingConsecutive5xx: off,
      consecutiveGatewayFailure: { value: 3 },
      enforcingConsecutiveGatewayFailure: { value: 100 },
    });
  });

  it('counts failures to connect on their own only when asked to', () => {
    expect(outlierDetectionMessage({ consecutiveLocalOriginFailures: 4 })).toEqual({
      enforcingSuccessRate: off,
    });
    expect(
      outlierDetectionMessage({ splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4 }),
    ).toEqual({
      enforcingSuccessRate: off,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: { value: 4 },
      enforcingConsecutiveLocalOriginFailure: { value: 100 },
      enforcingLocalOriginSuccessRate: off,
    });
  });

  it('leaves how many may be ejected to Envoy unless more than none', () => {
    expect(outlierDetectionMessage({ maxEjectionPercent: 0 })).not.toHaveProperty('maxEjectionPercent');
    expect(outlierDetectionMessage({ maxEjectionPercent: 60 })).toMatchObject({
      maxEjectionPercent: { value: 60 },
    });
  });
});
