import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { StatefulSet } from 'kubernetes-models/apps/v1';
import { CronJob } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { loadServeConfiguration } from '../../src/configuration/serve-configuration.ts';
import { settingKeys } from '../../src/configuration/settings.ts';
import {
  at,
  isObject,
  type Json,
  type JsonObject,
  list,
  merged,
  readManifests,
  readYaml,
  textAt,
} from './deployed-files.ts';

const validators: Readonly<Record<string, (data: never) => { validate(): void }>> = {
  ConfigMap: (data) => new ConfigMap(data),
  Service: (data) => new Service(data),
  StatefulSet: (data) => new StatefulSet(data),
  PodDisruptionBudget: (data) => new PodDisruptionBudget(data),
  PersistentVolumeClaim: (data) => new PersistentVolumeClaim(data),
  CronJob: (data) => new CronJob(data),
};

function resourcesOf(folder: string): JsonObject[] {
  const kustomization = readYaml(`kubernetes/${folder}/kustomization.yaml`);
  const files = list(kustomization['resources']).map(String);
  const known = readdirSync(new URL(`../../../../deploy/kubernetes/${folder}`, import.meta.url));
  const named = [...files, ...list(kustomization['patches']).map((patch) => textAt(patch, 'path'))];
  for (const file of known) {
    assert.ok(file === 'kustomization.yaml' || named.includes(file), `${folder}/${file} is named`);
  }
  return files
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => readManifests(`kubernetes/${folder}/${file}`));
}

function kindOf(resources: readonly JsonObject[], kind: string): JsonObject {
  const found = resources.find((one) => one['kind'] === kind);
  assert.ok(found !== undefined, `there is a ${kind}`);
  return found;
}

const base = resourcesOf('base');
const backup = resourcesOf('backup');
const tlsPatches = list(readYaml('kubernetes/tls/kustomization.yaml')['patches']).flatMap((patch) =>
  readManifests(`kubernetes/tls/${textAt(patch, 'path')}`),
);
const withTls = base.map((resource) => {
  const patch = tlsPatches.find(
    (one) =>
      one['kind'] === resource['kind'] &&
      at(one, 'metadata', 'name') === at(resource, 'metadata', 'name'),
  );
  return patch === undefined ? resource : (merged(resource, patch) as JsonObject);
});

/** What somebody chooses the keys of. */
const freeForm = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'selector',
  'data',
  'requests',
  'limits',
]);

/** Every name of a field that the schemas of these kinds know. */
function schemaFields(): ReadonlySet<string> {
  const require = createRequire(import.meta.url);
  const models = join(dirname(require.resolve('kubernetes-models/package.json')), '_schemas');
  const shared = join(
    dirname(
      createRequire(join(models, 'x')).resolve('@kubernetes-models/apimachinery/package.json'),
    ),
    '_schemas',
  );
  const wanted = /Api(CoreV1|AppsV1|BatchV1|PolicyV1)[A-Z]\w*\.js$|MetaV1\w*\.js$/;
  const fields = new Set<string>();
  for (const folder of [models, shared]) {
    for (const file of readdirSync(folder)) {
      if (!wanted.test(file)) continue;
      const text = readFileSync(join(folder, file), 'utf8');
      for (const [, name = ''] of text.matchAll(/\bdata\.(\w+)/g)) fields.add(name);
    }
  }
  return fields;
}

function* keysOf(value: Json): Generator<string> {
  if (Array.isArray(value)) for (const item of value as readonly Json[]) yield* keysOf(item);
  else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      yield key;
      if (!freeForm.has(key) || (key === 'selector' && isObject(inner) && 'matchLabels' in inner)) {
        yield* keysOf(inner);
      }
    }
  }
}

