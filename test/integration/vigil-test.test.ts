// `vigil test` as a person or a pipeline calls it: exit codes, and what it writes.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
/** For a machine that does much else. */
const endsWithinMs = 240_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-test-'));
  return () => rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function vigil(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: endsWithinMs };
    const child = execFile(process.execPath, [main, 'test', ...args], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

async function scenario(name: string, raisedAt: string): Promise<string> {
  const file = join(folder, name);
  const given = 'given:\n- [0s, spo2, 96]\n- [10s, spo2, 77]\n';
  await writeFile(
    file,
    `name: ${name}\n${given}expect:\n- [${raisedAt}, raised, spo2-desat, high]\nproves: [ALR-LIMIT]\n`,
  );
  return file;
}

describe('vigil test', () => {
  test('ends with 0 if all holds, and with 99 if not: what was expected, what happened, and a report for each', {
    tags: ['ALR-REPLAY'],
    timeout: 2 * endsWithinMs,
  }, async () => {
    const right = await scenario('right.yaml', '10s');
    const wrong = await scenario('wrong.yaml', '11s');
    const good = await vigil(right);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toMatch(/^✓ right\.yaml .*\n1 scenario, 1 expectations: all hold\n$/);

    const [junit, jsonl] = [join(folder, 'junit.xml'), join(folder, 'rows.jsonl')];
    const bad = await vigil(right, wrong, '--junit', junit, '--jsonl', jsonl);
    expect(bad).toMatchObject({ code: 99, stderr: '' });
    expect(bad.stdout).toContain('✗ [11s, raised, spo2-desat, high]');
    expect(bad.stdout).toContain('expected: raised spo2-desat high at 11s');
    expect(bad.stdout).toContain('happened: 10s raised spo2-low high');
    expect(bad.stdout).toMatch(/2 scenarios, 2 expectations: 1 failed\n$/);
    expect(await readFile(junit, 'utf8')).toContain('<testsuites name="vigil test" tests="2" failures="1"');
    const rows = (await readFile(jsonl, 'utf8')).trim().split('\n');
    expect(rows.map((row) => (JSON.parse(row) as { ok: boolean }).ok)).toEqual([true, false]);
  });

  test('ends with the first that fails if asked to, and plays each seed', {
    tags: ['ALR-REPLAY'],
    timeout: endsWithinMs,
  }, async () => {
    const wrong = await scenario('wrong.yaml', '11s');
    const right = await scenario('right.yaml', '10s');
    const { code, stdout } = await vigil(right, wrong, right, '--repeat', '2', '--seed', '5', '--bail');
    expect(code).toBe(99);
    const heads = stdout.split('\n').filter((line) => /^[✓✗]/.test(line));
    expect(heads.map((line) => line.replace(/ \(.*(seed \d+)\)/, ' $1'))).toEqual([
      '✓ right.yaml seed 5',
      '✓ right.yaml seed 6',
      '✗ wrong.yaml seed 5',
    ]);
  });

  test('ends with 3 for a file that is no scenario, and 2 for what there is not', {
    tags: ['ALR-REPLAY'],
    timeout: 3 * endsWithinMs,
  }, async () => {
    const file = join(folder, 'broken.yaml');
    await writeFile(file, 'name: x\ngiven:\n- [0s, spo3, 96]\nexpect:\n- [1s, rised, spo2-low]\n');
    const broken = await vigil(file, join(folder, 'none.yaml'));
    expect(broken).toMatchObject({ code: 3, stdout: '' });
    const faults = broken.stderr.trim().split('\n');
    expect(faults[0]).toMatch(/broken\.yaml:3:8 given: spo3 .*did you mean spo2\?$/);
    expect(faults[1]).toMatch(/broken\.yaml:5:8 expect: rised .*did you mean raised\?$/);
    expect(faults[2]).toMatch(/none\.yaml: cannot be read/);

    const live = await vigil(await scenario('right.yaml', '10s'), '--live');
    expect(live).toMatchObject({ code: 2, stdout: '' });
    expect(live.stderr).toContain('--live: scenarios against a running system are not played yet');
    expect(await vigil(file, '--repeat', '0')).toMatchObject({ code: 2, stdout: '' });
  });
});
