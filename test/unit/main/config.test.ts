import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, configHash, loadConfig } from '../../../config.ts';

function load(yaml: string | undefined, options: { set?: string[]; environment?: Record<string, string> } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-config-'));
  try {
    if (yaml !== undefined) writeFileSync(join(folder, 'vigil.yaml'), yaml);
    return loadConfig({ environment: {}, folder, ...options });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function faultsOf(yaml: string, options?: Parameters<typeof load>[1]): string[] {
  try {
    load(yaml, options);
    return [];
  } catch (error) {
    // The folder is a temporary one: only the name, line and column matter.
    return (error as ConfigError).faults.map((fault) => fault.replace(/^.*\/(vigil\.yaml)/, '$1'));
  }
}

describe('the configuration', () => {
  test('without a file is the first start: realm test, loopback, embedded', { tags: ['SYS-CONFIG'] }, () => {
    const { config, file, named } = load(undefined);
    expect(config).toMatchObject({
      realm: 'test',
      api: { httpHost: '127.0.0.1', httpPort: 8080 },
      log: { driver: 'embedded' },
    });
    expect([file, named.size, Object.isFrozen(config.log)]).toEqual([undefined, 0, true]);
  });

  test('is file over defaults, environment over file, --set over all', { tags: ['SYS-CONFIG'] }, () => {
    const { config, named } = load(
      'version: 1\ningest: { mqttPort: 1001, mqttHost: 127.0.0.1 }\napi: { httpPort: 1 }\n',
      {
        environment: { VIGIL_INGEST__MQTT_PORT: '1002', VIGIL_API__HTTP_PORT: '2' },
        set: ['api.httpPort=3'],
      },
    );
    expect([config.ingest.mqttPort, config.api.httpPort]).toEqual([1002, 3]);
    expect(named.has('ingest.mqttPort')).toBe(true);
  });

  test('names every fault with its place at once', { tags: ['SYS-CONFIG'] }, () => {
    const faults = faultsOf(
      'version: 1\nrealm: clinical\ningest:\n  mqtPort: 8883\n  mqttPort: 99999\napi: { httpHost: 0.0.0.0 }\n',
      {
        environment: { VIGIL_NONSENSE: '1' },
        set: ['log.partitions=none', 'oops'],
      },
    );
    const expected = [
      /^--set oops: expected key=value$/,
      /^vigil\.yaml:2:1 realm: /,
      /^vigil\.yaml:4:3 ingest\.mqtPort: unknown key, did you mean mqttPort\?$/,
      /^vigil\.yaml:5:3 ingest\.mqttPort: /,
      /^vigil\.yaml:6:8 api\.httpHost: .*plain/,
      /^--set log\.partitions log\.partitions: /,
      /^environment VIGIL_NONSENSE nonsense: unknown key/,
    ];
    const missing = expected.filter((pattern) => !faults.some((fault) => pattern.test(fault)));
    expect({ missing, count: faults.length, faults }).toMatchObject({ missing: [], count: expected.length });
  });

  test.for([
    ['broken YAML', 'a: [1'],
    ['a list', '- 1'],
    ['a file that is not there', undefined],
  ] as const)('with %s is refused', { tags: ['SYS-CONFIG'] }, ([, yaml]) => {
    const sources = { environment: { VIGIL_CONFIG: 'absent.yaml' }, folder: tmpdir() };
    expect(() => (yaml === undefined ? loadConfig(sources) : load(yaml))).toThrow(ConfigError);
  });

  test('has a hash that places do not change and behaviour does', { tags: ['SYS-CONFIG'] }, () => {
    const hash = (set: string[]) => configHash(load(undefined, { set }).config);
    expect(hash(['instance=b', 'data=/x', 'api.httpPort=9'])).toBe(hash([]));
    expect(hash(['log.partitions=4'])).not.toBe(hash([]));
  });
});
