/** The name of the workload that a pod is one of (Istio reference 2.7). */
import type { ObjectMeta } from '../../config/object.js';
import { workloadNameLabel } from '../../model/workload-labels.js';

/** A Job that a CronJob made is named after it and the time. */
const cronJobRun = /^(.+)-\d{8,10}$/;

/**
 * The label that names the workload; else, for a pod that a controller generated, the controller, or the
 * Deployment, Rollout, DeploymentConfig or CronJob behind it; else the pod.
 */
export function workloadName(pod: ObjectMeta): string {
  const label = pod.labels[workloadNameLabel];
  if (label !== undefined) return label;
  return controllerName(pod) || pod.name;
}

function controllerName(pod: ObjectMeta): string | undefined {
  if (pod.generateName === undefined || pod.generateName === '') return undefined;
  const controller = pod.ownerReferences?.find((owner) => owner.controller);
  if (controller?.kind === 'ReplicaSet') return replicaSetOwner(controller.name, pod);
  if (controller?.kind === 'ReplicationController') return pod.labels['deploymentconfig'] || controller.name;
  if (controller?.kind === 'Job') return cronJobRun.exec(controller.name)?.[1] ?? controller.name;
  return controller?.name;
}

/** A ReplicaSet of a Deployment or of an Argo Rollout ends in the hash that its pods are labelled with. */
function replicaSetOwner(replicaSet: string, pod: ObjectMeta): string {
  for (const label of ['pod-template-hash', 'rollouts-pod-template-hash']) {
    const hash = pod.labels[label] ?? '';
    if (hash === '' || !replicaSet.endsWith(hash)) continue;
    return replicaSet.endsWith(`-${hash}`) ? replicaSet.slice(0, -hash.length - 1) : replicaSet;
  }
  return replicaSet;
}
