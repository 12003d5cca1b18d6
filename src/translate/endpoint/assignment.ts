/** One ClusterLoadAssignment: a pure function of one record (Istio reference 6.1). */
import { ClusterLoadAssignment } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { TranslationProblem } from '../translation.js';
import {
  buildLocalityEndpoints,
  endpointPolicy,
  type ClusterEndpoints,
  type EndpointsInput,
} from './build-endpoints.js';
import { localityLbEndpoints, type EndpointGroup, type PlacedEndpoint } from './endpoint-group.js';
import { applyLocalityLb } from './locality-lb/apply.js';
import { applyRanks } from './locality-lb/ranks.js';
import {
  effectiveLocalityLb,
  localityLbAction,
  type LocalityLbAction,
  type MeshLocalityLb,
} from './locality-lb/settings.js';

/** All that an assignment depends on, one field for each thing: the same fields mean the same assignment. */
export interface AssignmentInput extends EndpointsInput {
  readonly clusterName: string;
  readonly mesh: MeshLocalityLb;
}

/** An assignment as it is sent, with what is wrong with it. */
export interface Assignment {
  readonly resource: EncodedResource;
  readonly problems: readonly TranslationProblem[];
}

/** Builds and encodes an assignment. */
export function buildAssignment(input: AssignmentInput): Assignment {
  const { clusterName } = input;
  const placed = placeEndpoints(input);
  return { resource: encode(clusterName, placed), problems: problemsOf(clusterName, placed) };
}

/** The endpoints of an assignment by locality, with priorities and weights. */
export function placeEndpoints(input: AssignmentInput): readonly EndpointGroup[] {
  const groups = buildLocalityEndpoints(input);
  return applyRanks(applyLocalityLb(groups, assignmentAction(input, input.mesh), input.proxy));
}

/** The answer for a cluster of which nothing is known. */
export function emptyAssignment({ clusterName }: Pick<AssignmentInput, 'clusterName'>): Assignment {
  return { resource: encode(clusterName, []), problems: noProblems };
}

/** What locality load balancing does to the endpoints of a cluster; nothing to a proxy's own siblings. */
export function assignmentAction(
  cluster: ClusterEndpoints,
  mesh: MeshLocalityLb,
): LocalityLbAction | undefined {
  if (cluster.self) return undefined;
  const policy = endpointPolicy(cluster);
  const lb = effectiveLocalityLb(policy?.loadBalancer, cluster.service, mesh);
  return localityLbAction(lb, policy?.outlierDetection !== undefined);
}

function encode(clusterName: string, groups: readonly EndpointGroup[]): EncodedResource {
  const body = ClusterLoadAssignment.encode({ clusterName, endpoints: groups.map(localityLbEndpoints) });
  return encodedResource(clusterName, ClusterLoadAssignment.typeUrl, body);
}

function problemsOf(subject: string, groups: readonly EndpointGroup[]): readonly TranslationProblem[] {
  let count = 0;
  for (const { endpoints } of groups)
    for (const endpoint of endpoints) if (lacksAddress(endpoint)) count += 1;
  if (count === 0) return noProblems;
  const which = count === 1 ? 'an endpoint has' : `${count} endpoints have`;
  return [
    {
      subject,
      message: `${which} no address and no gateway stands in, as Istio sends it; Envoy will refuse it`,
    },
  ];
}

const noProblems: readonly TranslationProblem[] = Object.freeze([]);

function lacksAddress({ message }: PlacedEndpoint): boolean {
  const socketAddress = message.endpoint?.address?.socketAddress;
  return socketAddress !== undefined && socketAddress !== null && socketAddress.address === undefined;
}
