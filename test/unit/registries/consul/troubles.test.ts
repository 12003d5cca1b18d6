import { describe, expect, it } from 'vitest';
import type { Check, HealthEntry } from '../../../../src/registries/consul/answers.js';
import { Troubles } from '../../../../src/registries/consul/troubles.js';

function check(service: string, status: string, node = 'n1'): Check {
  return { Node: node, CheckID: `of-${service}`, ServiceName: service, Status: status };
}

/** A check of a node, without a service. */
function nodeCheck(status: string, node = 'n1'): Check {
  return { Node: node, CheckID: 'serfHealth', ServiceName: '', Status: status };
}

function entry(service: string, ...checks: readonly Check[]): HealthEntry {
  return {
    Node: { Node: checks[0]?.Node ?? 'n1' },
    Service: { ID: service, Service: service },
    Checks: checks,
  };
}

describe('a service has to be read again', () => {
  it('when a check of it comes into a state, changes it, or leaves it', () => {
    const troubles = new Troubles();
    expect(troubles.read('web', [entry('web', check('web', 'passing'))])).toBe(false);
    troubles.read('api', [entry('api', check('api', 'passing'))]);
    expect(troubles.said('critical', [])).toEqual([]);
    expect(troubles.said('critical', [check('web', 'critical')])).toEqual(['web']);
    expect(troubles.read('web', [entry('web', check('web', 'critical'))])).toBe(false);
    expect(troubles.said('critical', [check('web', 'critical')])).toEqual([]);
    expect(troubles.said('warning', [check('web', 'warning')])).toEqual(['web']);
    expect(troubles.said('critical', [])).toEqual(['web']);
    expect(troubles.read('web', [entry('web', check('web', 'warning'))])).toBe(false);
    expect(troubles.said('warning', [])).toEqual(['web']);
  });

  it('when a check of one of its nodes does', () => {
    const troubles = new Troubles();
    troubles.read('web', [entry('web', nodeCheck('passing'))]);
    troubles.read('api', [entry('api', nodeCheck('passing', 'n2'))]);
    expect(troubles.said('critical', [nodeCheck('critical')])).toEqual(['web']);
    expect(troubles.read('web', [entry('web', nodeCheck('critical'))])).toBe(false);
    expect(troubles.said('critical', [])).toEqual(['web']);
  });

  it('when it was read in a state that had passed before anything was said of it', () => {
    const troubles = new Troubles();
    troubles.read('web', [entry('web', check('web', 'passing'))]);
    troubles.said('critical', []);
    // Critical for so short a time that no answer about critical checks had it.
    expect(troubles.read('web', [entry('web', check('web', 'critical'))])).toBe(true);
    // It still reads so: what is said of checks is what is outdated, and is asked for anyway.
    expect(troubles.read('web', [entry('web', check('web', 'critical'))])).toBe(false);
    expect(troubles.said('critical', [])).toEqual(['web']);
  });

  it('but not when it is gone, or was never read', () => {
    const troubles = new Troubles();
    troubles.read('web', [entry('web', check('web', 'passing'))]);
    troubles.keepOnly([]);
    expect(troubles.said('critical', [check('web', 'critical'), check('other', 'critical')])).toEqual([]);
  });
});