function labelsMatch(selector: Json | undefined, labels: Json | undefined): boolean {
  if (!isObject(selector) || !isObject(labels)) return false;
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function podOf(resources: readonly JsonObject[]): JsonObject {
  return at(kindOf(resources, 'StatefulSet'), 'spec', 'template') as JsonObject;
}

describe('the Kubernetes manifests', () => {
  it('are what the API has, field by field', () => {
    const fields = schemaFields();
    for (const resource of [...base, ...withTls, ...backup]) {
      const validator = validators[textAt(resource, 'kind')];
      assert.ok(validator !== undefined, `${textAt(resource, 'kind')} can be validated`);
      validator(resource as never).validate();
      const unknown = [...keysOf(resource)].filter(
        (key) => !fields.has(key) && !key.startsWith('.'),
      );
      assert.deepEqual(unknown, [], `${textAt(resource, 'kind')} has fields the API does not know`);
    }
  });

  it('are found broken when they are', () => {
    const set = kindOf(base, 'StatefulSet');
    const broken = merged(set, { spec: { replicas: 'three' } });
    assert.throws(() => validators['StatefulSet']?.(broken as never).validate());
  });

  it('select the pods there are', () => {
    const set = kindOf(base, 'StatefulSet');
    const labels = at(set, 'spec', 'template', 'metadata', 'labels');
    assert.ok(labelsMatch(at(set, 'spec', 'selector', 'matchLabels'), labels));
    assert.ok(
      labelsMatch(
        at(kindOf(base, 'PodDisruptionBudget'), 'spec', 'selector', 'matchLabels'),
        labels,
      ),
    );
    const pod = podOf(base);
    const antiAffinity = at(
      pod,
      'spec',
      'affinity',
      'podAntiAffinity',
      'requiredDuringSchedulingIgnoredDuringExecution',
      0,
    );
    assert.equal(at(antiAffinity, 'topologyKey'), 'kubernetes.io/hostname');
    assert.ok(labelsMatch(at(antiAffinity, 'labelSelector', 'matchLabels'), labels));
    assert.ok(
      labelsMatch(
        at(pod, 'spec', 'topologySpreadConstraints', 0, 'labelSelector', 'matchLabels'),
        labels,
      ),
    );
    for (const service of base.filter(({ kind }) => kind === 'Service')) {
      assert.ok(labelsMatch(at(service, 'spec', 'selector'), labels));
    }
    // Pods of a backup must not be taken for members.
    const backupLabels = at(
      kindOf(backup, 'CronJob'),
      'spec',
      'jobTemplate',
      'spec',
      'template',
      'metadata',
      'labels',
    );
    assert.ok(!labelsMatch(at(set, 'spec', 'selector', 'matchLabels'), backupLabels));
  });

  it('name each other, ports and probes as they are', () => {
    const services = base.filter(({ kind }) => kind === 'Service');
    for (const resources of [base, withTls]) {
      const set = kindOf(resources, 'StatefulSet');
      const container = at(podOf(resources), 'spec', 'containers', 0);
      const headless = services.find(
        (one) => at(one, 'metadata', 'name') === at(set, 'spec', 'serviceName'),
      );
      assert.equal(at(headless, 'spec', 'clusterIP'), 'None');
      assert.equal(at(headless, 'spec', 'publishNotReadyAddresses'), true);
      const peerService = list(at(container, 'env')).find(
        (one) => at(one, 'name') === 'PEER_SERVICE',
      );
      assert.equal(at(peerService, 'value'), at(set, 'spec', 'serviceName'));
      const ports = new Map(
        list(at(container, 'ports')).map((port) => [at(port, 'name'), at(port, 'containerPort')]),
      );
      assert.deepEqual([ports.get('client'), ports.get('peer')], [2379, 2380]);
      for (const service of services) {
        for (const port of list(at(service, 'spec', 'ports'))) {
          assert.equal(at(port, 'port'), ports.get(at(port, 'targetPort')));
        }
      }
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        assert.ok(ports.has(at(container, probe, 'httpGet', 'port')), probe);
        assert.match(textAt(container, probe, 'httpGet', 'path'), /^\/(livez|readyz)$/);
      }
      checkMounts(podOf(resources), list(at(set, 'spec', 'volumeClaimTemplates')));
      const maps = new Set(
        resources
          .filter(({ kind }) => kind === 'ConfigMap')
          .flatMap((map) => Object.keys(at(map, 'data') as object)),
      );
      for (const variable of list(at(container, 'env'))) {
        const key = textAt(variable, 'valueFrom', 'configMapKeyRef', 'key');
        assert.ok(key === '' || maps.has(key), key);
        // Any other variable of that name would keep the node from starting.
        assert.doesNotMatch(textAt(variable, 'name'), /^QUORATE_/);
      }
    }
    checkMounts(
      at(kindOf(backup, 'CronJob'), 'spec', 'jobTemplate', 'spec', 'template') as JsonObject,
      [],
    );
  });

  it('run confined', () => {
    const pods = [
      podOf(base),
      at(kindOf(backup, 'CronJob'), 'spec', 'jobTemplate', 'spec', 'template'),
    ];
    for (const pod of pods) {
      assert.equal(at(pod, 'spec', 'securityContext', 'runAsNonRoot'), true);
      assert.equal(at(pod, 'spec', 'securityContext', 'runAsUser'), 10_001);
      assert.equal(at(pod, 'spec', 'automountServiceAccountToken'), false);
      const containers = [
        ...list(at(pod, 'spec', 'initContainers')),
        ...list(at(pod, 'spec', 'containers')),
      ];
      for (const container of containers) {
        assert.equal(at(container, 'securityContext', 'readOnlyRootFilesystem'), true);
        assert.deepEqual(at(container, 'securityContext', 'capabilities', 'drop'), ['ALL']);
        assert.ok(at(container, 'resources', 'limits', 'memory') !== undefined);
        assert.match(textAt(container, 'image'), /:\d+\.\d+\.\d+$/);
      }
    }
  });

  it('keep a majority while nodes are drained', () => {
    assert.equal(at(kindOf(base, 'PodDisruptionBudget'), 'spec', 'maxUnavailable'), 1);
    const replicas = Number(at(kindOf(base, 'StatefulSet'), 'spec', 'replicas'));
    assert.ok(replicas >= 3 && replicas % 2 === 1);
    assert.equal(String(replicas), at(kindOf(base, 'ConfigMap'), 'data', 'FOUNDERS'));
  });

  it('have settings in YAML that the node has', () => {
    for (const resources of [base, withTls]) {
      const settings = parse(textAt(kindOf(resources, 'ConfigMap'), 'data', 'quorate.yaml'));
      const known: readonly string[] = settingKeys;
      assert.deepEqual(
        Object.keys(settings).filter((key) => !known.includes(key)),
        [],
      );
    }
  });
});

function checkMounts(pod: JsonObject, claims: readonly Json[]): void {
  const volumes = new Set([
    ...list(at(pod, 'spec', 'volumes')).map((volume) => at(volume, 'name')),
    ...claims.map((claim) => at(claim, 'metadata', 'name')),
  ]);
  const containers = [
    ...list(at(pod, 'spec', 'initContainers')),
    ...list(at(pod, 'spec', 'containers')),
  ];
  for (const mount of containers.flatMap((one) => list(at(one, 'volumeMounts')))) {
    assert.ok(
      volumes.delete(at(mount, 'name')) || containers.length > 1,
      `${textAt(mount, 'name')} is a volume`,
    );
  }
  assert.deepEqual([...volumes], [], 'volumes that nobody mounts');
}

/** Stands for the command: `status` ends as the test wants it, `serve` prints its arguments. */
const fakeCommand = `#!/bin/sh
if [ "$1" = status ]; then exit "$STATUS_EXIT"; fi
shift
for word in "$@"; do printf '%s\\n' "$word"; done
`;

function started(
  context: TestContext,
  pod: string,
  options: { statusExit: number; hasData?: boolean },
) {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-deploy-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const data = at(kindOf(base, 'ConfigMap'), 'data') as Record<string, string>;
  writeFileSync(join(directory, 'quorate'), fakeCommand, { mode: 0o755 });
  writeFileSync(join(directory, 'start.sh'), data['start.sh'] ?? '');
  writeFileSync(join(directory, 'quorate.yaml'), data['quorate.yaml'] ?? '');
  if (options.hasData === true) writeFileSync(join(directory, 'identity'), '');
  const output = execFileSync('/bin/sh', [join(directory, 'start.sh')], {
    encoding: 'utf8',
    env: {
      PATH: `${directory}:/usr/bin:/bin`,
      STATUS_EXIT: String(options.statusExit),
      POD_NAME: pod,
      POD_NAMESPACE: 'prod',
      PEER_SERVICE: 'quorate-peers',
      FOUNDERS: data['FOUNDERS'],
      CLUSTER_TOKEN: data['CLUSTER_TOKEN'],
      SCHEME: data['SCHEME'],
      CLIENT_FLAGS: data['CLIENT_FLAGS'],
      CONFIG: join(directory, 'quorate.yaml'),
      DATA_DIR: directory,
    },
  });
  const words = output.trimEnd().split('\n');
  const flags: Record<string, string> = {};
  for (let i = 0; i < words.length; i += 2)
    flags[(words[i] ?? '').replace(/^--/, '')] = words[i + 1] ?? '';
  const { config: configPath, ...settings } = flags;
  return loadServeConfiguration({ flags: settings, configPath, environment: {} });
}

describe('the start script of a pod', () => {
  const peers = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `http://quorate-${i}.quorate-peers.prod.svc:2380`);

  it('begins a cluster with all founders, each under its own name', (context) => {
    for (const pod of ['quorate-0', 'quorate-2']) {
      const configuration = started(context, pod, { statusExit: 1 });
      assert.equal(configuration.name, pod);
      assert.equal(configuration.clusterState, 'new');
      assert.deepEqual(
        configuration.members.map(({ peerUrl }) => peerUrl.text),
        peers(3),
      );
      assert.deepEqual(
        configuration.advertiseClientUrls.map(({ text }) => text),
        [`http://${pod}.quorate-peers.prod.svc:2379`],
      );
    }
  });

  it('starts again what was there, whatever the others say', (context) => {
    const configuration = started(context, 'quorate-1', { statusExit: 0, hasData: true });
    assert.equal(configuration.clusterState, 'new');
    assert.deepEqual(
      configuration.members.map(({ peerUrl }) => peerUrl.text),
      peers(3),
    );
  });

  it('does not begin anew when its volume was lost', (context) => {
    assert.equal(started(context, 'quorate-1', { statusExit: 0 }).clusterState, 'existing');
  });

  it('joins when it is none of the founders', (context) => {
    const configuration = started(context, 'quorate-4', { statusExit: 1 });
    assert.equal(configuration.clusterState, 'existing');
    assert.deepEqual(
      configuration.members.map(({ peerUrl }) => peerUrl.text),
      peers(5),
    );
  });
});
